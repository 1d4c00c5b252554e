"""A case audited, and held to what the oracle reads in the very run that was audited."""

import dataclasses
import itertools
import warnings
import zlib

import epochwatch
from epochwatch.errors import BadInput
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION
from tests.fuzz import oracle
from tests.fuzz.cases import Case
from tests.fuzz.recorder import StepRecorder, recorded_fits, set_chance


@dataclasses.dataclass
class Outcome:
    """What a case came to.

    Attributes:
        group: feed and what was said of it.
        findings: as they were said.
        faults: what was said and what should have been, one line each.
    """

    case: Case
    group: tuple[str, str]
    findings: list[str]
    faults: list[str]

    def __str__(self):
        return f"{self.case!r}: {'; '.join(self.faults)}"


def outcome_of(case: Case) -> Outcome:
    """Audit a case, and compare."""
    recorder = StepRecorder(case.stop_after)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            said = audited(case, [recorder]).as_json()
        except BadInput as refusal:
            return Outcome(case, (case.kind, "refused"), [], refused(case, str(refusal)))
        except Exception as error:
            return Outcome(case, (case.kind, "raised"), [], [f"raised {error!r}"])
        faults = list(compared(case, said, oracle.read(case, recorder)))
        # Another fit and another audit take as long again: a part of the cases shows as much.
        if is_settled(case) and zlib.crc32(repr(case).encode()) % 4 == 0:
            faults += repeated(case, said, recorder)
    named = ", ".join(said["findings"]) or f"sound, {said['verdict']}"
    return Outcome(case, (case.kind, named), said["findings"], faults)


def audited(case: Case, callbacks: list):
    """Audit a case."""
    set_chance(None)
    options = case.fit_options | ({"callbacks": callbacks} if callbacks else {})
    if HAS_STEPS_PER_EXECUTION:
        options["steps_per_execution"] = case.steps_per_execution
    return epochwatch.audit(
        case.make_feed,
        fits=case.fits,
        seed=case.seed,
        min_coverage=case.min_coverage,
        backend=BACKEND,
        **options,
    )


def refused(case: Case, refusal: str) -> list[str]:
    """Only a generator that is used up is refused, or a feed without a batch."""
    is_used_up = case.feed == "one_shot()" and case.fits > 1 and refusal.startswith("fits: ")
    is_empty = "drop_" in case.feed and "single batch" in refusal
    return [] if is_used_up or is_empty else [f"refused: {refusal}"]


def is_settled(case: Case) -> bool:
    """Whether each run of the case is the same."""
    return case.varies is False and not (case.shuffled_by_fit or case.is_timed)


def repeated(case: Case, said: dict, recorder: StepRecorder) -> list[str]:
    """A model that learns gets the same batches, and so does an audit without a recorder."""
    faults = []
    set_chance(case.seed)
    real = recorded_fits(case)
    if real.batches != recorder.batches:
        faults.append("a model that learns was fed otherwise than the audit's")
    if case.stop_after is None:
        unobserved = audited(case, []).as_json()
        faults += [
            f"{key} without a recorder {unobserved[key]!r}, with one {said[key]!r}"
            for key in said
            if unobserved[key] != said[key]
        ]
    return faults


def compared(case: Case, said: dict, reading: oracle.Reading):
    """Compare what was said with what was read; yields the differences."""
    yield from differences(
        ("steps run", said["steps"]["run"], reading.steps),
        ("step findings", said["steps"]["findings"], reading.step_findings),
    )
    cannot_be_told = case.is_augmented and not case.indexed
    if said["verdict"] not in reading.verdicts and not cannot_be_told:
        yield f"verdict {said['verdict']!r}, allowed {sorted(map(str, reading.verdicts))}"
    if "disagrees" in said["findings"]:
        expected = {name: said["expected"][name] for name in ("verdict", "rule", "steps")}
        yield f"disagrees: expected {expected}, seen {said['verdict']!r} {said['steps']['run']}"
    if cannot_be_told:
        # With a seed every pass augments alike.
        if case.seed is None and "unmeasured" not in said["findings"]:
            yield "contents change, and there is no index, but it is not unmeasured"
        return
    yield from compared_order(case, said, reading)
    yield from compared_counts(case, said, reading)
    yield from compared_findings(case, said, reading)


def differences(*triples):
    for name, got, wanted in triples:
        if got != wanted:
            yield f"{name} {got!r}, not {wanted!r}"


def compared_order(case: Case, said: dict, reading: oracle.Reading):
    order = said["order"]
    is_open = case.shuffled_by_fit or reading.order == "either"
    if not is_open and order["fixed"] != (reading.order == "fixed"):
        yield f"order fixed {order['fixed']}, but it {reading.order}"
    boundaries = [boundary["verdict"] for boundary in said["boundaries"]]
    if reading.order == "fixed" and reading.is_followed:
        yield from differences(("boundaries", boundaries, reading.boundaries))
    if order["alike"] not in reading.alike:
        yield f"alike {order['alike']}, allowed {reading.alike}"
    if case.shuffled_by_fit and order["shuffled_by"] != "fit":
        yield f"shuffled by {order['shuffled_by']!r}, not 'fit'"


