"""What an audit found: verdict, evidence and counts, as data."""

import dataclasses
import itertools
from typing import Any

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.expectation import Expectation
from epochwatch._auditing.request import DISAGREES, FAIL_ON, INDEX_CONFLICTS, PASSED_OVER, Gate
from epochwatch._exposures.verdict import Verdict

SCHEMA = 1


@dataclasses.dataclass(frozen=True)
class AuditResult:
    """What an audit found.

    Attributes:
        judged: the verdict and the boundaries that prove it.
        whole: the counts over all samples.
        streams: the same by stream.
        identified_by: "index" or "content".
        rows: samples in one pass as often as they come; None where there is no end.
        not_in_pass: samples trained that one pass of the feed does not have; where samples are
            identified by content, a feed that changes them (augmentation) has such.
        conflicts: indices that came with different contents; 0 where most samples do in every
            pass (augmentation).
        passed_over: batches delivered, never trained, while a later one was.
        expected: what was to be expected, and why.
        environment: versions and backend.
        gate: what counts as a finding.
        length: batches in one pass of the feed; None where it has no end, or none was met.
    """

    judged: Verdict
    whole: StreamCounts
    streams: dict[str, StreamCounts]
    identified_by: str
    rows: int | None
    not_in_pass: int
    conflicts: int
    passed_over: int
    expected: Expectation
    environment: dict[str, Any]
    gate: Gate = dataclasses.field(default_factory=Gate)
    length: int | None = None

    @property
    def verdict(self) -> str | None:
        """The worst that happened to the feed; see `exposures.verdict`."""
        return self.judged.verdict

    @property
    def agrees(self) -> bool | None:
        """Whether what was expected was observed; None where nothing could be told."""
        return self.expected.agrees_with(self.judged)

    @property
    def boundaries(self) -> list[dict]:
        """Every boundary, judged or not, with the batches before and after it."""
        judged = self.judged
        verdicts = [boundary.verdict for boundary in judged.boundaries]
        return [
            {
                "after": {"fit": before.fit, "epoch": before.epoch},
                "verdict": verdict,
                "last": before.last.tolist(),
                "first": after.first.tolist(),
            }
            # Without an order there is no verdict; the batches are shown all the same.
            for (before, after), verdict in itertools.zip_longest(
                itertools.pairwise(judged.epochs), verdicts
            )
        ]

    @property
    def findings(self) -> list[str]:
        """What is wrong, the worst first; nothing where the feed is sound."""
        judged = self.judged
        occur = {judged.verdict, *judged.step_findings, *(b.verdict for b in judged.boundaries)}
        besides = {
            PASSED_OVER: self.passed_over,
            INDEX_CONFLICTS: self.conflicts,
            DISAGREES: self.agrees is False,
            "never trained": any(c.never_trained for c in (self.whole, *self.streams.values())),
        }
        occur |= {name for name, occurs in besides.items() if occurs}
        findings = [name for name in FAIL_ON if name in occur and name in self.gate.fail_on]
        too_little = self._streams_below_the_minimum()
        return findings + [f"coverage of {name} below the minimum" for name in too_little]

    def _streams_below_the_minimum(self) -> list[str]:
        # What is not known counts as less.
        if self.gate.min_coverage is None:
            return []
        named = self.streams or {"all samples": self.whole}
        return [
            name
            for name, counts in named.items()
            if counts.coverage is None or counts.coverage[-1] < self.gate.min_coverage
        ]

    @property
    def sound(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def as_json(self) -> dict:
        """Return the report for JSON: the stable part of it, and the findings."""
        counts = self.whole.as_json()
        population, coverage = counts.pop("samples"), counts.pop("coverage")
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "findings": self.findings,
            "boundaries": self.boundaries,
            "steps": {
                "asked": self.judged.steps_asked,
                "run": list(self.judged.steps_run),
                "findings": list(self.judged.step_findings),
            },
            "samples": {
                "identified_by": self.identified_by,
                "population": population,
                "rows": self.rows,
                "index_conflicts": self.conflicts,
                "not_in_the_pass": self.not_in_pass,
                **counts,
            },
            "coverage": coverage,
            "batches": {
                "trained": sum(epoch.steps for epoch in self.judged.epochs),
                "in_a_pass": self.length,
                "passed_over": self.passed_over,
                "produced": None,
            },
            "streams": {name: counts.as_json() for name, counts in self.streams.items()},
            "expected": {**self.expected.as_json(), "agrees": self.agrees},
            "environment": self.environment,
        }
