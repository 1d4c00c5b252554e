"""What an audit found: verdict, evidence and counts, as data."""

import dataclasses
import math
from typing import Any, NamedTuple

import numpy as np

from epochwatch.auditing.expectation import Expectation
from epochwatch.exposures.counts import Counts
from epochwatch.exposures.verdict import Verdict

SCHEMA = 1
ALWAYS_FINDINGS = ("restarts", "skips", "replays", "runs dry", "overruns")
INDEX_CONFLICTS = "index conflicts"
DISAGREES = "disagrees"
PASSED_OVER = "passed over"
FINDINGS = (*ALWAYS_FINDINGS, PASSED_OVER, INDEX_CONFLICTS, DISAGREES)
FAIL_ON = (*FINDINGS, "reshuffles", "never trained")


class Stream(NamedTuple):
    """Samples to be counted together.

    Attributes:
        members: int64 (samples,), ascending.
        whole: whether these are all; False for those that were met, of a feed without end.
    """

    members: np.ndarray
    whole: bool


@dataclasses.dataclass(frozen=True)
class StreamCounts:
    """What a run trained of one stream.

    Attributes:
        samples: in the stream; None where the feed has no end and nothing names them.
        trained: of them, at least once.
        exposures: int64, how often each was trained; of the trained ones only where the
            samples are not known.
        coverage: float64 (epochs,), share trained by the end of each; None likewise.
    """

    samples: int | None
    trained: int
    exposures: np.ndarray
    coverage: np.ndarray | None

    @property
    def never_trained(self) -> int | None:
        """Samples never trained."""
        return None if self.samples is None else self.samples - self.trained

    @property
    def epochs_until_all(self) -> int | None:
        """Epochs until every sample had been trained; None if not all were."""
        if self.coverage is None or self.samples != self.trained:
            return None
        return int(np.argmax(self.coverage == self.coverage[-1])) + 1

    @property
    def epochs_expected(self) -> dict | None:
        """The closed form of that: samples taken in order, or drawn with replacement.

        With N samples and k exposures an epoch, in order ceil(N / k); drawn at random
        N (1 + 1/2 + … + 1/N) / k, the coupon collector's mean.
        """
        total = int(self.exposures.sum())
        if not self.samples or not total:
            return None
        an_epoch = total / len(self.coverage)
        harmonic = float(np.sum(1 / np.arange(1, self.samples + 1)))
        drawn = self.samples * harmonic / an_epoch
        return {"in_order": math.ceil(self.samples / an_epoch), "drawn": round(drawn, 2)}

    def as_json(self) -> dict:
        """Return the counts for JSON."""
        return {
            "samples": self.samples,
            "trained": self.trained,
            "never_trained": self.never_trained,
            "exposures": spread(self.exposures),
            "coverage": None if self.coverage is None else rounded(self.coverage),
            "epochs_until_all": self.epochs_until_all,
            "epochs_expected": self.epochs_expected,
        }


def spread(exposures: np.ndarray) -> dict | None:
    """Return minimum, median and maximum of the exposures; None for no sample."""
    if not len(exposures):
        return None
    return {
        "min": int(exposures.min()),
        "median": float(np.median(exposures)),
        "max": int(exposures.max()),
    }


def rounded(shares: np.ndarray) -> list[float]:
    """Write shares with six digits, never a 1.0 that is not one."""
    return [min(round(float(s), 6), 1.0 if s == 1 else 0.999999) for s in shares]


