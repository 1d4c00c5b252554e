"""What an audit must say of a run, read from DESIGN section 4 anew, plainly and slowly.

It knows the batches that the steps received (`recorder`) and what plain iteration of feeds
made anew yields. Where chance leaves two answers open, both are allowed.
"""

import dataclasses
import itertools
import math
import statistics

from tests.fuzz.cases import Case
from tests.fuzz.recorder import StepRecorder, set_chance

Batch = tuple[int, ...]
WORST_FIRST = ("restarts", "skips", "replays", "runs dry", "overruns", "reshuffles", "resumes")
LOOKS = 6  # plain iterations by which chance is measured


def _made(case: Case):
    """Make the feed anew, as a script that sets the seed first makes it."""
    if case.seed is not None:
        set_chance(case.seed)
    return case.make_feed()


def plain_pass(feed, case: Case):
    """Iterate a feed by itself, batch by batch."""
    if case.kind == "arrays":
        x = feed[0]
        for start in range(0, case.rows, case.size):
            yield _numbers(x[start : start + case.size])
    elif case.kind == "py_dataset":
        feed.on_epoch_begin()
        places = itertools.count() if feed.num_batches is None else range(feed.num_batches)
        for place in places:
            yield _numbers(feed[place][0])
        feed.on_epoch_end()
    else:
        for x, _ in feed:
            yield _numbers(x)


def _numbers(x) -> Batch:
    return tuple(int(sample) for sample in x[:, 0])


class PlainFeed:
    """What a feed made anew yields by itself: `count` batches, begun again at its end."""

    def __init__(self, case: Case, count: int):
        feed = _made(case)
        again = case.can_be_iterated_again
        self.passes: list[list[Batch]] = []
        self.ended = False
        left = count
        while left > 0:
            batches = list(itertools.islice(plain_pass(feed, case), left + 1))
            self.ended |= len(batches) <= left
            self.passes.append(batches[:left])
            left -= len(batches)
            if not (again and batches):
                break

    @property
    def batches(self) -> list[Batch]:
        return [batch for one_pass in self.passes for batch in one_pass]

    @property
    def reached(self) -> set[int]:
        return {sample for batch in self.batches for sample in batch}


@dataclasses.dataclass
class Reading:
    """What must be said, as far as chance leaves it determined.

    Attributes:
        trained: samples.
        exposures: how often each trained sample came.
        steps: steps of each epoch begun.
        step_findings: `runs dry`, `overruns` or None, of each epoch begun.
        order: "fixed", "varies", or "either".
        boundaries: the verdict of each, where the order is fixed and was followed.
        is_followed: whether the trained order can be followed along the fixed one.
        lost: the least and the most that may be said.
        alike: what may be said.
        population: samples of a pass; None where it has no end.
        passed_over: batches, where the order is fixed.
        seen_by_epoch: samples trained up to the end of each epoch begun.
    """

    trained: set[int]
    exposures: dict[int, int]
    steps: list[int]
    step_findings: list[str | None]
    order: str
    boundaries: list[str]
    is_followed: bool
    reachable: tuple[int, int]
    lost: tuple[float, float]
    alike: set[bool]
    population: set[int] | None
    passed_over: int
    seen_by_epoch: list[set[int]]

    @property
    def verdicts(self) -> set[str | None]:
        """The verdicts that may be given to the run."""
        allowed = set()
        if self.order in ("fixed", "either"):
            occur = [*self.boundaries, *self.step_findings]
            allowed.add(_worst(occur if self.is_followed else ["reshuffles", *self.step_findings]))
        if self.order in ("varies", "either"):
            allowed.add(_worst(["reshuffles", *self.step_findings]))
        return allowed


def _worst(occur: list[str | None]) -> str | None:
    return next((verdict for verdict in WORST_FIRST if verdict in occur), None)


