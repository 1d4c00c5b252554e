"""How often each sample was trained in each epoch, exactly."""

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from epochwatch._exposures.batches import whole_steps
from epochwatch._exposures.counts import Counts
from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput

MOST_CELLS = 100_000_000  # a byte each, in the reader's browser


class LoggedEpoch(NamedTuple):
    """One epoch as it was trained.

    Attributes:
        fit: which call of `fit`, from 1.
        epoch: which epoch, from 1.
        steps: batches trained; those of several replicas are one.
        first: int64 (batch,), the indices of its first batch.
        last: int64 (batch,), the indices of its last batch.
    """

    fit: int
    epoch: int
    steps: int
    first: np.ndarray
    last: np.ndarray


def exposure_matrix(
    log: ExposureLog, streams: Mapping[str, np.ndarray]
) -> tuple[list[LoggedEpoch], dict[str, np.ndarray]]:
    """Count the exposures by sample and epoch, in one pass over the log.

    Of each stream there is an array (samples, epochs) of the smallest unsigned integers that hold
    it: bytes, unless a sample was trained more than 255 times in an epoch.
    """
    samples = sum(map(len, streams.values()))
    pairs = dict.fromkeys(itertools.chain.from_iterable(part.epochs for part in log.parts))
    # Before a batch is read: what is too large is refused at once.
    if samples * len(pairs) > MOST_CELLS:
        raise BadInput(
            f"report: {log.folder} has {samples:,} samples × {len(pairs):,} epochs, allowed: a "
            f"product of up to {MOST_CELLS:,}; use ExposureLog's counts() and coverage() instead"
        )
    epochs, columns = [], {name: [] for name in streams}
    steps = whole_steps(log.batches())
    for (fit, epoch), group in itertools.groupby(steps, key=lambda batch: batch[:2]):
        batches = [batch.index for batch in group]
        counts = Counts.from_chunks([np.concatenate(batches)])
        epochs.append(LoggedEpoch(fit, epoch, len(batches), batches[0], batches[-1]))
        for name, index in streams.items():
            columns[name].append(_narrowed(counts.of_samples(index)))
    return epochs, {name: np.stack(by_epoch, axis=1) for name, by_epoch in columns.items()}


def coverage(exposures: np.ndarray) -> np.ndarray:
    """Compute the share of a stream that has been trained by the end of each epoch.

    Example:
        >>> coverage(np.array([[1, 0], [0, 2]]))
        array([0.5, 1. ])
    """
    return np.logical_or.accumulate(exposures > 0, axis=1).mean(axis=0)


def _narrowed(counts: np.ndarray) -> np.ndarray:
    # The page carries the whole matrix, as a rule a byte a cell.
    return counts.astype(np.min_scalar_type(counts.max()))
