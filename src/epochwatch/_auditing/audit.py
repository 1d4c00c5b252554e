"""An audit, stage by stage: observe the training, make two passes, judge, count.

Each stage takes what the ones before it have seen, and returns a record.
"""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np

from epochwatch._auditing import feed as feeding
from epochwatch._auditing.counting import CountedStream, RunCounts, count_streams, streams_of
from epochwatch._auditing.expectation import Expectation, expect, shuffled_by_fit
from epochwatch._auditing.observe import AuditPlan, ObservedTraining, observe_training, plan_audit
from epochwatch._auditing.request import FitCall, Gate
from epochwatch._auditing.result import AuditResult
from epochwatch._auditing.samples import TwoPasses
from epochwatch._exposures.verdict import Verdict, judge
from epochwatch._watching.backends import fit_kind, keras_release, loaded_versions
from epochwatch.errors import BadInput

LONGEST_PASS = 1_000_000  # batches; a longer one is not gone through to count its samples


def run_audit(
    keras: ModuleType,
    make_feed: Callable,
    call: FitCall,
    *,
    gate: Gate,
    streams: Mapping | None = None,
    log: str | Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> AuditResult:
    """Audit a feed; the arguments are those of `epochwatch.audit`, put together."""
    plan = plan_audit(keras, make_feed, call)
    check_streams(streams, plan)
    with log_folder(log) as folder:
        training = observe_training(plan, folder, progress or _no_progress)
        passes = begun_passes(plan, training)
        judged = judged_run(plan, training, passes)
        complete_pass(plan, passes)
        counts = counted_run(training, passes, judged, streams)
    return audit_result(plan, passes, judged, counts, gate)


def expect_feed(keras: ModuleType, feed, call: FitCall) -> Expectation:
    """Predict what `fit` does to a feed, without taking a batch from it."""
    _, facts = feeding.size_and_facts(feed, call)
    if not (call.steps_per_epoch or facts.length):
        raise BadInput(
            f"steps_per_epoch: got None for a {facts.kind} whose end is not known, allowed: 1 or "
            "more; an audit goes through it to see"
        )
    backend = fit_kind(keras)
    feeding.check_executions(call, facts, backend)
    return expect(facts, call, backend, keras_release(keras))


def check_streams(streams: Mapping | None, plan: AuditPlan) -> None:
    """Refuse what are no streams, and streams of indices where samples have none."""
    if streams is None:
        return
    if not isinstance(streams, Mapping):
        raise BadInput(
            f"streams: got {type(streams).__name__}, allowed: a dictionary, by name the int64 "
            "indices of a stream's samples"
        )
    if not plan.is_indexed:
        raise BadInput(
            "streams: got indices, but the feed's targets have none, allowed: targets as "
            '{"label": …, "index": …}'
        )


def begun_passes(plan: AuditPlan, training: ObservedTraining) -> TwoPasses:
    """Begin two plain passes, each over a feed made for it."""
    first, second = (feeding.identities(plan.feed.make_part(), plan.batch_size) for _ in range(2))
    return TwoPasses(first, second, training.samples)


def judged_run(plan: AuditPlan, training: ObservedTraining, passes: TwoPasses) -> Verdict:
    """Follow the training along the feed's own order, which two passes tell."""
    # Begun passes, not new ones: what the verdict has read of them counts for the samples too.
    in_turn = iter((passes.first_batches, passes.second_batches))
    return judge(
        training.log.batches(),
        lambda: next(in_turn),
        plan.steps_asked,
        can_be_iterated_again=plan.facts.can_be_iterated_again,
        begun=training.begun,
        shuffled=shuffled_by_fit(plan.facts, plan.call),
    )


def complete_pass(plan: AuditPlan, passes: TwoPasses) -> None:
    """Go on with the first pass to its end, if there is one, for the samples of the feed."""
    length, call = plan.facts.length, plan.call
    if length is not None and length <= LONGEST_PASS:
        passes.go_on(length)
    elif not plan.facts.endless:
        passes.go_on(plan.steps_asked * call.epochs * call.fits)  # as far as the run could go


def expected_after(plan: AuditPlan, passes: TwoPasses, judged: Verdict) -> Expectation:
    """Predict the run, given what the passes have told."""
    return expect(
        plan.facts,
        plan.call,
        plan.backend,
        keras_release(plan.keras),
        pass_length=passes.length,
        fixed_order=judged.fixed_order,
        feed_order=passes.digests,
    )


def counted_run(
    training: ObservedTraining, passes: TwoPasses, judged: Verdict, streams: Mapping | None
) -> RunCounts:
    """Count what was trained: of a pass that ended, or else of the samples that were met."""
    counts = training.log.counts()
    is_whole = passes.length is not None
    passes.first.merge()
    # Of a feed without end only what was trained is known, and nothing of it can be missing.
    everything = CountedStream(passes.first.identity if is_whole else counts.index, is_whole)
    named = streams_of(streams, passes.first if is_whole else passes.met, whole=is_whole)
    by_name = count_streams(training.log, counts, judged.steps_run, {None: everything} | named)
    not_in_pass = len(np.setdiff1d(counts.index, everything.members))
    return RunCounts(by_name.pop(None), by_name, not_in_pass)


def conflicts_of(plan: AuditPlan, passes: TwoPasses) -> int:
    """Count the indices that came with different contents, unless most do in every pass."""
    # By content there is nothing to compare; and what augments has changed nothing by mistake.
    if not plan.is_indexed or passes.content_varies():
        return 0
    return passes.met.conflicts


def audit_result(
    plan: AuditPlan, passes: TwoPasses, judged: Verdict, counts: RunCounts, gate: Gate
) -> AuditResult:
    return AuditResult(
        judged=judged,
        whole=counts.whole,
        streams=counts.streams,
        identified_by="index" if plan.is_indexed else "content",
        rows=None if passes.length is None else passes.rows,
        not_in_pass=counts.not_in_pass,
        conflicts=conflicts_of(plan, passes),
        passed_over=judged.passed_over(passes.length),
        expected=expected_after(plan, passes, judged),
        environment=loaded_versions(plan.keras) | {"backend": plan.backend},
        gate=gate,
        length=passes.length,
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