def read(case: Case, run: StepRecorder) -> Reading:
    """Read a run."""
    by_epoch = {begun: [] for begun in run.begun}
    for fit, epoch, samples in run.batches:
        by_epoch[fit, epoch].append(samples)
    trained_batches = [samples for *_, samples in run.batches]
    count = len(trained_batches)
    plain = [PlainFeed(case, count) for _ in range(LOOKS)]
    order = _order(case, count)
    exposures: dict[int, int] = {}
    for sample in itertools.chain.from_iterable(trained_batches):
        exposures[sample] = exposures.get(sample, 0) + 1
    whole = _one_pass(case)
    asked = case.steps_per_epoch or (None if whole is None else len(whole))
    steps = [len(batches) for batches in by_epoch.values()]
    findings = [
        _step_finding(len(batches), asked, begun in run.stopped)
        for begun, batches in by_epoch.items()
    ]
    places = _places(Line(case, whole, count), by_epoch)
    trained = set(exposures)
    return Reading(
        trained,
        exposures,
        steps,
        findings,
        order,
        _boundaries(case, places, whole) if places is not None else [],
        places is not None,
        _reachable(plain),
        _lost(order, plain, trained),
        _alike(case, by_epoch, count),
        None if whole is None else {sample for batch in whole for sample in batch},
        _passed_over(places, whole),
        _seen_by_epoch(by_epoch),
    )


def _seen_by_epoch(by_epoch: dict) -> list[set[int]]:
    each = ({sample for batch in batches for sample in batch} for batches in by_epoch.values())
    return list(itertools.accumulate(each, set.union))


def endless_population(case: Case) -> set[int]:
    """All that a feed without end delivers, sooner or later."""
    count = 6 * case.rows // case.size + 12
    return set().union(*_beginning(_made(case), case, count))


def _one_pass(case: Case) -> list[Batch] | None:
    """One whole pass of the feed, or None where it does not end."""
    if case.is_endless:
        return None
    return list(plain_pass(_made(case), case))


def _step_finding(run: int, asked: int | None, is_stopped: bool) -> str | None:
    if asked is None or run == asked or (is_stopped and run < asked):
        return None
    return "runs dry" if run < asked else "overruns"


def _order(case: Case, count: int) -> str:
    """Say whether passes are alike, of one feed and of two, as far as the run went."""
    if case.shuffled_by_fit:
        return "varies"
    if case.varies is False:
        return "fixed"
    passes = [tuple(one_pass) for passes in _passes(case, count) for one_pass in passes]
    # Chance may leave two short passes alike: then either answer is fair.
    is_long = len(passes[0]) > 1 and sum(map(len, passes[0])) >= 8
    is_seen = all(len({*pair}) == 2 for pair in _apart(case, passes))
    return "varies" if case.varies and is_long and is_seen else "either"


