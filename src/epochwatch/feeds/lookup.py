"""The samples of given indices, as a batch with the indices beside the targets."""

from collections.abc import Callable
from typing import Any

import numpy as np

from epochwatch.errors import BadInput
from epochwatch.feeds.own_order import unpacked
from epochwatch.feeds.structures import as_numpy, mapped, rows_of
from epochwatch.feeds.targets import add_index

ALLOWED = "(x, y[, sample_weight]) of arrays whose row i is the sample of index i"


class LookUp:
    """From indices to a batch `(x, {"label", "index"}[, sample_weight])`, in NumPy.

    At the top of a module, so that workers which are processes can unpickle it.

    Args:
        samples: arrays `(x, y[, sample_weight])` whose row i is the sample of index i, or a
            function from int64 indices to `(x, y[, sample_weight])`.
    """

    def __init__(self, samples: Any):
        self.samples = samples if callable(samples) else mapped(as_numpy, arrays_of(samples))

    def __call__(self, index: np.ndarray) -> tuple:
        """Put together the batch of some indices, int64 (batch_size,)."""
        if callable(self.samples):
            return with_targets(self.samples(index), index)
        return with_targets(mapped(lambda array: array[index], self.samples), index)


def arrays_of(samples: Any) -> tuple:
    """Check that samples are arrays, a row to a sample."""
    if not isinstance(samples, tuple) or len(samples) not in (2, 3):
        raise BadInput(
            f"samples: got {type(samples).__name__}, allowed: {ALLOWED}, or a function from "
            "indices to a batch of these"
        )
    rows_of(samples, "samples")
    return samples


def with_targets(batch: Any, index: Any) -> tuple:
    """Put the indices of a batch beside its targets."""
    x, y, sample_weight = unpacked(batch, "samples: a batch")
    if y is None:
        raise BadInput(f"samples: got a batch without targets, allowed: {ALLOWED}")
    targets = add_index(y, index)
    return (x, targets) if sample_weight is None else (x, targets, sample_weight)


def check_rows(samples: Callable | tuple, highest: int) -> None:
    """Refuse arrays that do not reach to the sampler's highest index."""
    if not callable(samples) and rows_of(samples, "samples") <= highest:
        raise BadInput(
            f"samples: got {rows_of(samples, 'samples'):,} rows, allowed: a row to every index of "
            f"the sampler, up to {highest:,}"
        )
