"""What happens to the feed from epoch to epoch: does it resume, restart, skip or replay?

The feed's own order is what it yields when iterated plainly, without `fit`. A batch's rank
in it is its place. The trained batches are followed along the places; what matters is how
the first place after a boundary stands to the last one before it.

An order is one to follow only if it is fixed: passes over one feed are alike, and passes over
feeds made anew. A seeded pipeline may begin alike each time it is made, and shuffle each pass.
"""

import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator

import numpy as np

from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.feed_order import FIRST_LOOK, FeedOrder, batch_digest

MEANING = {  # the worst first
    "restarts": "epochs start again at the feed's first batch, so what lies past the end of an "
    "epoch is never trained",
    "skips": "batches between the last of one epoch and the first of the next are not trained",
    "replays": "epochs go back and train earlier batches again",
    "runs dry": "the feed ends before an epoch has all its steps",
    "overruns": "epochs run more steps than were asked for",
    "reshuffles": "the batches have no fixed order, so only the counts can tell what was lost",
    "resumes": "each epoch continues with the batch after the last one of the epoch before",
    None: "there is only one epoch, so there is no boundary to judge",
}


@dataclasses.dataclass(frozen=True)
class TrainedEpoch:
    """One epoch as it was trained.

    Attributes:
        fit: which call of `fit`, from 1.
        epoch: which epoch, from 1.
        first: int64 (batch,), the indices of its first batch.
        last: int64 (batch,), the indices of its last batch.
        digests: per step, the batch reduced to 64 bits.
    """

    fit: int
    epoch: int
    first: np.ndarray
    last: np.ndarray
    digests: list[int]

    @property
    def steps(self) -> int:
        return len(self.digests)


@dataclasses.dataclass(frozen=True)
class Boundary:
    """Where one epoch, or one call of `fit`, ends and the next begins.

    Attributes:
        before: the epoch before the boundary.
        after: the epoch after it.
        last_place: place of the last batch before.
        first_place: place of the first batch after.
        verdict: `resumes`, `restarts`, `skips` or `replays`.
    """

    before: TrainedEpoch
    after: TrainedEpoch
    last_place: int
    first_place: int
    verdict: str


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What happened to the feed over the epochs, with the batches that prove it.

    Attributes:
        epochs: the epochs as trained.
        boundaries: one between each two epochs; none where there is no order to follow.
        first_places: place of the first batch of each epoch; None where there is no order
            to follow.
        steps_run: steps of each epoch that was begun, those without one among them.
        steps_asked: steps_per_epoch.
        fixed_order: whether passes over the feed were alike, of one feed and of feeds made
            anew.
        passes_differ: whether passes over one feed were not: the feed itself shuffles.
        shuffled: whether `fit` draws an order of its own.
        stopped: per epoch begun, whether a callback ended the training in it; empty where
            none did.
    """

    epochs: tuple[TrainedEpoch, ...]
    boundaries: tuple[Boundary, ...]
    first_places: tuple[int, ...] | None
    steps_run: tuple[int, ...]
    steps_asked: int | None
    fixed_order: bool = True
    passes_differ: bool = False
    shuffled: bool = False
    stopped: tuple[bool, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether the batches of every epoch are consecutive in the feed's own order."""
        return self.first_places is not None

    @property
    def step_findings(self) -> tuple[str | None, ...]:
        """Per epoch begun: `runs dry`, `overruns`, or None."""
        stopped = self.stopped or (False,) * len(self.steps_run)
        findings = (_step_finding(steps, self.steps_asked) for steps in self.steps_run)
        # What a callback has ended did not run dry; whole executions may have overrun before.
        return tuple(
            None if ended and finding == "runs dry" else finding
            for finding, ended in zip(findings, stopped, strict=True)
        )

    @property
    def verdict(self) -> str | None:
        """The worst that occurs; None for a single epoch without a finding."""
        occur = {boundary.verdict for boundary in self.boundaries} | set(self.step_findings)
        if not self.ordered:
            occur.add("reshuffles")
        return next((verdict for verdict in MEANING if verdict in occur), None)

    @property
    def meaning(self) -> str:
        """What the verdict says, in a clause."""
        return MEANING[self.verdict]

    def passed_over(self, length: int | None) -> int:
        """Count the batches that were delivered, never trained, while a later one was.

        A batch passed over at one boundary may have been trained at another, or by a later
        pass, where the length of one is known.

        Args:
            length: batches in a pass of the feed; None where it is not known.

        Returns:
            How many; 0 where there is no order to follow.
        """
        places = set()
        for first, epoch in zip(self.first_places or (), self.epochs, strict=False):
            places.update(range(first, first + epoch.steps))
        trained = {place % length for place in places} if length else places
        return len(set(range(max(trained, default=-1))) - trained)


