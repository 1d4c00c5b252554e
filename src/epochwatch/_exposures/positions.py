"""Where trained samples stand in their own stream."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from epochwatch._exposures.batches import TrainedBatch, whole_steps


class Span(NamedTuple):
    """What a run trained of one stream, batch by batch; a step of several replicas is one batch.

    Attributes:
        step: int64 (batches,), steps since the beginning of the run.
        first: int64 (batches,), position of the stream's first sample in the batch.
        last: int64 (batches,), position of its last sample in the batch.
        epoch_ends: int64 (epochs,), steps trained by the end of each epoch.
    """

    step: np.ndarray
    first: np.ndarray
    last: np.ndarray
    epoch_ends: np.ndarray


def positions(stream: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Look up the positions of those samples of a batch that belong to a stream.

    Args:
        stream: int64 (samples,), the stream's indices, ascending.
        index: int64 (batch,), the samples of a batch.

    Returns:
        int64 (n,), their positions in the stream, in the order of the batch.

    Example:
        >>> positions(np.array([10, 20, 30]), np.array([30, 11, 10]))
        array([2, 0])
    """
    place = np.searchsorted(stream, index)
    # "clip": what lies beyond the last index is looked up there, and is another.
    belongs = np.take(stream, place, mode="clip") == index
    return place[belongs]


def span(batches: Iterable[TrainedBatch], stream: np.ndarray) -> Span:
    """Follow one stream through a run.

    Args:
        batches: the batches in the order trained.
        stream: int64 (samples,), the stream's indices, ascending.

    Returns:
        The first and last position in each batch that holds a sample of the stream.
    """
    rows, ends, epoch = [], [], None
    count = 0  # of a record without batches, too
    for count, batch in enumerate(whole_steps(batches), start=1):
        if epoch not in (None, batch[:2]):
            ends.append(count - 1)
        epoch = batch[:2]
        in_batch = positions(stream, batch.index)
        if len(in_batch):
            rows.append((count - 1, in_batch[0], in_batch[-1]))
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    return Span(*columns, np.array([*ends, count], np.int64))


class Bins(NamedTuple):
    """Exposures of neighbouring samples, taken together for drawing.

    A few samples never trained would vanish in a picture of tens of thousands; the lowest
    and highest of each bin do not.

    Attributes:
        position: int64 (bins,), the first position in each bin.
        low: int64 (bins,), exposures of the bin's least trained sample.
        mean: float64 (bins,), exposures a sample.
        high: int64 (bins,), exposures of the bin's most trained sample.
        size: samples in a bin (the last may have fewer).
    """

    position: np.ndarray
    low: np.ndarray
    mean: np.ndarray
    high: np.ndarray
    size: int


def binned(exposures: np.ndarray, at_most: int = 200) -> Bins:
    """Take neighbouring samples together.

    Args:
        exposures: int64 (samples,), by position.
        at_most: bins.

    Returns:
        The bins, with the extremes of each.
    """
    size = -(-len(exposures) // at_most)
    starts = np.arange(0, len(exposures), size)
    lengths = np.diff(np.append(starts, len(exposures)))
    return Bins(
        starts,
        np.minimum.reduceat(exposures, starts),
        np.add.reduceat(exposures, starts) / lengths,
        np.maximum.reduceat(exposures, starts),
        size,
    )
