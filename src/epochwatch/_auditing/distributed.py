"""An audit of what several workers are fed: start them, join what they trained, judge it."""

import dataclasses
import hashlib
import heapq
import itertools
import operator
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from epochwatch._auditing import strategies
from epochwatch._auditing.audit import check_streams, complete_pass, log_folder
from epochwatch._auditing.counting import StreamCounts, counts_of
from epochwatch._auditing.expectation import shuffled_by_fit
from epochwatch._auditing.loss import measured_loss
from epochwatch._auditing.observe import AuditPlan, plan_audit
from epochwatch._auditing.passes import AT_ONCE, PlainPasses
from epochwatch._auditing.population import (
    KnownSamples,
    named_streams,
    samples_of_pass,
    samples_without_end,
)
from epochwatch._auditing.request import FitCall, Gate, Population
from epochwatch._auditing.samples import MetSamples
from epochwatch._auditing.shared_counts import EpochCounter, beyond
from epochwatch._auditing.shared_result import SharedResult
from epochwatch._auditing.shared_training import FIRST_BATCH
from epochwatch._auditing.workers import DIED, FINISHED, IN_USE, PATIENCE, WorkerEnd, run_workers
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.counts import Counts, coverage
from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.share import Share
from epochwatch._exposures.verdict import Verdict
from epochwatch._watching.backends import is_keras_2, loaded_versions
from epochwatch._watching.fingerprint import NO_CONTENT, NO_LABEL
from epochwatch.errors import BadInput
from epochwatch.feeds._plain_iteration import between_passes


class Workers(NamedTuple):
    """The workers that are asked for.

    Attributes:
        strategy: of `strategies.STRATEGIES`.
        count: how many there are; of a mirrored training, replicas.
        command: what each of them runs.
        target: where each finds the feed.
        patience: seconds without a step of any of them, after which they wait for ever.
    """

    strategy: str
    count: int
    command: Sequence[str]
    target: str
    patience: float = PATIENCE

    @property
    def processes(self) -> int:
        """How many processes there are."""
        return strategies.processes_of(self.strategy, self.count)


class PlainRun(NamedTuple):
    """What a single process is delivered.

    Attributes:
        counts: how often each sample came.
        order: int64 (samples,), each once, in the order in which they came.
        digest: of all rows, in order.
    """

    counts: Counts
    order: np.ndarray
    digest: bytes


def audit_workers(
    keras: ModuleType,
    make_feed: Callable,
    call: FitCall,
    workers: Workers,
    *,
    gate: Gate,
    streams: Mapping | None = None,
    population: Population | None = None,
    seed: int | None = None,
    log: str | Path | None = None,
) -> SharedResult:
    """Audit what several workers are fed, each in a process that runs `fit` on this machine."""
    with strategies.alone(workers.strategy):
        plan = plan_audit(keras, make_feed, call, seed)
        check_streams(streams, plan)
    check_executions_together(plan, workers)
    with log_folder(log) as folder, tempfile.TemporaryDirectory(prefix="epochwatch-") as aside:
        ends = run_all(plan, workers, seed, folder, Path(aside))
        check_begun(ends)
        logs = logs_of(workers, folder)
        check_batch_sizes(ends, logs)
        with strategies.alone(workers.strategy):
            judged = JudgedWorkers(plan, workers, ends, logs)
            return judged.result(gate, streams, population or Population())


def run_all(
    plan: AuditPlan, workers: Workers, seed: int | None, log: Path, aside: Path
) -> list[WorkerEnd]:
    """Run the workers, and say how each ended."""
    variables = strategies.environments(workers.strategy, workers.count, secrets.token_hex(8))
    job = {
        "strategy": workers.strategy,
        "workers": workers.count,
        "target": workers.target,
        "backend": plan.backend,
        "call": dataclasses.asdict(plan.call),
        "seed": seed,
        "log": str(log.absolute()),
        "aside": str(aside),
    }
    jobs = [{**job, "number": number} for number in range(workers.processes)]
    return run_workers(workers.command, jobs, variables, aside, workers.patience)


def check_begun(ends: Sequence[WorkerEnd]) -> None:
    """Refuse what died before anybody made a step."""
    if any(steps for end in ends for steps in end.steps.values()):
        return
    for worker, end in enumerate(ends):
        if end.outcome == DIED:
            remedy = "mend that and audit again"
            if IN_USE in end.why:
                remedy = "another program has taken the port; audit again, and one is chosen anew"
            raise BadInput(f"worker {worker} ended before its first step: {end.why}; {remedy}")


