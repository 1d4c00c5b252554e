"""In which order a training takes its samples: rows of a table, the minority's first.

All are functions of their arguments alone, with `sizes` (minority, majority), the samples in a
batch, the steps of the training, and a seed; all return int64 (steps, batch).
"""

import numpy as np

from epochwatch._samplers import BalancedSampler
from epochwatch.feeds import balanced_slots
from epochwatch_lab.epoch_lengths import EpochLengths


def resumed_order(sizes: tuple[int, int], batch: int, steps: int, seed: int) -> np.ndarray:
    """Balance batches; each stream is shuffled once, and goes on where it was.

    Example:
        >>> resumed_order((2, 4), 4, 3, seed=1)
        array([[0, 2, 1, 3],
               [0, 4, 1, 5],
               [0, 2, 1, 3]])
    """
    return _rows_at(np.arange(steps), sizes, batch, seed)


def restarted_order(
    sizes: tuple[int, int], batch: int, steps: int, seed: int, epoch: int | None = None
) -> np.ndarray:
    """Balance batches, and start both streams over after each epoch.

    Args:
        sizes: samples of the minority and of the majority.
        batch: samples in a batch.
        steps: of the training.
        seed: of the order of each stream.
        epoch: steps of an epoch; a minority epoch where it is not given.

    Returns:
        int64 (steps, batch); what `resumed_order` begins with, again and again.

    Example:
        >>> restarted_order((2, 4), 4, 3, seed=1)
        array([[0, 2, 1, 3],
               [0, 2, 1, 3],
               [0, 2, 1, 3]])
    """
    epoch = epoch or EpochLengths.from_samples(*sizes, batch // 2).minority
    return _rows_at(np.arange(steps) % epoch, sizes, batch, seed)


def tenth_restarted_order(sizes: tuple[int, int], batch: int, steps: int, seed: int) -> np.ndarray:
    """Balance batches, and begin anew each time a tenth of the majority has been taken."""
    epoch = -(-EpochLengths.from_samples(*sizes, batch // 2).majority // 10)
    return restarted_order(sizes, batch, steps, seed, epoch)


def sampled_order(sizes: tuple[int, int], batch: int, steps: int, seed: int) -> np.ndarray:
    """Balance batches as `BalancedSampler` does: each pass of a stream in another order."""
    return BalancedSampler(sizes, batch, seed=seed)[:steps]


def drawn_order(sizes: tuple[int, int], batch: int, steps: int, seed: int) -> np.ndarray:
    """Balance batches; every sample is drawn at random from its stream, with replacement."""
    half = (steps, batch // 2)
    random = np.random.default_rng(seed)
    minority = random.integers(sizes[0], size=half)
    majority = sizes[0] + random.integers(sizes[1], size=half)
    return np.stack([minority, majority], axis=2).reshape(steps, batch)


def shuffled_order(sizes: tuple[int, int], batch: int, steps: int, seed: int) -> np.ndarray:
    """Take all samples as they are, not balanced, each pass over them in another order."""
    random = np.random.default_rng(seed)
    passes = -(-steps * batch // sum(sizes))
    rows = np.concatenate([random.permutation(sum(sizes)) for _ in range(passes)])
    return rows[: steps * batch].reshape(steps, batch)


def _rows_at(places: np.ndarray, sizes: tuple[int, int], batch: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    minority, majority = (random.permutation(size) for size in sizes)
    rows_of_streams = np.concatenate([minority, sizes[0] + majority])
    longest = balanced_slots(0, (int(places.max()) + 1) * batch, sizes)
    rows = rows_of_streams[longest.position + longest.stream * sizes[0]]
    return rows.reshape(-1, batch)[places]
