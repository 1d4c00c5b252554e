"""The samples of given indices, as a batch with the indices beside the targets."""

from collections.abc import Callable
from typing import Any

import numpy as np

from epochwatch._samplers import BalancedSampler
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import (
    add_index,
    as_numpy,
    map_leaves,
    repack_batch,
    rows_of,
    unpack_checked,
)

# A call of a sampler takes as long as a thousand samples do.
SAMPLES_AT_ONCE = 2**12

ALLOWED = "(x, y[, sample_weight]) of arrays whose row i is the sample of index i"


class SampledBatches:
    """Item i is the batch of step i of a sampler: `(x, {"label", "index"}[, sample_weight])`.

    At the top of a module, so that workers which are processes can unpickle it.

    Args:
        sampler: says which samples.
        samples: arrays `(x, y[, sample_weight])` whose row i is the sample of index i, or a
            function from int64 indices to `(x, y[, sample_weight])`.
    """

    def __init__(self, sampler: BalancedSampler, samples: Any):
        self.sampler = sampler
        self.samples = (
            samples if callable(samples) else map_leaves(as_numpy, checked_arrays(samples))
        )
        self._at_once = steps_at_once(sampler)
        self._block = -1, None

    def __getitem__(self, step: int) -> tuple:
        index = self._index_at(int(step))
        if callable(self.samples):
            return batch_with_index(self.samples(index), index)
        return batch_with_index(map_leaves(lambda array: array[index], self.samples), index)

    def _index_at(self, step: int) -> np.ndarray:
        number, place = divmod(step, self._at_once)
        block = self._block  # number and batches at once: another thread may put the next there
        if block[0] != number:
            first = number * self._at_once
            block = self._block = number, self.sampler[first : first + self._at_once]
        # The batch is the reader's own: some augment in place.
        return block[1][place].copy()


def steps_at_once(sampler: BalancedSampler) -> int:
    """Choose how many steps to ask a sampler for, as most feeds go on step by step."""
    return max(1, SAMPLES_AT_ONCE // sampler.batch_size)


def checked_arrays(samples: Any) -> tuple:
    """Check that samples are arrays, a row to a sample."""
    if not isinstance(samples, tuple) or len(samples) not in (2, 3):
        raise BadInput(
            f"samples: got {type(samples).__name__}, allowed: {ALLOWED}, or a function that "
            "takes indices and returns a batch of these"
        )
    rows_of(samples, "samples")
    return samples


def batch_with_index(batch: Any, index: Any) -> tuple:
    x, y, sample_weight = unpack_checked(batch, "samples: a batch")
    if y is None:
        raise BadInput(f"samples: got a batch without targets, allowed: {ALLOWED}")
    return repack_batch(x, add_index(y, index), sample_weight)


def check_rows(samples: Callable | tuple, highest: int) -> None:
    """Refuse arrays that do not reach to the sampler's highest index."""
    if not callable(samples) and rows_of(samples, "samples") <= highest:
        raise BadInput(
            f"samples: got {rows_of(samples, 'samples'):,} rows, allowed: a row for every index "
            f"of the sampler, up to {highest:,}"
        )
