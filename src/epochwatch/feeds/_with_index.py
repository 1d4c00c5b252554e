"""Giving a feed's samples their index, the one thing that watching asks of a feed."""

import importlib
from typing import Any

import numpy as np

from epochwatch.errors import BadInput
from epochwatch.feeds._facts import kind_of
from epochwatch.feeds._structures import (
    add_index,
    arrays_from_lists,
    checked_index,
    repack_batch,
    rows_of,
)


def with_index(
    x: Any, y: Any = None, sample_weight: Any = None, *, index: Any = None, batched: Any = None
) -> Any:
    """Put the index of each sample beside its target, as a watched model takes it.

    The targets become `{"label": y, "index": i}`; named targets, a dictionary, get "index"
    as one more; without targets there is `{"index": i}` alone. The index says which sample it is,
    so it must be given **before** anything that shuffles or repeats:

    - Arrays, and lists of numbers, which become arrays: row i has index i.
    - A tf.data.Dataset of `(x, y[, sample_weight])` or of x alone: the i-th sample has index i.
      Whatever stands before must deliver the same samples in the same order in every pass. A
      shuffle or repeat upstream is refused where it can be seen; it cannot inside of functions
      (of `interleave`, `from_generator`, a random `filter`), nor can an op's own
      `deterministic=False`.
    - What Keras' own helpers make is such a dataset, if they do not shuffle. Their samples can be
      shuffled after the index, in each epoch again::

          files = keras.utils.image_dataset_from_directory("photos", shuffle=False, batch_size=None)
          feed = with_index(files).shuffle(1000).batch(32)

      Index i is then that of `files.file_paths[i]`. `text_dataset_from_directory` and
      `audio_dataset_from_directory` do the same, and so does `timeseries_dataset_from_array`,
      where index i is that of the i-th window.
    - A keras.utils.PyDataset or tf_keras.utils.Sequence: the j-th sample of item i has index
      i × n + j, n being the samples of item 0, than which none may have more. Item i must
      hold the same samples in every epoch: one with epoch hooks of its own needs `index`.

    Args:
        x: arrays, or a feed that has its targets in it.
        y: targets of arrays.
        sample_weight: weights of arrays.
        index: indices of one's own: any integers that int64 holds, negative ones too, which are
            recorded as int64. For arrays (n,); for a PyDataset a function from an item's number to
            the indices of its samples, which must be picklable where workers are processes.
        batched: whether the elements of a tf.data.Dataset are batches. Give it where neither
            their shapes nor a `batch` at the end show it.

    Returns:
        Arrays: `(x, targets[, sample_weight])`, for `fit(*with_index(x, y))`. With weights they
        must be named, for the third argument of `fit` is another one:
        `fit(x, targets, sample_weight=sample_weight)`. A dataset: a new one. A PyDataset: a new
        one with its workers, length and hooks.

    Raises:
        BadInput: there is an index already, something stands in the wrong order, or the feed is of
            a kind that must deliver its own indices.

    Example:
        >>> x, targets = with_index(np.zeros((3, 2)), np.array([5, 6, 7]))
        >>> targets
        {'label': array([5, 6, 7]), 'index': array([0, 1, 2])}
    """
    x, y, sample_weight = arrays_from_lists((x, y, sample_weight), "with_index")
    kind = kind_of(x)
    if kind == "arrays":
        _refuse(kind, batched=batched)
        return _indexed_arrays(x, y, sample_weight, index)
    if kind == "tf_data":
        _refuse(kind, y=y, sample_weight=sample_weight, index=index)
        return _feed_module("tf_data").indexed(x, batched)
    if kind == "py_dataset":
        _refuse(kind, y=y, sample_weight=sample_weight, batched=batched)
        return _feed_module("py_dataset").indexed(x, index)
    raise BadInput(
        f"with_index: got a {kind}, allowed: arrays, a tf.data.Dataset, a PyDataset; let your "
        'feed itself deliver (x, {"label": y, "index": i}), where i is int64 (batch,)'
    )


def _feed_module(name: str):
    # Imported when it is needed: each of them imports its framework.
    return importlib.import_module(f"epochwatch.feeds.{name}")


def _refuse(kind: str, **arguments: Any) -> None:
    for name, value in arguments.items():
        if value is not None:
            raise BadInput(f"with_index: got {name}, which {kind} does not take; leave it out")


def _indexed_arrays(x: Any, y: Any, sample_weight: Any, index: Any) -> tuple:
    if y is None and isinstance(x, tuple):
        raise BadInput(
            f"with_index: got a tuple of {len(x)}, allowed: with_index(x, y[, sample_weight]); "
            "unpack the tuple: with_index(*arrays)"
        )
    rows = rows_of((x, y, sample_weight), "with_index")
    index = np.arange(rows) if index is None else checked_index(index, rows, "with_index: index")
    return repack_batch(x, add_index(y, index), sample_weight)
