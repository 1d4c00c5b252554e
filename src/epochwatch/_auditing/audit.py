"""An audit, stage by stage: observe the training, make two passes, judge, count.

Each stage takes what the ones before it have seen, and returns a record.
"""

import contextlib
import dataclasses
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from epochwatch._auditing import feed as feeding
from epochwatch._auditing.counting import CountedStream, RunCounts, count_streams
from epochwatch._auditing.expectation import (
    Expectation,
    check_executions,
    expect,
    is_seeded,
    shuffled_by_fit,
)
from epochwatch._auditing.keras_loop import is_accelerated
from epochwatch._auditing.loss import measured_loss
from epochwatch._auditing.observe import (
    AuditPlan,
    ObservedTraining,
    check_options,
    observe_training,
    plan_audit,
    within_limits,
)
from epochwatch._auditing.passes import PlainPasses, TalliedPass
from epochwatch._auditing.population import (
    KnownSamples,
    named_streams,
    samples_of_pass,
    samples_without_end,
)
from epochwatch._auditing.request import FitCall, Gate, Population
from epochwatch._auditing.result import AuditResult
from epochwatch._auditing.variety import observed_order
from epochwatch._exposures.counts import Counts
from epochwatch._exposures.feed_order import FIRST_LOOK
from epochwatch._exposures.verdict import Verdict, judge
from epochwatch._watching.backends import fit_kind, keras_release, loaded_versions
from epochwatch.errors import BadInput

FARTHER = 8  # times as far a feed that repeats its samples is gone through
NO_END = "the feed does not end before that; its length is not known"
A_GENERATOR = 1_000  # batches; most have no end, and some take long


def run_audit(
    keras: ModuleType,
    make_feed: Callable,
    call: FitCall,
    *,
    gate: Gate,
    streams: Mapping | None = None,
    population: Population | None = None,
    seed: int | None = None,
    log: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
    kills: int = 0,
) -> AuditResult:
    """Audit a feed; the arguments are those of `epochwatch.audit`, put together.

    `kills` says how often at most `fit` is killed and resumed.
    """
    plan = plan_audit(keras, make_feed, call, seed)
    check_streams(streams, plan)
    with log_folder(log) as folder:
        training = observe_training(plan, folder, progress or _no_progress)
        result = judged_training(plan, training, gate, streams, population or Population())
    if not kills:
        return result
    from epochwatch._auditing.resume import try_resuming

    resumption = try_resuming(plan, kills, progress or _no_progress)
    return dataclasses.replace(result, resumption=resumption)


def judged_training(
    plan: AuditPlan,
    training: ObservedTraining,
    gate: Gate,
    streams: Mapping | None,
    population: Population,
) -> AuditResult:
    """Judge and count what was trained, by plain passes over the feed."""
    passes = PlainPasses(plan, training.steps, training.samples)
    judged = judged_run(plan, training, passes)
    complete_pass(plan, passes)
    counts = training.log.counts()
    run = counted_run(training, passes, judged, counts, streams, population)
    return audit_result(plan, passes, judged, counts, run, gate)


def expect_feed(keras: ModuleType, feed, call: FitCall) -> Expectation:
    """Predict what `fit` does to a feed, without taking a batch from it."""
    check_options(call.options, keras.Model.fit)
    call = within_limits(keras, call)
    _, facts = feeding.size_and_facts(feed, call)
    if not (call.steps_per_epoch or facts.length):
        raise BadInput(
            f"steps_per_epoch: got None for a {facts.kind} whose length is not known, allowed: 1 "
            "or more; give it, or audit the feed, which counts its batches"
        )
    backend = fit_kind(keras)
    release = keras_release(keras)
    check_executions(call, facts, backend, release)
    expected = expect(
        facts,
        call,
        backend,
        release,
        fixed_order=None if facts.shuffles is None else not facts.shuffles,
        seeded=is_seeded(backend),
        accelerated=is_accelerated(backend),
    )
    may_end = facts.length is None and facts.endless is None and expected.judged is not None
    return expected._replace(provided=NO_END if may_end else None)


def check_streams(streams: Mapping | None, plan: AuditPlan) -> None:
    """Refuse what are no streams, and streams of indices where samples have none."""
    if streams is None:
        return
    if not isinstance(streams, Mapping):
        raise BadInput(
            f"streams: got {type(streams).__name__}, allowed: a dictionary from each stream's "
            "name to the int64 indices of its samples"
        )
    if not plan.is_indexed:
        raise BadInput(
            "streams: got indices, but the feed's samples have none; let the feed deliver "
            'targets as {"label": …, "index": …}'
        )


def judged_run(plan: AuditPlan, training: ObservedTraining, passes: PlainPasses) -> Verdict:
    """Follow the training along the feed's own order, which plain passes tell."""
    return judge(
        training.log.batches(),
        passes.make_feed_order,
        plan.steps_asked,
        can_be_iterated_again=plan.facts.can_be_iterated_again,
        make_next_pass=passes.make_next_pass if passes.can_be_repeated else None,
        begun=training.begun,
        stopped=training.stopped,
        shuffled=shuffled_by_fit(plan.facts, plan.call),
    )


