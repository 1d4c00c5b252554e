"""What a run trained of each stream: how much, how often, by when."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from epochwatch._exposures.counts import Counts
from epochwatch._exposures.coverage_theory import CouponCollector
from epochwatch._exposures.log import ExposureLog


class CountedStream(NamedTuple):
    """Samples to be counted together: int64 (samples,), ascending.

    `samples` says how many there are, of which some may never have been met; None where that is
    not known, and these are those that were met.
    """

    members: np.ndarray
    samples: int | None

    @classmethod
    def complete(cls, members: np.ndarray) -> "CountedStream":
        """Take some samples for all that there are."""
        return cls(members, len(members))


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
        drawn = CouponCollector(self.samples, 1).rounds_until_all() / an_epoch
        return {"in_order": math.ceil(self.samples / an_epoch), "drawn": round(drawn, 2)}

    def as_json(self) -> dict:
        return {
            "samples": self.samples,
            "trained": self.trained,
            "never_trained": self.never_trained,
            "exposures": exposure_range(self.exposures),
            "coverage": None if self.coverage is None else rounded_shares(self.coverage),
            "epochs_until_all": self.epochs_until_all,
            "epochs_expected": self.epochs_expected,
        }


class RunCounts(NamedTuple):
    """What a run trained, in all and of each stream.

    Attributes:
        whole: the counts over all samples.
        streams: the same by stream.
        population_by: how the number of samples is known; see `AuditResult`.
        not_in_pass: samples trained that one pass of the feed does not have.
        contents_vary: whether no sample can be told from another.
    """

    whole: StreamCounts
    streams: dict[str, StreamCounts]
    population_by: str | None
    not_in_pass: int
    contents_vary: bool


def exposure_range(exposures: np.ndarray) -> dict | None:
    """Return minimum, median and maximum of the exposures; None for no sample."""
    if not len(exposures):
        return None
    return {
        "min": int(exposures.min()),
        "median": float(np.median(exposures)),
        "max": int(exposures.max()),
    }


def rounded_shares(shares: np.ndarray) -> list[float]:
    """Write shares with six digits, never a 1.0 that is not one."""
    return [min(round(float(s), 6), 1.0 if s == 1 else 0.999999) for s in shares]


def counts_of(counts: Counts, stream: CountedStream, coverage: np.ndarray | None) -> StreamCounts:
    """Count what a run trained of a stream; `coverage` is that of its members, by epoch."""
    exposures = counts.of_samples(stream.members)
    trained = int(np.count_nonzero(exposures))
    if stream.samples is None:
        return StreamCounts(None, trained, exposures[exposures > 0], None)
    never_met = np.zeros(stream.samples - len(stream.members), np.int64)
    # Whole numbers first, so that everything is a share of exactly 1.
    shares = np.round(coverage * len(stream.members)) / stream.samples
    return StreamCounts(stream.samples, trained, np.append(exposures, never_met), shares)


def count_streams(
    log: ExposureLog, counts: Counts, steps_run: tuple[int, ...], streams: dict
) -> dict[str, StreamCounts]:
    """Count what a run trained of each stream, by name, in one way through its log."""
    known = {name: each.members for name, each in streams.items() if each.samples is not None}
    shares = log.coverage(known) if known else {}
    # An epoch that trained nothing has left no batch, and covers what the one before did.
    epoch = np.cumsum(np.array(steps_run, int) > 0)
    coverage = {name: np.append(0.0, share)[epoch] for name, share in shares.items()}
    return {name: counts_of(counts, stream, coverage.get(name)) for name, stream in streams.items()}
