"""What an epoch of balanced batches holds, whichever stream it is counted by.

A batch takes as many samples of the minority as of the majority, so an epoch that goes through
the one stream once takes the other in part, or several times. How soon random samples have seen
a whole stream stands in `epochwatch.exposures.CouponCollector`.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np


class EpochLengths(NamedTuple):
    """The two epochs, in steps.

    Attributes:
        minority: as many as it takes to go once through the minority.
        majority: as many as it takes to go once through the majority.
    """

    minority: int
    majority: int

    @classmethod
    def from_samples(cls, minority: int, majority: int, samples_a_step: int) -> "EpochLengths":
        """Count the steps.

        Args:
            minority: samples in the minority.
            majority: samples in the majority.
            samples_a_step: samples of each in a batch.

        Returns:
            Both lengths.

        Example:
            >>> lengths = EpochLengths.from_samples(6742, 53258, 8)
            >>> lengths, lengths.minority_epochs
            (EpochLengths(minority=843, majority=6658), 8)
        """
        return cls(-(-minority // samples_a_step), -(-majority // samples_a_step))

    @property
    def minority_epochs(self) -> int:
        """Minority epochs until the whole majority has been seen, taken in order or shuffled."""
        return -(-self.majority // self.minority)

    def validated_epoch(self, times: int) -> int:
        """Choose how long an epoch of `fit` must be for enough validations and not too many.

        Args:
            times: validations wanted while the majority is gone through once.

        Returns:
            Steps; never fewer than a minority epoch, so that none ends before the minority
            has been gone through.

        Example:
            >>> EpochLengths(67, 6658).validated_epoch(10)
            666
            >>> EpochLengths(843, 6658).validated_epoch(10)
            843
        """
        return max(self.minority, -(-self.majority // times))


def exposures_in_turn(samples: int, draws: int) -> tuple[int, int]:
    """Count how often a sample is trained when none comes again before all have had their turn.

    Args:
        samples: in the stream.
        draws: samples taken from it.

    Returns:
        Exposures of the least and of the most trained sample.

    Example:
        >>> exposures_in_turn(6742, 6658 * 8)
        (7, 8)
    """
    return draws // samples, -(-draws // samples)


def exposures_by_draw(samples: int, draws: int) -> tuple[float, float]:
    """Expect how often a sample is trained when all are drawn with replacement.

    Args:
        samples: in the stream.
        draws: samples taken from it.

    Returns:
        Mean and standard deviation of its exposures, which are binomial.

    Example:
        >>> "{:.2f} ± {:.2f}".format(*exposures_by_draw(6742, 6658 * 8))
        '7.90 ± 2.81'
    """
    mean = draws / samples
    return mean, math.sqrt(mean * (1 - 1 / samples))


def recut_epochs(batches: Iterable, steps: int) -> Iterator[list[np.ndarray]]:
    """Cut a record into epochs of another length, the last as short as it comes.

    Args:
        batches: trained batches, as `ExposureLog.batches` gives them.
        steps: to an epoch.

    Yields:
        The indices of one epoch in a single chunk, as `coverage` and `Counts.from_chunks` take
        chunks.
    """
    indices = (batch.index for batch in batches)
    while epoch := list(itertools.islice(indices, steps)):
        yield [np.concatenate(epoch)]