def check_executions_together(plan: AuditPlan, workers: Workers) -> None:
    """Refuse what the audit's model could train and no other: Keras 3 fails there."""
    several = plan.call.steps_per_execution
    if several > 1 and workers.strategy == strategies.MIRRORED and not is_keras_2(plan.keras):
        raise BadInput(
            f"steps_per_execution: got {several} with the strategy mirrored, allowed on Keras 3: 1"
        )


def check_batch_sizes(ends: Sequence[WorkerEnd], logs: Sequence[ExposureLog]) -> None:
    """Refuse feeds of unlike batches; of one step alone, it may be the short last one."""
    sizes = [log.metadata[FIRST_BATCH] for log in logs]
    if len(set(sizes)) > 1 and all(max(end.steps.values(), default=0) > 1 for end in ends):
        raise BadInput(
            f"workers: got first batches of {', '.join(map(str, sizes))} samples, allowed: as many "
            "in each worker; give all of them the same batch size"
        )


def logs_of(workers: Workers, folder: Path) -> list[ExposureLog]:
    """Open the logs of those processes that have one."""
    shares = (Share((), number, workers.processes) for number in range(workers.processes))
    folders = (share.folder_in(folder) for share in shares)
    return [ExposureLog.read(each) for each in folders if each.exists()]