def judge(
    trained: Iterable[TrainedBatch],
    make_feed_order: Callable[[], Iterable[np.ndarray]],
    steps_per_epoch: int | None,
    *,
    can_be_iterated_again: bool,
    make_next_pass: Callable[[], Iterable[np.ndarray]] | None = None,
    begun: Iterable[tuple[int, int]] = (),
    stopped: Collection[tuple[int, int]] = (),
    shuffled: bool = False,
) -> Verdict:
    """Follow the trained batches along the feed's own order.

    Args:
        trained: the batches in the order trained, as `ExposureLog.batches` gives them.
        make_feed_order: called for a pass over a new feed; yields each batch's indices
            (int64) as plain iteration delivers them. It is called until there is no doubt that
            the passes are alike, or that they are not: then there is no fixed order.
        steps_per_epoch: steps that `fit` was asked for in an epoch; None where it was not.
        can_be_iterated_again: whether the feed starts over when it has ended. A generator
            does not.
        make_next_pass: called for a further pass over one and the same feed, from its second
            on; None where there is none.
        begun: fit and epoch of every epoch that was begun, where it is known: one that
            trained nothing has left no batch.
        stopped: fit and epoch of those in which a callback ended the training.
        shuffled: whether `fit` draws an order of its own. Batches that follow one
            another in it do so by chance, so none are followed.

    Returns:
        The verdict and its evidence.

    Example:
        >>> order = [np.array([0, 1]), np.array([2, 3])]
        >>> trained = [TrainedBatch(1, epoch, 0, order[epoch - 1]) for epoch in (1, 2)]
        >>> judge(trained, lambda: order, 1, can_be_iterated_again=True).verdict
        'resumes'
    """
    epochs = tuple(_trained_epochs(trained))
    steps = {(epoch.fit, epoch.epoch): epoch.steps for epoch in epochs}
    # Epochs that were begun and trained nothing keep their place among the others.
    steps = dict.fromkeys(begun, 0) | steps
    run = sum(steps.values())
    # A feed that skips farther than this is taken for one without an order. Without a limit an
    # endless feed would be searched for ever.
    order = FeedOrder(make_feed_order(), 4 * run + 1_000, can_be_iterated_again)
    look = min(FIRST_LOOK, run)
    # A feed that shuffles shows it at once, before anything is looked for in vain.
    differ = make_next_pass is not None and not order.is_repeated_by(make_next_pass, look)
    places = None if differ or shuffled else _first_places(epochs, order)
    boundaries = tuple(_boundaries(epochs, places, order)) if places else ()
    fixed = not differ
    if fixed and not (_is_a_pass(places, boundaries) and order.is_no_chance(run)):
        # What was trained is no evidence of the feed's order: passes as far as the run went are.
        differ = make_next_pass is not None and not order.is_repeated_by(make_next_pass, run)
        fixed = not differ and order.is_repeated_by(make_feed_order, run)
    is_followed = fixed and places is not None
    return Verdict(
        epochs,
        boundaries if is_followed else (),
        tuple(places) if is_followed else None,
        tuple(steps.values()),
        steps_per_epoch,
        fixed_order=fixed,
        passes_differ=differ,
        shuffled=shuffled,
        stopped=tuple(epoch in stopped for epoch in steps) if stopped else (),
    )


def _is_a_pass(places: list[int] | None, boundaries: Iterable[Boundary]) -> bool:
    """Whether a run went through the feed from its first batch on, leaving none out.

    Then it was itself a pass over a feed made anew, and was alike.
    """
    resumes = all(boundary.verdict == "resumes" for boundary in boundaries)
    return bool(places) and places[0] == 0 and resumes


def _step_finding(run: int, steps_asked: int | None) -> str | None:
    """Compare the steps of one epoch with what was asked for; None where nothing was."""
    if steps_asked in (run, None):
        return None
    return "runs dry" if run < steps_asked else "overruns"


def _trained_epochs(trained: Iterable[TrainedBatch]) -> list[TrainedEpoch]:
    epochs = []
    for (fit, epoch), group in itertools.groupby(trained, key=lambda batch: batch[:2]):
        batches = iter(group)
        first = last = next(batches)
        digests = [batch_digest(first.index)]
        for batch in batches:
            last = batch
            digests.append(batch_digest(batch.index))
        epochs.append(TrainedEpoch(fit, epoch, first.index, last.index, digests))
    return epochs


def _first_places(epochs: list[TrainedEpoch], order: FeedOrder) -> list[int] | None:
    """Find where each epoch begins, or None if one is not consecutive in the feed's order."""
    places, after = [], -1
    for epoch in epochs:
        # The first place from which the whole epoch can be followed: a batch alone may stand at
        # several.
        candidates = order.places_of(epoch.digests[0], after)
        place = next((p for p in candidates if order.has_batches_at(epoch.digests, p)), None)
        if place is None:
            return None
        places.append(place)
        after = order.wrapped_place(place + epoch.steps - 1)
    return places


def _boundaries(
    epochs: list[TrainedEpoch], places: list[int], order: FeedOrder
) -> Iterator[Boundary]:
    # After its end a generator has nothing new: whatever is trained then came before.
    one_shot_ended = False
    for (before, start), (after, first) in itertools.pairwise(zip(epochs, places, strict=True)):
        last = order.wrapped_place(start + before.steps - 1)
        complete = order.completes_pass(last)
        one_shot_ended |= complete and not order.again
        verdict = "replays" if one_shot_ended else _boundary_verdict(last, first, complete)
        yield Boundary(before, after, last, first, verdict)


def _boundary_verdict(last: int, first: int, complete: bool) -> str:
    """Name the step from the last place before a boundary to the first one after it."""
    if first == last + 1 or (first == 0 and complete):
        return "resumes"
    if first == 0:
        return "restarts"
    return "skips" if first > last else "replays"
