"""What an audit of several workers found, as data."""

import dataclasses
from typing import Any

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.request import (
    COVERAGE,
    DIES,
    DOUBLES,
    FAIL_ON,
    HANGS,
    INDEX_CONFLICT,
    LOSES,
    NEVER_TRAINED,
    RAGGED,
    UNEQUAL_STEPS,
    UNMEASURED,
    Gate,
)
from epochwatch._auditing.result import SCHEMA, Measured
from epochwatch._auditing.shared_counts import EpochPicture, SharedEpoch
from epochwatch._auditing.workers import DIED, FINISHED, WAITED, WorkerEnd


@dataclasses.dataclass(frozen=True)
class SharedResult(Measured):
    """What an audit of several workers found.

    Attributes:
        strategy: how they train together.
        workers: how many there are; of a mirrored training, replicas.
        patience: seconds without a step of any of them, after which they wait for ever.
        ends: how each process ended.
        epochs: what they trained, epoch by epoch.
        pictures: who trained which samples, of the first epochs.
        whole: the counts over all samples.
        streams: the same by stream.
        lost: samples that a single process reaches in as many rows, and that no worker trained;
            None where not all have finished.
        doubled: samples trained more often than a single process does; None likewise, or where
            chance decides.
        identified_by: "index" or "content".
        population_by: how the number of samples is known; see `AuditResult`.
        rows: samples in one pass as often as they come; None where there is no end.
        conflicts: indices that came with different contents in a pass.
        not_in_pass: samples trained that a pass of the feed in a single process does not have.
        contents_vary: whether samples are told apart by contents that are others in each pass.
        environment: versions and backend.
        gate: what counts as a finding.
    """

    strategy: str
    workers: int
    patience: float
    ends: tuple[WorkerEnd, ...]
    epochs: tuple[SharedEpoch, ...]
    pictures: tuple[EpochPicture, ...]
    whole: StreamCounts
    streams: dict[str, StreamCounts]
    lost: int | None
    doubled: int | None
    identified_by: str
    population_by: str | None
    rows: int | None
    conflicts: int
    not_in_pass: int
    contents_vary: bool
    environment: dict[str, Any]
    gate: Gate

    @property
    def most_doubled(self) -> int:
        """Samples trained more often than by a single process, in an epoch or in all."""
        return max(self.doubled or 0, 0, *(epoch.doubled or 0 for epoch in self.epochs))

    @property
    def unequal(self) -> list[SharedEpoch]:
        """The epochs in which not all processes, which all finished, made as many steps."""
        if any(end.outcome != FINISHED for end in self.ends):
            return []
        return [epoch for epoch in self.epochs if len(set(epoch.steps)) > 1]

    @property
    def findings(self) -> list[str]:
        """What is wrong, the worst first; nothing where the workers' share is sound."""
        outcomes = {end.outcome for end in self.ends}
        occurs = {
            HANGS: WAITED in outcomes,
            DIES: DIED in outcomes,
            UNEQUAL_STEPS: self.unequal,
            LOSES: self.lost,
            DOUBLES: self.most_doubled,
            UNMEASURED: self.unmeasured,
            INDEX_CONFLICT: self.conflicts,
            COVERAGE: self.below_minimum,
            RAGGED: any(epoch.ragged or epoch.empty for epoch in self.epochs),
            NEVER_TRAINED: any(c.never_trained for c in (self.whole, *self.streams.values())),
        }
        return [name for name in FAIL_ON if occurs.get(name) and name in self.gate.fail_on]

    def as_json(self) -> dict:
        """Return the report for JSON, in the words of an `AuditResult`."""
        counts = self.whole.as_json()
        population, coverage = counts.pop("samples"), counts.pop("coverage")
        return {
            "schema": SCHEMA,
            "strategy": self.strategy,
            "workers": self.workers,
            "findings": self.findings,
            "ends": [
                {"outcome": end.outcome, **end.stand._asdict(), "why": end.why} for end in self.ends
            ],
            "epochs": [{**epoch._asdict(), "never": self.never(epoch)} for epoch in self.epochs],
            "samples": {
                **self.samples_as_json(population),
                "lost": self.lost,
                "doubled": self.doubled,
                **counts,
            },
            "coverage": coverage,
            "streams": {name: counts.as_json() for name, counts in self.streams.items()},
            "unmeasured": list(self.unmeasured),
            "below_minimum": list(self.below_minimum),
            "environment": self.environment,
        }

    def never(self, epoch: SharedEpoch) -> int | None:
        """Count the samples that nobody trained in an epoch; None where it cannot be known."""
        samples = self.whole.samples
        return None if samples is None else samples - sum(epoch.trained_by)