class JudgedWorkers:
    """What several workers trained, compared with what a single process is delivered.

    Args:
        plan: of the feed that a single process has.
        workers: that were asked for.
        ends: how each process ended.
        logs: of the processes.
    """

    def __init__(
        self,
        plan: AuditPlan,
        workers: Workers,
        ends: Sequence[WorkerEnd],
        logs: Sequence[ExposureLog],
    ):
        self.plan, self.workers, self.ends, self.logs = plan, workers, ends, logs
        self.trained = Counts.from_chunks(batch.index for log in logs for batch in log.batches())
        self.rows = int(self.trained.exposures.sum())
        self.finished = all(end.outcome == FINISHED for end in ends)
        self.passes = self.plain_passes()
        self.is_pass_an_epoch = not plan.call.steps_per_epoch and self.passes.first.length

    def plain_passes(self) -> PlainPasses:
        """Make passes over the feed, the first of them as far as it tells of all samples."""
        steps = -(-self.rows // max(self.plan.rows, 1))
        passes = PlainPasses(self.plan, max(steps, 1), MetSamples())
        complete_pass(self.plan, passes)
        return passes

    def result(self, gate: Gate, streams: Mapping | None, population: Population) -> SharedResult:
        """Count and judge."""
        in_pass = self.passes.first.samples.merged_identity()
        not_in_pass = len(np.setdiff1d(self.trained.index, in_pass))
        # By their content nothing is told where most have another one in each pass.
        varies = not self.plan.is_indexed and 2 * not_in_pass > len(self.trained)
        is_judged = self.finished and not varies
        known = self.known_samples(population)
        first = self.plain_run(None if self.is_pass_an_epoch else self.rows)
        expected = self.expected(first)
        a_pass = expected if self.is_pass_an_epoch and is_judged else None
        order = known.everything.members if self.plan.is_indexed else first.order
        order = np.append(order, np.setdiff1d(known.everything.members, order))
        counter = EpochCounter(self.workers.count, order, a_pass)
        by_name = self.count_streams(known, streams, counter)
        return SharedResult(
            strategy=self.workers.strategy,
            workers=self.workers.count,
            patience=self.workers.patience,
            ends=tuple(self.ends),
            epochs=tuple(counter.epochs),
            pictures=tuple(counter.pictures),
            whole=by_name.pop(None),
            streams=by_name,
            lost=self.lost(expected) if is_judged else None,
            doubled=self.doubled(expected) if is_judged else None,
            identified_by="index" if self.plan.is_indexed else "content",
            population_by=known.population_by,
            rows=None if self.passes.first.length is None else self.passes.first.rows,
            conflicts=self.passes.first.samples.conflicts if self.plan.is_indexed else 0,
            not_in_pass=not_in_pass,
            contents_vary=varies,
            environment=loaded_versions(self.plan.keras) | {"backend": self.plan.backend},
            gate=gate,
        )

    def count_streams(
        self, known: KnownSamples, streams: Mapping | None, counter: EpochCounter
    ) -> dict[str | None, StreamCounts]:
        """Count what was trained of each stream, and of all samples by None, epoch by epoch."""
        named = known.streams if streams is None else named_streams(streams)
        counted = {None: known.everything} | named
        members = {name: each.members for name, each in counted.items() if each.samples is not None}
        shares = coverage(([counter.add(*epoch)] for epoch in self.epochs()), members)
        if not counter.epochs:
            shares = {name: np.zeros(1) for name in members}
        return {
            name: counts_of(self.trained, stream, shares.get(name))
            for name, stream in counted.items()
        }

    def known_samples(self, population: Population) -> KnownSamples:
        """Count the samples that there are: those of a pass, and what a worker met besides."""
        first = self.passes.first
        met = first.samples
        more = np.setdiff1d(self.trained.index, met.merged_identity())
        if len(more):
            met.add(np.stack([more, more * 0 + NO_CONTENT, more * 0 + NO_LABEL]))
        if first.length is not None:
            return samples_of_pass(met, population)
        return samples_without_end(met, first.coming_round, population)

    def plain_run(self, rows: int | None) -> PlainRun:
        """Take so many rows from a feed made anew, begun again at its end; None for a pass."""
        feed, chunks, digest, left = self.passes.identified(), [], hashlib.blake2b(), rows
        while left != 0:
            before = len(chunks)
            for identity, *_ in feed.columns(AT_ONCE):
                chunks.append(identity[:left])
                digest.update(chunks[-1].tobytes())
                left = left and left - len(chunks[-1])
                if left == 0:
                    break
            if rows is None or len(chunks) == before or not self.plan.facts.can_be_iterated_again:
                break
            between_passes(feed.feed)
        everything = np.concatenate([np.empty(0, np.int64), *chunks])
        samples, first = np.unique(everything, return_index=True)
        return PlainRun(Counts.from_chunks(chunks), samples[np.argsort(first)], digest.digest())

    def expected(self, first: PlainRun) -> Counts | None:
        """How often each sample comes, in a pass or in as many rows; None where chance decides."""
        if self.is_pass_an_epoch:
            # In whichever order they come, passes are to hold the same.
            again = self.plain_run(None).counts
            same = np.array_equal(again.index, first.counts.index)
            alike = same and np.array_equal(again.exposures, first.counts.exposures)
            return first.counts if alike else None
        if shuffled_by_fit(self.plan.facts, self.plan.call):
            return None
        return first.counts if self.plain_run(self.rows).digest == first.digest else None

    def lost(self, expected: Counts | None) -> int:
        """Count the samples that a single process reaches in as many rows, and no worker did."""
        if expected is not None:
            return int(np.count_nonzero(self.trained.of_samples(expected.index) == 0))
        drawn = Verdict((), (), None, (), None, fixed_order=False)
        return measured_loss(drawn, self.trained.index, self.passes).lost

    def doubled(self, expected: Counts | None) -> int | None:
        """Count the samples trained more often than a single process does in as many rows."""
        if expected is None:
            return None
        if self.is_pass_an_epoch:
            epochs = len({place for end in self.ends for place in end.steps})
            expected = Counts(expected.index, epochs * expected.exposures)
        return beyond(self.trained, expected)

    def epochs(self) -> Iterator[tuple[tuple[int, int], list[TrainedBatch], list[int]]]:
        """Go through the epochs: place, batches of all workers, and steps of each."""
        merged = heapq.merge(*(log.batches() for log in self.logs), key=place_of)
        trained = itertools.groupby(merged, key=place_of)
        begun = {place for end in self.ends for place in end.steps}
        noted = ((place, ()) for place in sorted(begun))
        # One that trained nothing was noted, and has left no batch.
        both = heapq.merge(trained, noted, key=operator.itemgetter(0))
        for place, each in itertools.groupby(both, key=operator.itemgetter(0)):
            batches = [batch for _, group in each for batch in group]
            yield place, batches, [self.steps_of(n, place, batches) for n in range(len(self.ends))]

    def steps_of(self, process: int, place: tuple[int, int], batches: list[TrainedBatch]) -> int:
        """Count the steps of a process: a kill may come between the log and the note of a step."""
        replicas = self.workers.count // self.workers.processes
        own = (b.step + 1 for b in batches if (b.replica or 0) // replicas == process)
        return max(self.ends[process].steps.get(place, 0), *own, 0)


def place_of(batch: TrainedBatch) -> tuple[int, int]:
    """Fit and epoch of a batch."""
    return batch.fit, batch.epoch
