"""A mean and where it lies."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean and where it lies (Student's t); both ends are the mean of one.

    Attributes:
        mean: of the values.
        low: lower end.
        high: upper end.
        of: how many values.
    """

    mean: float
    low: float
    high: float
    of: int

    @property
    def written(self) -> str:
        """The mean, and its interval where three values or more make it worth telling."""
        ends = (
            f" ({self.low:.4f} to {self.high:.4f})" if self.of > 2 and self.low < self.high else ""
        )
        return f"{self.mean:.4f}{ends}"

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside; of one value nothing is known."""
        return self.of > 1 and (self.low > 0 or self.high < 0)


def interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Estimate a mean.

    Args:
        values: one or more.
        confidence: with which the mean lies in the interval, from 0 to 1.

    Returns:
        The interval.

    Example:
        >>> interval([0.5, 0.75, 1.0])
        Interval(mean=0.75, low=0.12896557206241743, high=1.3710344279375826, of=3)
    """
    from scipy import stats

    mean, many = statistics.fmean(values), len(values)
    error = statistics.stdev(values) / many**0.5 if many > 1 else 0.0
    half = stats.t.ppf((1 + confidence) / 2, many - 1) * error if error else 0.0
    return Interval(mean, float(mean - half), float(mean + half), many)