def complete_pass(plan: AuditPlan, passes: PlainPasses) -> None:
    """Go on with the first pass to its end, or as far as it tells about a feed without one."""
    facts, first = plan.facts, passes.first
    if first.coming_round is None:
        first.go_on(facts.length)
        return
    first.go_on(passes.steps + FIRST_LOOK)
    if facts.length is not None:
        return  # too long for it
    if facts.endless is not True:
        at_most = A_GENERATOR if facts.kind == "generator" else feeding.LONGEST_SEARCH
        look_for_an_end(first, max(at_most, 2 * passes.steps))
    elif first.coming_round.may_come_round():
        first.go_on(2 * (passes.steps + FIRST_LOOK))


def look_for_an_end(first: TalliedPass, at_most: int) -> None:
    """Go on until the pass ends, or has gone `FARTHER` without a sample that is new."""
    while first.length is None and len(first.digests) < at_most:
        known = len(first.samples.merged_identity())
        first.go_on(min(at_most, FARTHER * len(first.digests)))
        if len(first.samples.merged_identity()) == known:
            return


def expected_after(plan: AuditPlan, passes: PlainPasses, judged: Verdict) -> Expectation:
    """Predict the run, given what the passes have told."""
    return expect(
        plan.facts,
        plan.call,
        plan.backend,
        keras_release(plan.keras),
        pass_length=passes.first.length,
        fixed_order=judged.fixed_order,
        feed_order=passes.first.digests,
        seeded=is_seeded(plan.backend),
        accelerated=is_accelerated(plan.backend),
    )


def counted_run(
    training: ObservedTraining,
    passes: PlainPasses,
    judged: Verdict,
    counts: Counts,
    streams: Mapping | None,
    population: Population,
) -> RunCounts:
    """Count what was trained of the samples that there are."""
    first = passes.first
    identities = first.samples.merged_identity()
    not_in_pass = len(np.setdiff1d(counts.index, identities, assume_unique=True))
    varies = not passes.plan.is_indexed and contents_vary(passes, len(counts), not_in_pass)
    if varies:
        known = KnownSamples(CountedStream(counts.index, None), {}, None)
    elif first.length is not None:
        # A pass that drops a remainder, another one each time, has not all that there are.
        known = samples_of_pass(first.samples if judged.fixed_order else passes.met, population)
    else:
        known = samples_without_end(passes.met, first.coming_round, population)
    named = known.streams if streams is None else named_streams(streams)
    everything = {None: known.everything}
    by_name = count_streams(training.log, counts, judged.steps_run, everything | named)
    return RunCounts(
        by_name.pop(None),
        by_name,
        known.population_by,
        not_in_pass if first.length is not None else 0,
        contents_vary=varies,
    )


def contents_vary(passes: PlainPasses, trained: int, not_in_pass: int) -> bool:
    """Whether samples cannot be told by their content: others stand in each pass.

    A pass that drops a remainder leaves out less than a batch.
    """
    first = passes.first
    if first.length is None:
        # Of a feed without an end, that no sample ever came again.
        again = first.coming_round.everything.samples_of_round[1]
        return not again and not_in_pass == trained
    longest = math.ceil(first.rows / max(first.length, 1))
    return not_in_pass > longest or 2 * not_in_pass > trained


def conflicts_of(passes: PlainPasses) -> int:
    """Count the indices that came with different contents, unless most do in every pass."""
    # By content there is nothing to compare; and what augments has changed nothing by mistake.
    if not passes.plan.is_indexed or not passes.met.conflicts or passes.is_augmented():
        return 0
    return passes.met.conflicts


def audit_result(
    plan: AuditPlan,
    passes: PlainPasses,
    judged: Verdict,
    counts: Counts,
    run: RunCounts,
    gate: Gate,
) -> AuditResult:
    length = passes.first.length
    return AuditResult(
        judged=judged,
        whole=run.whole,
        streams=run.streams,
        loss=None if run.contents_vary else measured_loss(judged, counts.index, passes),
        order=observed_order(judged, plan.facts.kind == "arrays", run.contents_vary),
        identified_by="index" if plan.is_indexed else "content",
        population_by=run.population_by,
        rows=None if length is None else passes.first.rows,
        not_in_pass=run.not_in_pass,
        conflicts=conflicts_of(passes),
        passed_over=judged.passed_over(length),
        expected=expected_after(plan, passes, judged),
        environment=loaded_versions(plan.keras) | {"backend": plan.backend},
        gate=gate,
        length=length,
        contents_vary=run.contents_vary,
    )


@contextlib.contextmanager
def log_folder(log: str | Path | None) -> Iterator[Path]:
    """Provide the folder of the log: the user's, or one for the time being."""
    if log is not None:
        yield Path(log)
        return
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        yield Path(folder) / "exposures"


def _no_progress(steps: int) -> None:
    """Leave it unsaid how far the audit is."""
