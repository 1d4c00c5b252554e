"""Which sample stands where in a balanced stream: the order that every feed must deliver.

minority, majority, minority, … each stream read in its own order and begun again when
it ends. A batch is a function of its place alone, so any batch can be asked for without
the ones before it.
"""

from typing import NamedTuple

import numpy as np

from epochwatch._samplers.streams import Streams

STREAM_COUNT = 2


class BatchSlots(NamedTuple):
    """Where the samples of one batch come from.

    Attributes:
        stream: int64 (batch,), 0 for the minority and 1 for the majority.
        position: int64 (batch,), rank of the sample within its own stream.
    """

    stream: np.ndarray
    position: np.ndarray


def balanced_slots(place: int, batch_size: int, sizes: tuple[int, int]) -> BatchSlots:
    """Compute which samples make up one batch of the balanced feed.

    Args:
        place: rank of the batch in the feed, from 0.
        batch_size: samples in a batch.
        sizes: samples in the minority and in the majority stream.

    Returns:
        The stream and the position of each sample.

    Example:
        >>> balanced_slots(1, 4, (3, 10)).position
        array([2, 2, 0, 3])
    """
    # The rank counts samples over all batches: an odd batch size begins every other batch with
    # the majority, and neither stream loses its turn.
    rank = np.arange(place * batch_size, (place + 1) * batch_size)
    stream = rank % STREAM_COUNT
    return BatchSlots(stream, (rank // STREAM_COUNT) % np.array(sizes)[stream])


class BalancedTable(NamedTuple):
    """Both streams as one table, the minority's rows first.

    Attributes:
        images: (samples, …) in the dtype of the data.
        label: int64 (samples,).
        index: int64 (samples,).
        sizes: rows of the minority and of the majority.
    """

    images: np.ndarray
    label: np.ndarray
    index: np.ndarray
    sizes: tuple[int, int]

    @classmethod
    def from_streams(cls, streams: Streams) -> "BalancedTable":
        """Join the streams.

        Args:
            streams: the minority and the majority, as `one_vs_rest` gives them.

        Returns:
            The table.
        """
        sizes = tuple(stream.samples for stream in streams)
        return cls(
            np.concatenate([stream.images for stream in streams]),
            np.repeat(np.array([stream.label for stream in streams]), sizes),
            np.concatenate([stream.index for stream in streams]),
            sizes,
        )

    def batch(self, place: int, batch_size: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Put together the batch at a place, as `fit` takes it.

        Args:
            place: rank of the batch in the feed, from 0.
            batch_size: samples in a batch.

        Returns:
            Images, and `{"label", "index"}`.
        """
        slots = balanced_slots(place, batch_size, self.sizes)
        rows = slots.position + slots.stream * self.sizes[0]
        return self.images[rows], {"label": self.label[rows], "index": self.index[rows]}
