"""What an audit found: verdict, evidence and counts, as data."""

import dataclasses
import itertools
from typing import Any

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.expectation import Expectation
from epochwatch._auditing.loss import Loss
from epochwatch._auditing.request import (
    ALIKE,
    COVERAGE,
    DISAGREES,
    FAIL_ON,
    INDEX_CONFLICT,
    LOSES,
    NEVER_TRAINED,
    NOT_RESUMABLE,
    PASSED_OVER,
    UNMEASURED,
    Gate,
)
from epochwatch._auditing.resumption import Resumption
from epochwatch._auditing.variety import Order
from epochwatch._exposures.verdict import Verdict

SCHEMA = 2


class Measured:
    """What two kinds of audit have in common: they know of their counts, or do not."""

    @property
    def named_counts(self) -> dict[str, StreamCounts]:
        """The counts that a minimum of coverage holds for, by name."""
        return self.streams or {"all samples": self.whole}

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """What cannot be known, each with its remedy."""
        if self.contents_vary:
            return (
                "the feed changes the samples' contents in each pass (augmentation, perhaps), so "
                'they cannot be recognised; give them an index: {"label": …, "index": …}',
            )
        if self.gate.min_coverage is None:
            return ()
        return tuple(
            f"the coverage of {name}: no pass of the feed came to an end, so it is not known how "
            "many samples there are; give population"
            for name, counts in self.named_counts.items()
            if counts.coverage is None
        )

    @property
    def below_minimum(self) -> tuple[str, ...]:
        """The streams of which less was trained than the least that was asked for."""
        least = self.gate.min_coverage
        return tuple(
            name
            for name, counts in self.named_counts.items()
            if least is not None and counts.coverage is not None and counts.coverage[-1] < least
        )

    @property
    def sound(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def samples_as_json(self, population: int | None) -> dict:
        """Return for JSON how samples are known, and how many there are."""
        return {
            "identified_by": self.identified_by,
            "population": population,
            "population_by": self.population_by,
            "rows": self.rows,
            "index_conflicts": self.conflicts,
            "not_in_the_pass": self.not_in_pass,
        }


@dataclasses.dataclass(frozen=True)
class AuditResult(Measured):
    """What an audit found.

    Attributes:
        judged: the verdict and the boundaries that prove it.
        whole: the counts over all samples.
        streams: the same by stream.
        loss: what was lost; None where it cannot be known.
        order: what is known of the order that was trained in.
        identified_by: "index" or "content".
        population_by: how the number of samples is known: "pass", "given" or "came round";
            None where it is not.
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
        contents_vary: whether samples are told apart by contents that are others in each pass.
        resumption: whether a killed training goes on as before; None where that was not asked.
    """

    judged: Verdict
    whole: StreamCounts
    streams: dict[str, StreamCounts]
    loss: Loss | None
    order: Order
    identified_by: str
    population_by: str | None
    rows: int | None
    not_in_pass: int
    conflicts: int
    passed_over: int
    expected: Expectation
    environment: dict[str, Any]
    gate: Gate = dataclasses.field(default_factory=Gate)
    length: int | None = None
    contents_vary: bool = False
    resumption: Resumption | None = None

    @property
    def verdict(self) -> str | None:
        """The worst that happened to the feed; see `exposures.verdict`."""
        return self.judged.verdict

    @property
    def agrees(self) -> bool | None:
        """Whether what was expected was observed; None where nothing could be told."""
        return self.expected.agrees_with(self.judged)

    @property
    def reachable(self) -> int | None:
        """Samples that as many steps reach; None where it cannot be known."""
        return None if self.loss is None else self.loss.reachable

    @property
    def lost(self) -> int | None:
        """Samples that are reachable and were never trained; None where it cannot be known."""
        return None if self.loss is None else self.loss.lost

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
            LOSES: self.lost,
            ALIKE: self.order.alike,
            UNMEASURED: self.unmeasured,
            DISAGREES: self.agrees is False,
            PASSED_OVER: self.passed_over,
            INDEX_CONFLICT: self.conflicts,
            COVERAGE: self.below_minimum,
            NOT_RESUMABLE: self.resumption and not self.resumption.is_exact,
            NEVER_TRAINED: any(c.never_trained for c in (self.whole, *self.streams.values())),
        }
        occur |= {name for name, occurs in besides.items() if occurs}
        return [name for name in FAIL_ON if name in occur and name in self.gate.fail_on]

    def as_json(self) -> dict:
        """Return the report for JSON: the stable part of it, and the findings."""
        counts = self.whole.as_json()
        population, coverage = counts.pop("samples"), counts.pop("coverage")
        resume = {"resume": self.resumption.as_json()} if self.resumption else {}
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
                **self.samples_as_json(population),
                "reachable": self.reachable,
                "lost": self.lost,
                **counts,
            },
            "order": self.order._asdict(),
            "coverage": coverage,
            "batches": {
                "trained": sum(epoch.steps for epoch in self.judged.epochs),
                "in_a_pass": self.length,
                "passed_over": self.passed_over,
            },
            "streams": {name: counts.as_json() for name, counts in self.streams.items()},
            "unmeasured": list(self.unmeasured),
            "below_minimum": list(self.below_minimum),
            "expected": {**self.expected.as_json(), "agrees": self.agrees},
            "environment": self.environment,
            **resume,
        }