@dataclasses.dataclass(frozen=True)
class Report:
    """What an audit found.

    Attributes:
        judged: the verdict and the boundaries that prove it.
        whole: the counts over all samples.
        streams: the same by stream.
        identified_by: "index" or "content".
        rows: samples in one pass as often as they come; None where there is no end.
        strangers: samples trained that one pass of the feed does not have; where samples are
            identified by content, a feed that changes them (augmentation) has such.
        conflicts: indices that came with different contents; 0 where most samples do in every
            pass (augmentation).
        passed_over: batches delivered, never trained, while a later one was.
        expected: what was to be expected, and why.
        environment: versions and backend.
        minimum_coverage: asked of every stream, from 0 to 1; None for nothing.
        fail_on: names of what counts as a finding, of `FAIL_ON`.
        length: batches in one pass of the feed; None where it has no end, or none was met.
    """

    judged: Verdict
    whole: StreamCounts
    streams: dict[str, StreamCounts]
    identified_by: str
    rows: int | None
    strangers: int
    conflicts: int
    passed_over: int
    expected: Expectation
    environment: dict[str, Any]
    minimum_coverage: float | None = None
    fail_on: tuple[str, ...] = FINDINGS
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
    def findings(self) -> list[str]:
        """What is wrong, the worst first; nothing where the feed is sound."""
        occur = {b.verdict for b in self.judged.boundaries} | set(self.judged.step_findings)
        occur |= {self.verdict}
        if self.passed_over:
            occur.add(PASSED_OVER)
        if self.conflicts:
            occur.add(INDEX_CONFLICTS)
        if self.agrees is False:
            occur.add(DISAGREES)
        if self.whole.never_trained or any(s.never_trained for s in self.streams.values()):
            occur.add("never trained")
        found = [name for name in FAIL_ON if name in occur and name in self.fail_on]
        return found + [f"coverage of {name} below the minimum" for name in self.too_little()]

    def too_little(self) -> list[str]:
        """Name the streams of which less was trained than asked; unknown counts as less."""
        if self.minimum_coverage is None:
            return []
        named = self.streams or {"all samples": self.whole}
        return [
            name
            for name, counts in named.items()
            if counts.coverage is None or counts.coverage[-1] < self.minimum_coverage
        ]

    @property
    def sound(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    def as_json(self) -> dict:
        """Return the report for JSON: the stable part of it, and the findings."""
        whole = self.whole
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "findings": self.findings,
            "boundaries": list(boundaries_of(self.judged)),
            "steps": {
                "asked": self.judged.steps_asked,
                "run": list(self.judged.steps_run),
                "findings": list(self.judged.step_findings),
            },
            "samples": {
                "identified_by": self.identified_by,
                "population": whole.samples,
                "rows": self.rows,
                "index_conflicts": self.conflicts,
                "not_in_the_pass": self.strangers,
                "trained": whole.trained,
                "never_trained": whole.never_trained,
                "exposures": spread(whole.exposures),
                "epochs_until_all": whole.epochs_until_all,
                "epochs_expected": whole.epochs_expected,
            },
            "coverage": None if whole.coverage is None else rounded(whole.coverage),
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

    def __str__(self) -> str:
        from epochwatch.auditing.table import as_text

        return as_text(self)

    def draw(self):
        """Draw the report.

        Returns:
            A `matplotlib.figure.Figure`: how often each sample was trained, and the coverage.
        """
        from epochwatch.figures import audit

        return audit.draw(self)


def boundaries_of(judged: Verdict):
    """List every boundary, judged or not, with the batches before and after it."""
    verdicts = {id(b.before): b.verdict for b in judged.boundaries}
    for before, after in zip(judged.epochs, judged.epochs[1:], strict=False):
        yield {
            "after": {"fit": before.fit, "epoch": before.epoch},
            "verdict": verdicts.get(id(before)),
            "last": before.last.tolist(),
            "first": after.first.tolist(),
        }


def counts_of(counts: Counts, stream: Stream, coverage: np.ndarray | None) -> StreamCounts:
    """Count what a run trained of a stream.

    Args:
        counts: of all exposures.
        stream: its samples.
        coverage: of it, float64 (epochs,); None where the stream is not whole.

    Returns:
        The counts.
    """
    exposures = counts.of_samples(stream.members)
    trained = int(np.count_nonzero(exposures))
    if stream.whole:
        return StreamCounts(len(stream.members), trained, exposures, coverage)
    return StreamCounts(None, trained, exposures[exposures > 0], None)


def passed_over(judged: Verdict, length: int | None) -> int:
    """Count the batches that were delivered, never trained, while a later one was.

    A batch passed over at one boundary may have been trained at another, or by a later pass.

    Args:
        judged: the run.
        length: batches in one pass, where it is known.

    Returns:
        Batches.
    """
    places = set()
    for first, epoch in zip(judged.first_places or (), judged.epochs, strict=False):
        places.update(range(first, first + epoch.steps))
    trained = {place % length for place in places} if length else places
    return len(set(range(max(trained, default=-1))) - trained)
