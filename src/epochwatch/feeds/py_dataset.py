"""The balanced streams as a keras.utils.PyDataset, and any PyDataset with indices.

The balanced one has no length: Keras shuffles the batches of a PyDataset that has one
(`fit` defaults to `shuffle=True`), and asks an endless one for items 0, 1, 2, … in turn.

What a tf_keras.utils.Sequence, the PyDataset of Keras 2, is wrapped in stands here too. All
classes and functions of items are found by name in this module, so that workers which are
processes can unpickle them.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from epochwatch._keras import load_keras
from epochwatch._samplers import BalancedSampler
from epochwatch._samplers.streams import Streams
from epochwatch.errors import BadInput
from epochwatch.feeds._balanced_table import BalancedTable
from epochwatch.feeds._facts import is_keras_2_sequence
from epochwatch.feeds._lookup import SampledBatches
from epochwatch.feeds._structures import (
    add_index,
    checked_index,
    repack_batch,
    rows_of,
    unpack_checked,
)

keras = load_keras()


class EndlessBatches(keras.utils.PyDataset):
    """Item i is the batch of place `start + i`, for any i.

    It has no length: one with as many items as an epoch has steps would have to be told when an
    epoch has ended. Keras calls `on_epoch_end` when it has looked at a feed, too.

    Args:
        batch_at: from a place, counted from 0, to the batch of it; picklable where workers are
            processes.
        start: place of item 0.
        options: of `keras.utils.PyDataset`: `workers`, `use_multiprocessing`, `max_queue_size`.
    """

    def __init__(self, batch_at: Callable[[int], tuple], start: int = 0, **options: Any):
        super().__init__(**options)
        self.batch_at = batch_at
        self.start = start

    @property
    def num_batches(self) -> None:
        """None: there is no end."""
        return None

    def __getitem__(self, place: int) -> tuple:
        return self.batch_at(self.start + int(place))


def balanced(streams: Streams, batch_size: int = 16) -> EndlessBatches:
    """Make a PyDataset of balanced batches without end: images and `{"label", "index"}`."""
    table = BalancedTable.from_streams(streams)
    return EndlessBatches(functools.partial(table.batch, batch_size=batch_size))


def sampled(
    sampler: BalancedSampler, samples: Any, **options: Any
) -> Callable[[int], EndlessBatches]:
    """Make what makes PyDatasets of the batches of a sampler; see `feeds.sampled`."""
    return functools.partial(
        EndlessBatches, SampledBatches(sampler, samples).__getitem__, **options
    )


def indexed(feed: Any, index: Callable | None = None) -> Any:
    """Number the samples of a PyDataset or a Sequence; see `with_index`."""
    wrapper = _sequence_wrapper() if is_keras_2_sequence(feed) else _IndexedPyDataset
    framework_class = wrapper.__bases__[-1]
    return wrapper(feed, _index_of_items(feed, framework_class, index))


class _IndexedItems:
    """Another feed's items, with the indices of their samples in their targets."""

    def __getitem__(self, place: int) -> tuple:
        return _indexed_item(self.feed[place], place, self.index)

    def on_epoch_end(self) -> None:
        self.feed.on_epoch_end()


class _IndexedPyDataset(_IndexedItems, keras.utils.PyDataset):
    def __init__(self, feed: keras.utils.PyDataset, index: Callable):
        # Keras asks the wrapper, not the feed in it, how its items are to be made.
        super().__init__(feed.workers, feed.use_multiprocessing, feed.max_queue_size)
        self.feed = feed
        self.index = index

    @property
    def num_batches(self) -> int | None:
        return self.feed.num_batches

    def on_epoch_begin(self) -> None:
        self.feed.on_epoch_begin()


@functools.cache
def _sequence_wrapper() -> type:
    """Make the class for Keras 2, once: tf_keras is imported only where a feed is of it."""
    import tf_keras

    class _IndexedSequence(_IndexedItems, tf_keras.utils.Sequence):
        # The name by which pickle looks for it, and by which `__getattr__` makes it anew in
        # a process that has not seen a Sequence yet.
        __qualname__ = "_IndexedSequence"

        def __init__(self, feed: tf_keras.utils.Sequence, index: Callable):
            self.feed = feed
            self.index = index

        def __len__(self) -> int:
            return len(self.feed)

    return _IndexedSequence


def __getattr__(name: str):
    if name == "_IndexedSequence":
        return _sequence_wrapper()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _index_of_items(feed: Any, framework_class: type, function: Callable | None) -> Callable:
    """Choose how the items get their indices, and try it on item 0."""
    if function is not None and not callable(function):
        raise BadInput(
            f"with_index: index: got {type(function).__name__}, allowed for a PyDataset: a "
            "function from an item's number to the int64 indices of its samples"
        )
    item = feed[0]
    if function is None:
        index = functools.partial(_consecutive_index, _samples_of_item(item, 0))
    else:
        index = functools.partial(_index_by_function, function)
    # Here, so that what cannot be used is refused before `fit`, not in the midst of it.
    _indexed_item(item, 0, index)
    if function is None:
        _check_epoch_hooks(feed, framework_class)
    return index


def _consecutive_index(size: int, place: int, rows: int) -> np.ndarray:
    """Count through the items, item 0 having `size` samples: int64 (rows,)."""
    if rows > size:
        raise BadInput(
            f"with_index: got item {place} with {rows} samples, allowed: at most {size}, as in "
            "item 0, or indices would overlap; give index=, a function from an item's number to "
            "the indices of its samples"
        )
    return np.arange(place * size, place * size + rows)


def _index_by_function(function: Callable, place: int, rows: int) -> np.ndarray:
    return checked_index(function(place), rows, f"with_index: index({place})")


def _indexed_item(item: Any, place: int, index: Callable) -> tuple:
    """Put the indices, a function of an item's number and samples, beside its targets."""
    x, y, sample_weight = unpack_checked(item, f"item {place}")
    targets = add_index(y, index(place, _samples_of_item(item, place)))
    return repack_batch(x, targets, sample_weight)


def _samples_of_item(item: Any, place: int) -> int:
    x, targets, _ = unpack_checked(item, f"item {place}")
    return rows_of(x if targets is None else targets, f"with_index: item {place}")


def _check_epoch_hooks(feed: Any, framework_class: type) -> None:
    """Refuse items that may change between epochs: their numbers would name other samples."""
    for hook in ("on_epoch_begin", "on_epoch_end"):
        own = getattr(framework_class, hook, None)
        if own is not None and getattr(type(feed), hook) is not own:
            raise BadInput(
                f"with_index: got {type(feed).__name__} with its own {hook}, after which its "
                "items may hold other samples, allowed: with index=, a function from an item's "
                "number to the indices of the samples it holds at that time"
            )