def _passes(case: Case, count: int) -> list[list[list[Batch]]]:
    """Of some feeds made anew, the beginnings of two passes each."""
    return [
        [_beginning(feed, case, count) for _ in range(1 + case.can_be_iterated_again)]
        for feed in (_made(case) for _ in range(LOOKS // 2))
    ]


def _beginning(feed, case: Case, count: int) -> list[Batch]:
    one_pass = plain_pass(feed, case)
    # A pass that ends is gone through to its end: a PyDataset may shuffle there.
    return list(itertools.islice(one_pass, count) if case.is_endless else one_pass)[:count]


def _apart(case: Case, passes: list) -> list[tuple]:
    """The pairs of passes that differ if any do: of one feed, or of two."""
    pairs = list(itertools.combinations(passes, 2))
    return [pair for pair in pairs if pair[0] != pair[1]] if len(set(passes)) > 2 else pairs


class Line:
    """The batches of a feed in its own fixed order, along which a run is followed."""

    def __init__(self, case: Case, whole: list[Batch] | None, count: int):
        # A feed without an end is looked at farther than a run of so many batches could skip.
        endless = itertools.islice(plain_pass(_made(case), case), 2 * count + 64)
        self.batches = list(endless) if whole is None else whole
        self.again = whole is not None and case.can_be_iterated_again

    def after(self, place: int) -> int | None:
        """The place that follows; none after the last of a feed that cannot begin again."""
        if place + 1 < len(self.batches):
            return place + 1
        return 0 if self.again else None

    def end_of(self, epoch: list[Batch], start: int) -> int | None:
        """Follow an epoch from a place to its last, or None if it does not go that way."""
        place = start
        for n, batch in enumerate(epoch):
            place = self.after(place) if n else start
            if place is None or place >= len(self.batches) or self.batches[place] != batch:
                return None
        return place

    def kindest(self, last: int) -> list[int]:
        """Where an epoch may begin: the next place, 0, the nearest forward, the nearest back."""
        following = self.after(last)
        beginning = [0] if following is None else [following, 0]
        return [*beginning, *range(last + 1, len(self.batches)), *range(last, -1, -1)]


def _places(line: Line, by_epoch: dict) -> list[tuple[int, int, int]] | None:
    """First place, last place and steps of each epoch that trained; None if not to follow."""
    found, last = [], -1
    for epoch in filter(None, by_epoch.values()):
        ends = ((start, line.end_of(epoch, start)) for start in line.kindest(last))
        start, last = next((pair for pair in ends if pair[1] is not None), (None, None))
        if start is None:
            return None
        found.append((start, last, len(epoch)))
    return found


def _boundaries(case: Case, places, whole) -> list[str]:
    verdicts, has_ended = [], False
    end = None if whole is None else len(whole) - 1
    for (_, p, _), (q, _, _) in itertools.pairwise(places):
        has_ended |= p == end and not case.can_be_iterated_again
        if has_ended:
            verdicts.append("replays")
        elif q == p + 1 or (q == 0 and p == end):
            verdicts.append("resumes")
        elif q == 0:
            verdicts.append("restarts")
        else:
            verdicts.append("skips" if q > p + 1 else "replays")
    return verdicts


def _passed_over(places, whole) -> int:
    taken = set()
    for start, _, steps in places or ():
        for n in range(start, start + steps):
            taken.add(n if whole is None else n % len(whole))
    return len(set(range(max(taken, default=0))) - taken)


def _reachable(plain: list[PlainFeed]) -> tuple[int, int]:
    counts = [len(feed.reached) for feed in plain]
    return min(counts), max(counts)


def _lost(order: str, plain: list[PlainFeed], trained: set[int]) -> tuple[float, float]:
    """The least and the most samples that may be called lost."""
    exact = len(plain[0].reached - trained)
    if order == "fixed":
        return exact, exact
    least, most = _reachable(plain)
    everything = plain[0].reached
    same = all(feed.reached == everything for feed in plain)
    if same and any(len(feed.passes) > 1 or feed.ended for feed in plain):
        lost = max(0, len(everything) - len(trained))
        return (lost, lost) if order == "varies" else (min(lost, exact), max(lost, exact))
    apart = max(len(a.reached ^ b.reached) for a, b in itertools.combinations(plain, 2))
    surely = least - len(trained) - math.ceil(4 * math.sqrt(apart + 9))
    possibly = most + apart - len(trained)
    return max(0, surely), max(0, possibly, exact if order == "either" else 0)


def _alike(case: Case, by_epoch: dict, count: int) -> set[bool]:
    """Say whether epochs in a row were alike, where something was told to shuffle."""
    differ = any(a != b for passes in _passes(case, count) for a, b in itertools.pairwise(passes))
    if not case.shuffled_by_fit and not differ:
        return {False} if case.varies is False else {True, False}
    epochs = [batches for batches in by_epoch.values() if batches]
    fits = [
        [batch for (fit, _), batches in by_epoch.items() if fit == n for batch in batches]
        for n in range(1, case.fits + 1)
    ]
    same = [a for a, b in (*itertools.pairwise(epochs), *itertools.pairwise(fits)) if a and a == b]
    if not same:
        return {False}
    # Of ten batches there are more orders than chance comes back to; of fewer it may.
    moved = [{s for batch in a for s in batch} if case.kind == "arrays" else set(a) for a in same]
    return {True} if max(map(len, moved)) >= 10 else {True, False}


def exposures_of(counts: dict[int, int], population: set[int]) -> dict[str, float]:
    """How often the samples of a population came."""
    each = sorted(counts.get(sample, 0) for sample in population)
    return {"min": each[0], "median": float(statistics.median(each)), "max": each[-1]}
