"""How often each sample was trained, and what part of a stream was trained at all."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from epochwatch._text import count_of
from epochwatch.errors import BadInput

DENSE = 16  # integers a sample: where fewer lie between them, a table is faster than sorting
# The same for a table that is kept, of 8 bytes an integer: merging takes as much a sample.
DENSE_KEPT = 8


class Counts(Mapping):
    """Exposures per index: a mapping, and the two arrays behind it.

    Attributes:
        index: int64 (samples,), ascending; only samples trained at least once.
        exposures: int64 (samples,), how often each was trained.

    Example:
        >>> counts = Counts.from_chunks([np.array([5, 3, 5])])
        >>> counts[5], counts.exposures
        (2, array([1, 2]))
        >>> counts
        2 samples trained, 3 exposures; each sample 1 to 2 times, median 1.5
    """

    def __init__(self, index: np.ndarray, exposures: np.ndarray):
        self.index = index
        self.exposures = exposures

    @classmethod
    def from_chunks(cls, chunks: Iterable[np.ndarray]) -> "Counts":
        """Count indices that come in chunks.

        Args:
            chunks: int64 arrays (n,), each index once an exposure.

        Returns:
            The counts. Memory grows with the samples, not with the exposures.
        """
        table = CountTable()
        for chunk in chunks:
            # Chunk by chunk, so that no more than one of them is in memory.
            table.add(chunk)
        return table.counts()

    def plus(self, other: "Counts") -> "Counts":
        """Add other counts to these.

        Args:
            other: of the same samples or of others.

        Returns:
            New counts; neither of the two is changed.
        """
        index = np.append(self.index, other.index)
        order = np.argsort(index, kind="stable")  # two ascending runs: merged, not sorted
        index, exposures = index[order], np.append(self.exposures, other.exposures)[order]
        # Where an index stands for the first time; cut because np.append makes one of nothing.
        first = np.flatnonzero(np.append(True, index[1:] != index[:-1])[: len(index)])
        return Counts(index[first], np.add.reduceat(exposures, first))

    def of_samples(self, index: np.ndarray) -> np.ndarray:
        """Look up many samples at once.

        Args:
            index: int64 (n,), which samples.

        Returns:
            int64 (n,), how often each was trained; 0 for never.
        """
        if not len(self.index):
            return np.zeros(len(index), np.int64)
        # An index beyond the last has no place; at the last one it is found to be another.
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

    def __repr__(self) -> str:
        if not len(self):
            return "0 samples trained"
        low, high, median = self.exposures.min(), self.exposures.max(), np.median(self.exposures)
        spread = f"{low:,} to {high:,} times, median {median:,.12g}"
        trained, total = count_of(len(self), "sample"), count_of(self.exposures.sum(), "exposure")
        each = count_of(low, "time") if low == high else spread
        return f"{trained} trained, {total}; each sample {each}"


def coverage(
    epochs: Iterable[Iterable[np.ndarray]], streams: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Compute what part of each stream has been trained by the end of each epoch.

    Args:
        epochs: chunks of the indices trained, int64, epoch by epoch; they are read once,
            however many streams there are.
        streams: int64 (samples,), the indices of each stream, by its name.

    Returns:
        float64 (epochs,) for each stream, from 0 to 1.

    Raises:
        BadInput: a stream is empty, or does not hold integers.

    Example:
        >>> coverage([[np.array([4, 5])], [np.array([6, 4])]], {"even": np.array([4, 6])})
        {'even': array([0.5, 1. ])}
    """
    sides = {name: StreamCoverage(name, stream) for name, stream in streams.items()}
    shares = {name: [] for name in sides}
    for chunks in epochs:
        for chunk in chunks:
            for side in sides.values():
                side.mark(chunk)
        for name, side in sides.items():
            shares[name].append(side.share())
    return {name: np.array(by_epoch, np.float64) for name, by_epoch in shares.items()}


def _count_chunk(chunk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(chunk) and chunk.min() >= 0 and chunk.max() < DENSE * len(chunk):
        exposures = np.bincount(chunk)
        index = np.flatnonzero(exposures)
        return index, exposures[index]
    return np.unique(chunk, return_counts=True)


class CountTable:
    """Exposures as they are counted, with a row to an integer as far as the indices lie dense.

    Merging sorted samples takes as long as there are samples, chunk after chunk; in the table
    a chunk takes as long as it has exposures. Samples beyond the table are merged.
    """

    def __init__(self):
        self._dense = np.zeros(0, np.int64)  # exposures of 0, 1, 2, …
        self._beyond = Counts(np.empty(0, np.int64), np.empty(0, np.int64))

    def add(self, chunk: np.ndarray) -> None:
        """Count the indices of a chunk."""
        if not len(chunk):
            return
        if chunk.min() >= 0 and chunk.max() < len(self._dense):
            np.add.at(self._dense, chunk, 1)
        else:
            self._beyond = self._beyond.plus(Counts(*_count_chunk(chunk)))
            self._move_into_table()
            self._grow_table()
            self._move_into_table()

    def counts(self) -> Counts:
        """Return what has been counted."""
        index = np.flatnonzero(self._dense)
        dense = Counts(index, self._dense[index])
        return dense.plus(self._beyond) if len(self._beyond) else dense

    def _grow_table(self) -> None:
        """Make room for the samples beyond the table that lie dense."""
        limit = DENSE_KEPT * (np.count_nonzero(self._dense) + len(self._beyond))
        near = self._beyond.index[: np.searchsorted(self._beyond.index, limit)]
        if len(near) and near[-1] >= len(self._dense):
            # Twice as large at least: where indices ascend, each chunk has higher ones.
            grown = np.zeros(max(near[-1] + 1, min(2 * len(self._dense), limit)), np.int64)
            grown[: len(self._dense)] = self._dense
            self._dense = grown

    def _move_into_table(self) -> None:
        index, exposures = self._beyond.index, self._beyond.exposures
        low, high = np.searchsorted(index, [0, len(self._dense)])
        self._dense[index[low:high]] += exposures[low:high]
        outside = np.r_[:low, high : len(index)]
        self._beyond = Counts(index[outside], exposures[outside])


class StreamCoverage:
    """A stream, and which of its samples have been trained.

    The table has a row to a sample, or, where the indices lie dense, to an integer.
    """

    def __init__(self, name: str, stream: np.ndarray):
        stream = np.asarray(stream)
        if not stream.size or stream.dtype.kind not in "iu":
            raise BadInput(
                f"coverage: got {stream.dtype} {stream.shape} for the stream {name!r}, "
                "allowed: one or more integers, the indices of its samples"
            )
        self.index, _ = _count_chunk(stream.ravel().astype(np.int64))
        self.low, self.high = int(self.index[0]), int(self.index[-1])
        self.dense = self.high - self.low < DENSE * len(self.index)
        if self.dense:
            self.belongs = np.zeros(self.high - self.low + 1, bool)
            self.belongs[self.index - self.low] = True
        self.trained = np.zeros(len(self.belongs if self.dense else self.index), bool)

    def mark(self, index: np.ndarray) -> None:
        """Note that samples have been trained; others are passed over."""
        index = index[(index >= self.low) & (index <= self.high)]
        if self.dense:
            place = index - self.low
            # Between the stream's indices lie those of other streams.
            self.trained[place] = self.belongs[place]
        else:
            index = np.sort(index)  # sorted, they are looked up ten times as fast
            place = np.searchsorted(self.index, index)
            self.trained[place[self.index[place] == index]] = True

    def share(self) -> float:
        """Return the part that has been trained, from 0 to 1."""
        return np.count_nonzero(self.trained) / len(self.index)