def compared_counts(case: Case, said: dict, reading: oracle.Reading):
    samples = said["samples"]
    yield from differences(("trained", samples["trained"], len(reading.trained)))
    least, most = reading.lost
    if not least <= samples["lost"] <= most:
        yield f"lost {samples['lost']}, allowed {least} to {most}"
    if reading.order == "fixed":
        yield from differences(("reachable", samples["reachable"], reading.reachable[0]))
    if case.is_partial:
        known = samples["population"]
        if known is not None and not len(reading.trained) <= known <= case.rows:
            yield f"population {samples['population']}, trained {len(reading.trained)}"
        return
    population = reading.population
    if population is None:
        yield from compared_endless(case, said, reading)
        population = set(range(case.rows)) if samples["population"] == case.rows else None
    elif samples["population_by"] != "pass":
        yield f"population by {samples['population_by']!r}, though a pass ends"
    if population is None or samples["population"] is None:
        return
    coverage = [round(len(seen) / len(population), 6) for seen in reading.seen_by_epoch]
    yield from differences(
        ("population", samples["population"], len(population)),
        ("never trained", samples["never_trained"], len(population - reading.trained)),
        ("exposures", samples["exposures"], oracle.exposures_of(reading.exposures, population)),
        ("coverage", said["coverage"], coverage),
    )
    for name, members in streams_of(case, population).items():
        stream = said["streams"].get(name, {})
        trained = len(members & reading.trained)
        yield from differences((f"trained of stream {name}", stream.get("trained"), trained))


def streams_of(case: Case, population: set[int]) -> dict[str, set[int]]:
    # Of a single class there are no streams.
    rare = {sample for sample in population if sample < case.rare}
    streams = {"0": population - rare, "1": rare}
    return streams if all(streams.values()) else {}


def compared_endless(case: Case, said: dict, reading: oracle.Reading):
    """Of a feed without end the population is known once it came round, and then it is so."""
    samples = said["samples"]
    whole = oracle.endless_population(case)
    if samples["population_by"] is None:
        rounds = min(reading.exposures.get(sample, 0) for sample in whole)
        if reading.order == "fixed" and rounds > 2 and case.min_coverage is not None:
            yield f"population unknown, though every sample came {rounds} times in one order"
    elif samples["population"] != len(whole):
        by = samples["population_by"]
        yield f"population {samples['population']} by {by!r}, though {len(whole)} come"


def compared_findings(case: Case, said: dict, reading: oracle.Reading):
    """The findings are what the rest says, no more and no less."""
    got = {name for name in said["findings"] if name != "disagrees"}
    wanted = order_findings(said) | coverage_findings(case, said)
    wanted |= {name for name, amount in besides(said).items() if amount}
    if reading.passed_over and reading.order == "fixed" and reading.is_followed:
        wanted.add("passed over")
    if got != wanted:
        yield f"findings {sorted(got)}, but by what it says {sorted(wanted)}"
    wrong = got - {"coverage", "unmeasured"}
    if wrong and is_sound(case, reading):
        yield f"findings {sorted(wrong)}, though the feed is sound by construction"


def order_findings(said: dict) -> set[str]:
    occur = {said["verdict"], *said["steps"]["findings"]}
    occur |= {boundary["verdict"] for boundary in said["boundaries"]}
    return occur & {"restarts", "skips", "replays", "runs dry", "overruns"}


def besides(said: dict) -> dict[str, int]:
    return {"loses": said["samples"]["lost"], "alike": said["order"]["alike"]}


def coverage_findings(case: Case, said: dict) -> set[str]:
    if case.min_coverage is None:
        return set()
    shares = [stream["coverage"] for stream in said["streams"].values()] or [said["coverage"]]
    least = [1.0 if share is None else share[-1] for share in shares]
    unknown = {"unmeasured"} if None in shares else set()
    return unknown | ({"coverage"} if min(least) < case.min_coverage else set())


def is_sound(case: Case, reading: oracle.Reading) -> bool:
    """Whether every epoch is a whole pass of a feed that shuffles by chance, or keeps its order."""
    whole_passes = (
        case.steps_per_epoch is None
        and case.steps_per_execution == 1
        and case.stop_after is None
        and case.can_be_iterated_again
        and case.seed is None
        and not (case.is_timed or case.is_partial)
    )
    return whole_passes and case.varies is not None and reading.alike == {False}


def by_group(outcomes: list[Outcome]) -> dict[tuple[str, str], int]:
    """Count outcomes by feed and what was said."""
    groups = sorted(outcome.group for outcome in outcomes)
    return {group: len(list(members)) for group, members in itertools.groupby(groups)}
