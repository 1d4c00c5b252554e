"""A mean and where it lies."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean and where it lies (Student's t); both ends are the mean of a single value.

    Attributes:
        mean: of the values.
        low: lower end.
        high: upper end.
        sample_size: how many values there were.
    """

    mean: float
    low: float
    high: float
    sample_size: int

    @property
    def written(self) -> str:
        """The mean, and its interval where three values or more make it worth a look."""
        is_shown = self.sample_size > 2 and self.low < self.high
        ends = f" ({self.low:.4f} to {self.high:.4f})" if is_shown else ""
        return f"{self.mean:.4f}{ends}"

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside; of one value nothing is known."""
        return self.sample_size > 1 and (self.low > 0 or self.high < 0)


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Estimate a mean.

    Args:
        values: one or more.
        confidence: with which the mean lies in the interval, from 0 to 1.

    Returns:
        The interval.

    Example:
        >>> mean_interval([0.5, 0.75, 1.0])
        Interval(mean=0.75, low=0.12896557206241743, high=1.3710344279375826, sample_size=3)
    """
    from scipy import stats

    mean, size = statistics.fmean(values), len(values)
    error = statistics.stdev(values) / size**0.5 if size > 1 else 0.0
    if not error:  # of which SciPy makes NaN
        return Interval(mean, mean, mean, size)
    low, high = stats.t.interval(confidence, size - 1, loc=mean, scale=error)
    return Interval(mean, float(low), float(high), size)
