"""How often each sample was trained, and what part of a stream was trained at all."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np


class Counts(Mapping):
    """Exposures per index: a mapping, and the two arrays behind it.

    Attributes:
        index: int64 (samples,), ascending; only samples trained at least once.
        exposures: int64 (samples,), how often each was trained.

    Example:
        >>> counts = Counts.of([np.array([5, 3, 5])])
        >>> counts[5], counts.exposures
        (2, array([1, 2]))
    """

    def __init__(self, index: np.ndarray, exposures: np.ndarray):
        self.index = index
        self.exposures = exposures

    @classmethod
    def of(cls, chunks: Iterable[np.ndarray]) -> "Counts":
        """Count indices that come in chunks; memory grows with the samples only.

        Args:
            chunks: int64 arrays.

        Returns:
            The counts.
        """
        total = cls(np.empty(0, np.int64), np.empty(0, np.int64))
        for chunk in chunks:
            total = total.plus(cls(*np.unique(chunk, return_counts=True)))
        return total

    def plus(self, other: "Counts") -> "Counts":
        """Add other counts to these.

        Args:
            other: the other counts.

        Returns:
            New counts of both.
        """
        index, place = np.unique(np.append(self.index, other.index), return_inverse=True)
        exposures = np.zeros(len(index), np.int64)
        np.add.at(exposures, place, np.append(self.exposures, other.exposures))
        return Counts(index, exposures)

    def of_samples(self, index: np.ndarray) -> np.ndarray:
        """Look up many samples at once.

        Args:
            index: int64 (n,), which samples.

        Returns:
            int64 (n,), how often each was trained; 0 for never.
        """
        if not len(self.index):
            return np.zeros(len(index), np.int64)
        place = np.minimum(np.searchsorted(self.index, index), len(self.index) - 1)
        return np.where(self.index[place] == index, self.exposures[place], 0)

    def trained_of(self, index: np.ndarray) -> int:
        """Count the samples of a stream that were trained at least once.

        Args:
            index: int64 (samples,), the stream.

        Returns:
            How many of them.
        """
        return int(np.count_nonzero(self.of_samples(index)))

    def __getitem__(self, index: int) -> int:
        place = np.searchsorted(self.index, index)
        if place == len(self.index) or self.index[place] != index:
            raise KeyError(index)
        return int(self.exposures[place])

    def __iter__(self) -> Iterator[int]:
        return iter(self.index.tolist())

    def __len__(self) -> int:
        return len(self.index)


def coverage(epochs: Iterable[Iterable[np.ndarray]], stream: np.ndarray) -> np.ndarray:
    """Say what part of a stream has been trained by the end of each epoch.

    Args:
        epochs: per epoch the chunks of indices trained in it.
        stream: int64 (samples,), the indices of the stream.

    Returns:
        float64 (epochs,), from 0 to 1.
    """
    stream = np.unique(stream)
    trained = np.zeros(len(stream), dtype=bool)
    shares = []
    for chunks in epochs:
        for chunk in chunks:
            trained |= np.isin(stream, chunk)
        shares.append(trained.mean())
    return np.array(shares, np.float64)
