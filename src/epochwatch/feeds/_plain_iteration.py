"""The batches of a feed in its own order: iterated plainly, by itself, without `fit`."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from epochwatch.errors import BadInput
from epochwatch.feeds._facts import KERAS_BATCH_SIZE, describe, is_keras_2_sequence, kind_of
from epochwatch.feeds._structures import as_numpy, map_leaves, outline, rows_of, unpack_checked


def batches(feed: Any, batch_size: int | None = None) -> Iterator[tuple]:
    """Iterate a feed plainly.

    Arrays come row by row, a PyDataset item by item from 0 on, everything else as it
    iterates. A generator is used up by it. The epoch hooks of a PyDataset are not called.

    Args:
        feed: anything `fit` accepts; arrays as a tuple `(x, y[, sample_weight])`.
        batch_size: samples in a batch of arrays, None for 32 as in Keras; the last may be
            shorter. Other feeds have their own.

    Returns:
        An iterator of `(x, y, sample_weight)`, the latter two None where the feed has none;
        without end where the feed has none. The leaves are NumPy arrays of the dtype that
        was delivered; what has no dense array (sparse, ragged) is handed on as it is.

    Raises:
        BadInput: `fit` would not accept the feed; while iterating, that a batch has more
            than three parts or is nested in another way than the first.

    Example:
        >>> import numpy as np
        >>> [y.tolist() for _, y, _ in batches((np.zeros((5, 3)), np.arange(5)), 2)]
        [[0, 1], [2, 3], [4]]
    """
    facts = describe(feed, batch_size)
    if facts.kind == "arrays":
        return _checked(_slices(feed, batch_size or KERAS_BATCH_SIZE))
    if facts.kind == "py_dataset":
        return _checked(_items(feed, facts.length))
    return _checked(feed)


def before_first_pass(feed: Any) -> None:
    """Call the hooks of a PyDataset that `fit` calls before it takes its first batch.

    Keras 3 ends an epoch before it begins the first (`EpochIterator.reset`), so a feed that
    shuffles in `on_epoch_end` has been shuffled once when its training begins. Keras 2 calls
    nothing. Feeds of other kinds have no hooks.
    """
    if _has_keras_3_hooks(feed):
        between_passes(feed)


def between_passes(feed: Any) -> None:
    """Call the hooks of a PyDataset that `fit` calls between two epochs of one pass each.

    With these calls two plain passes deliver what `fit` would feed in two epochs that are left
    to their end. With `steps_per_epoch` it calls them wherever an epoch ends, in the midst of
    a pass too. Feeds of other kinds have no hooks.
    """
    if kind_of(feed) == "py_dataset":
        feed.on_epoch_end()
    if _has_keras_3_hooks(feed):
        feed.on_epoch_begin()


def _has_keras_3_hooks(feed: Any) -> bool:
    return kind_of(feed) == "py_dataset" and not is_keras_2_sequence(feed)


def _slices(feed: Any, batch_size: int) -> Iterator[tuple]:
    feed = map_leaves(as_numpy, feed if isinstance(feed, tuple) else (feed,))
    for start in range(0, rows_of(feed, "arrays"), batch_size):
        rows = slice(start, start + batch_size)
        yield map_leaves(lambda leaf, rows=rows: leaf[rows], feed)


def _items(feed: Any, length: int | None) -> Iterator:
    # By number: `iter` of a class with `__getitem__` ends at an IndexError, which may not come.
    places = itertools.count() if length is None else range(length)
    return (feed[place] for place in places)


def _checked(raw: Iterable) -> Iterator[tuple]:
    first = None
    for place, batch in enumerate(raw):
        batch = unpack_checked(batch, f"batch {place} of the feed")
        # Keras traces its step with the first batch; another nesting would fail in there.
        nesting = outline(batch)
        first = first or nesting
        if nesting != first:
            raise BadInput(
                f"batch {place} of the feed: got (x, y, sample_weight) nested as {nesting}, "
                f"allowed: as in batch 0, {first}; give every batch the same parts and keys"
            )
        yield map_leaves(as_numpy, batch)
