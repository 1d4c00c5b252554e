"""What an epoch of balanced batches holds, whichever stream it is counted by.

A batch takes as many samples of the minority as of the majority, so an epoch that goes through
the one stream once takes the other in part, or several times. How soon random samples have seen
a whole stream stands in `epochwatch.exposures.CouponCollector`.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from epochwatch.exposures import Counts, ExposureLog, coverage


class EpochAdvice(NamedTuple):
    """How to call `fit`, and what its callbacks should wait for.

    Attributes:
        steps: for `steps_per_epoch`.
        patience: epochs that a callback should wait at least, so that it sees a whole pass.
        decay: factor of the learning rate after each epoch.
    """

    steps: int
    patience: int
    decay: float


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

    def advise(self, validations: int, decay: float) -> EpochAdvice:
        """Choose the length of an epoch, and turn what is meant for a pass into epochs.

        Args:
            validations: wanted while the majority is gone through once.
            decay: factor of the learning rate that is meant for such a pass.

        Returns:
            The advice.

        Example:
            >>> EpochLengths(67, 6658).advise(10, 0.9)
            EpochAdvice(steps=666, patience=10, decay=0.9895192582062144)
        """
        steps = self.validated_epoch(validations)
        epochs = -(-self.majority // steps)
        return EpochAdvice(steps, epochs, decay ** (1 / epochs))

    def as_json(self) -> dict[str, int]:
        """List the lengths as JSON can have them."""
        return {**self._asdict(), "minority_epochs": self.minority_epochs}


class EpochContent(NamedTuple):
    """What one epoch holds.

    Attributes:
        minority_exposures: of the least and of the most trained minority sample.
        majority_seen: majority samples trained at least once.
    """

    minority_exposures: tuple[int, int]
    majority_seen: int


def expected_content(samples: Mapping[str, int], draws: int) -> EpochContent:
    """Expect what an epoch holds, if each stream is read in order and begins again at its end.

    Args:
        samples: in the `minority` and in the `majority`.
        draws: samples that the epoch takes from either.

    Returns:
        The content.
    """
    exposures = exposures_in_turn(samples["minority"], draws)
    return EpochContent(exposures, min(draws, samples["majority"]))


def counted_content(
    batches: Iterable, steps: int, indices: Mapping[str, np.ndarray]
) -> EpochContent:
    """Count what the first steps of a record hold.

    Args:
        batches: trained batches, as `ExposureLog.batches` gives them.
        steps: of the epoch.
        indices: of the samples of the `minority` and of the `majority`.

    Returns:
        The content.
    """
    counts = Counts.from_chunks(next(recut_epochs(batches, steps)))
    exposures = counts.of_samples(indices["minority"])
    seen = counts.trained_of(indices["majority"])
    return EpochContent((int(exposures.min()), int(exposures.max())), seen)


def same_samples(mine: ExposureLog, theirs: ExposureLog) -> bool:
    """Compare what two trainings trained on, in order, wherever their epochs ended."""
    batches = itertools.zip_longest(mine.batches(), theirs.batches())
    return all(
        here and there and np.array_equal(here.index, there.index) for here, there in batches
    )


def seen_by_epoch(batches: Iterable, steps: int, stream: np.ndarray) -> np.ndarray:
    """Count what part of a stream a record has trained by the end of each epoch.

    Args:
        batches: trained batches, as `ExposureLog.batches` gives them.
        steps: to an epoch, whatever `fit` called one.
        stream: the indices of its samples.

    Returns:
        float64 (epochs,), from 0 to 1.
    """
    return coverage(recut_epochs(batches, steps), {"stream": stream})["stream"]


def epochs_until_all(seen: np.ndarray) -> int | None:
    """Count the epochs until a whole stream was trained.

    Args:
        seen: what part of it was trained by the end of each epoch.

    Returns:
        How many; None where some samples never were.

    Example:
        >>> epochs_until_all(np.array([0.5, 1.0, 1.0])), epochs_until_all(np.array([0.5, 0.9]))
        (2, None)
    """
    return int(np.argmax(seen == 1)) + 1 if seen[-1] == 1 else None


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
