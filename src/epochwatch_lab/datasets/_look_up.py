"""What stands behind the indices of a batch."""

from typing import NamedTuple

import numpy as np

from epochwatch._samplers.streams import Streams


class BatchSamples(NamedTuple):
    """The samples of a batch, in its order.

    Attributes:
        images: (batch, …), in the dtype of the data.
        label: int64 (batch,), 1 for the minority, 0 for the majority.
        position: int64 (batch,), rank of each sample within its own stream.
    """

    images: np.ndarray
    label: np.ndarray
    position: np.ndarray


def look_up(streams: Streams, index: np.ndarray) -> BatchSamples:
    """Look up the samples of a batch.

    Args:
        streams: the minority and the majority, which have all of them.
        index: int64 (batch,), which samples.

    Returns:
        Their images, labels and positions.

    Example:
        >>> from epochwatch_lab.datasets import one_vs_rest
        >>> streams = one_vs_rest(np.arange(50, 55), np.array([3, 1, 4, 1, 5]))
        >>> look_up(streams, np.array([3, 4]))
        BatchSamples(images=array([53, 54]), label=array([1, 0]), position=array([1, 2]))
    """
    minority, majority = streams
    is_minority = np.isin(index, minority.index)
    position = np.where(
        is_minority,
        np.searchsorted(minority.index, index),
        np.searchsorted(majority.index, index),
    )
    images = np.empty((len(index), *majority.images.shape[1:]), majority.images.dtype)
    for stream, belongs in ((minority, is_minority), (majority, ~is_minority)):
        images[belongs] = stream.images[position[belongs]]
    return BatchSamples(images, is_minority.astype(np.int64), position)
