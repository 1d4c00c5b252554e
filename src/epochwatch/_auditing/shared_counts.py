"""What several workers trained together: each sample by how many of them, and how often."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.counts import Counts

MOST_BINS = 240
EPOCHS_DRAWN = 3


class SharedEpoch(NamedTuple):
    """One epoch of all workers.

    Attributes:
        fit: which call of `fit`, from 1.
        epoch: which epoch, from 1.
        steps: that each process made.
        trained_by: how many samples were trained by one replica, by two, and so on up to all.
        more_than_once: samples that were trained more than once.
        exposures: rows trained in all.
        ragged: steps that all processes made in which replicas had unequal numbers of samples.
        empty: batches of a replica without a sample.
        left_out: samples that came less often than in a pass of the feed; None where an epoch is
            not to be one, or passes are not alike.
        doubled: samples that came more often; None likewise.
    """

    fit: int
    epoch: int
    steps: tuple[int, ...]
    trained_by: tuple[int, ...]
    more_than_once: int
    exposures: int
    ragged: int
    empty: int
    left_out: int | None = None
    doubled: int | None = None

    @property
    def by_all(self) -> int:
        """Samples that every replica trained."""
        return self.trained_by[-1]

    @property
    def by_several(self) -> int:
        """Samples that more than one replica trained, but not every."""
        return sum(self.trained_by[1:-1])


class EpochPicture(NamedTuple):
    """Who trained which samples of an epoch, in bins of samples that stand next to each other.

    Attributes:
        once: float64 (replicas, bins), share that this replica trained, and nobody again.
        again: float64 (replicas, bins), share that it trained, and that was trained again.
        never: float64 (bins,), share that none trained.
    """

    once: np.ndarray
    again: np.ndarray
    never: np.ndarray


class EpochCounter:
    """Counts the epochs of several workers, one after another.

    Args:
        replicas: of all processes; each process has as many.
        order: int64 (samples,), all samples, each once, as they stand in a picture.
        a_pass: how often each comes in a pass of the feed; None where that tells nothing.

    Attributes:
        epochs: counted so far.
        pictures: of the first of them.
    """

    def __init__(self, replicas: int, order: np.ndarray, a_pass: Counts | None = None):
        self.replicas = replicas
        self.order = order
        self.a_pass = a_pass
        self.epochs: list[SharedEpoch] = []
        self.pictures: list[EpochPicture] = []

    def add(
        self, place: tuple[int, int], batches: Sequence[TrainedBatch], steps: Sequence[int]
    ) -> np.ndarray:
        """Count an epoch.

        Args:
            place: fit and epoch.
            batches: of all workers.
            steps: that each process made, those without a sample among them.

        Returns:
            int64 (samples,), those that it trained, each once.
        """
        lengths = [len(batch.index) for batch in batches]
        rows = np.concatenate([np.empty(0, np.int64), *(batch.index for batch in batches)])
        replica = np.repeat([batch.replica or 0 for batch in batches], lengths).astype(np.int64)
        samples, which, times = np.unique(rows, return_inverse=True, return_counts=True)
        has_trained = np.zeros((len(samples), self.replicas), bool)
        has_trained[which, replica] = True
        by = np.bincount(has_trained.sum(axis=1), minlength=self.replicas + 1)
        uneven = uneven_batches(batches, steps, self.replicas)
        epoch = SharedEpoch(
            *place,
            tuple(steps),
            tuple(by[1:].tolist()),
            int(np.count_nonzero(times > 1)),
            len(rows),
            *uneven,
        )
        if self.a_pass is not None:
            counts = Counts(samples, times)
            more = beyond(counts, self.a_pass)
            epoch = epoch._replace(left_out=beyond(self.a_pass, counts), doubled=more)
        self.epochs.append(epoch)
        if len(self.pictures) < EPOCHS_DRAWN:
            self.pictures.append(picture_of(self.order, samples, times, has_trained))
        return samples


def beyond(counts: Counts, others: Counts) -> int:
    """Count the samples that came more often than they did elsewhere."""
    return int(np.count_nonzero(counts.exposures > others.of_samples(counts.index)))


def uneven_batches(
    batches: Iterable[TrainedBatch], steps: Sequence[int], replicas: int
) -> tuple[int, int]:
    """Count the steps with batches of unequal lengths, and the batches without a sample."""
    sizes = np.zeros((max(steps, default=0), replicas), np.int64)
    for batch in batches:
        sizes[batch.step, batch.replica or 0] += len(batch.index)
    together = sizes[: min(steps, default=0)]
    ragged = np.count_nonzero((together != together[:, :1]).any(axis=1))
    made = sum(steps) * replicas // max(len(steps), 1)
    return int(ragged), made - int(np.count_nonzero(sizes))


def ranks_in(samples: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Find where samples stand in an order that has all of them, int64 (n,)."""
    sorter = np.argsort(order)
    return sorter[np.searchsorted(order, samples, sorter=sorter)]


def picture_of(
    order: np.ndarray, samples: np.ndarray, times: np.ndarray, has_trained: np.ndarray
) -> EpochPicture:
    """Sort the samples of an epoch into bins.

    Args:
        order: int64 (all samples,), as they are to stand.
        samples: int64 (samples,), those that were trained, each once.
        times: int64 (samples,), how often each was.
        has_trained: bool (samples, replicas), by whom.
    """
    bins = max(1, min(len(order), MOST_BINS))
    in_bin = np.bincount(np.arange(len(order)) * bins // max(len(order), 1), minlength=bins)
    bin_of = ranks_in(samples, order) * bins // max(len(order), 1)

    def shares(chosen: np.ndarray) -> np.ndarray:
        return np.bincount(bin_of[chosen], minlength=bins) / np.maximum(in_bin, 1)

    once = np.array([shares(own & (times == 1)) for own in has_trained.T])
    again = np.array([shares(own & (times > 1)) for own in has_trained.T])
    return EpochPicture(once, again, (in_bin > 0) - shares(times > 0))
