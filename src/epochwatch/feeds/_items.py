"""The items of a PyDataset, each with the indices of its samples.

keras.utils.PyDataset and tf_keras.utils.Sequence are wrapped alike; what is here is the
same for both, at the top of a module so that workers which are processes can unpickle it.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from epochwatch.errors import BadInput
from epochwatch.feeds._plain_iteration import unpacked
from epochwatch.feeds._structures import rows_of
from epochwatch.feeds._targets import add_index, checked_index


def consecutive(size: int, place: int, rows: int) -> np.ndarray:
    """Count through the items, item 0 having `size` samples: int64 (rows,)."""
    if rows > size:
        raise BadInput(
            f"with_index: got item {place} with {rows} samples, allowed: at most the "
            f"{size} of item 0, or indices would overlap; give index=, a function "
            "from an item's number to the indices of its samples"
        )
    return np.arange(place * size, place * size + rows)


def given(function: Callable, place: int, rows: int) -> np.ndarray:
    """Ask the user's function for the indices of an item: int64 (rows,)."""
    return checked_index(function(place), rows, f"with_index: index({place})")


def indexed_item(item: Any, place: int, index: Callable) -> tuple:
    """Put the indices, of its number and its samples, beside the targets of an item."""
    x, y, sample_weight = unpacked(item, f"item {place}")
    targets = add_index(y, index(place, samples_of(item, place)))
    return (x, targets) if sample_weight is None else (x, targets, sample_weight)


class IndexedItems:
    """Another PyDataset's items, with the indices of their samples in their targets.

    Each framework has a class of this and of its own, with the attributes `feed` and `index`.
    """

    def __getitem__(self, place: int) -> tuple:
        return indexed_item(self.feed[place], place, self.index)

    def on_epoch_end(self) -> None:
        """Let the other end its epoch."""
        self.feed.on_epoch_end()


def samples_of(item: Any, place: int) -> int:
    """Count the samples of an item by its targets."""
    targets = unpacked(item, f"item {place}")[1]
    if targets is None:
        raise BadInput(
            f"with_index: got item {place} without targets, allowed: (x, y[, sample_weight])"
        )
    return rows_of(targets, f"with_index: the targets of item {place}")


def index_of_items(feed: Any, base: type, function: Callable | None) -> Callable:
    """Choose how the items get their indices, and try it on item 0.

    Refuses items that may change between epochs; `base` is the class of the framework.
    """
    if function is not None and not callable(function):
        raise BadInput(
            f"with_index: index: got {type(function).__name__}, allowed for a PyDataset: a "
            "function from an item's number to the int64 indices of its samples"
        )
    item = feed[0]
    if function is None:
        index = functools.partial(consecutive, samples_of(item, 0))
    else:
        index = functools.partial(given, function)
    indexed_item(item, 0, index)
    if function is None:
        _check_hooks(feed, base)
    return index


def _check_hooks(feed: Any, base: type) -> None:
    for hook in ("on_epoch_begin", "on_epoch_end"):
        if hasattr(base, hook) and getattr(type(feed), hook) is not getattr(base, hook):
            raise BadInput(
                f"with_index: got {type(feed).__name__} with its own {hook}, after which its "
                "items may hold other samples, allowed: with index=, a function from an item's "
                "number to the indices of the samples it holds at that time"
            )
