"""What kind of feed an object is, and what can be known of it without taking a batch from it.

A kind is told by the names of the classes that an object inherits from, as Keras does it:
nothing is imported that the user has not imported.
"""

import math
import sys
import types
from collections.abc import Callable
from typing import Any, NamedTuple

from epochwatch.errors import BadInput
from epochwatch.feeds._own_order import shuffles_itself
from epochwatch.feeds._structures import leaves, rows_of

KERAS_BATCH_SIZE = 32
TF_INFINITE = -1

# Grain says sys.maxsize for "no end", and divides it by the size of batches.
GRAIN_ENDLESS = sys.maxsize >> 24

# Package and class that an object inherits from.
_KIND_OF_CLASS = {
    ("tensorflow", "DatasetV2"): "tf_data",
    ("keras", "PyDataset"): "py_dataset",
    ("keras", "Sequence"): "py_dataset",  # of Keras 2
    ("tf_keras", "Sequence"): "py_dataset",
    ("torch", "DataLoader"): "torch_loader",
    ("grain", "MapDataset"): "grain_loader",
    ("grain", "IterDataset"): "grain_loader",
    ("grain", "DataLoader"): "grain_loader",
}


def kind_of(feed: Any) -> str:
    """Name the kind of feed an object is.

    Args:
        feed: anything `fit` accepts; arrays as a tuple `(x, y[, sample_weight])`.

    Returns:
        One of `feeds.NAMES`. A `tf_keras.utils.Sequence` is a `py_dataset`; a
        `MapDataset`, an `IterDataset` and a `DataLoader` of Grain are a `grain_loader`.

    Raises:
        BadInput: `fit` would not accept it.

    Example:
        >>> import numpy as np
        >>> kind_of((np.zeros((34, 3)), np.zeros(34)))
        'arrays'
        >>> kind_of(np.zeros((1, 3)) for _ in range(2))
        'generator'
    """
    # In the order of inheritance, so that a class of the user's own is what it is made from.
    for ancestor in ancestors(feed):
        if ancestor in _KIND_OF_CLASS:
            return _KIND_OF_CLASS[ancestor]
    if isinstance(feed, types.GeneratorType):
        return "generator"
    if _is_arrays(feed):
        return "arrays"
    raise BadInput(f"feed: got {_got_and_allowed(feed)}")


def can_be_iterated_again(feed: Any) -> bool:
    """Find out whether a second pass begins at the first batch again.

    Args:
        feed: anything `fit` accepts.

    Returns:
        False for a generator only. A dataset or a loader that draws on a generator looks
        like any other.

    Raises:
        BadInput: `fit` would not accept it.
    """
    return kind_of(feed) != "generator"


class FeedFacts(NamedTuple):
    """What is known of a feed before anything is taken from it.

    Attributes:
        kind: one of `feeds.NAMES`.
        length: batches in one pass; None where there is no end or it is unknown.
        endless: whether there is no end; None where that is unknown, as behind a `filter` or
            where `choose_from_datasets` may stop.
        can_be_iterated_again: whether a second pass begins at the first batch again.
        workers: threads or processes that make batches ahead, as the feed is set up. The
            threads in which tf.data and Grain read ahead are not counted, nor is what
            Grain's `mp_prefetch` starts, nor what tf_keras' `fit` is told.
        processes: whether these workers are processes.
        rows: of arrays, all of them; None for feeds of other kinds.
        shuffles: whether it has another order in each pass, as far as it is seen to; None where
            code of its own may change it, as in the hooks of a PyDataset.
    """

    kind: str
    length: int | None
    endless: bool | None
    can_be_iterated_again: bool
    workers: int
    processes: bool
    rows: int | None = None
    shuffles: bool | None = False


def describe(feed: Any, batch_size: int | None = None) -> FeedFacts:
    """Describe a feed without taking a batch from it.

    Args:
        feed: anything `fit` accepts; arrays as a tuple `(x, y[, sample_weight])`.
        batch_size: samples in a batch of arrays, None for 32 as in Keras; other feeds
            have their own.

    Returns:
        The facts.

    Raises:
        BadInput: `fit` would not accept the feed.

    Example:
        >>> import numpy as np
        >>> describe((np.zeros((34, 3)), np.zeros(34)), batch_size=16)[:4]
        ('arrays', 3, False, True)
    """
    kind = kind_of(feed)
    length, endless = _PASS_OF[kind](feed, batch_size)
    workers, processes = _workers_of(feed, kind)
    rows = rows_of(feed, kind) if kind == "arrays" else None
    return FeedFacts(
        kind,
        length,
        endless,
        can_be_iterated_again(feed),
        workers,
        processes,
        rows,
        shuffles_itself(feed, kind),
    )


def _pass_of_arrays(feed: Any, batch_size: int | None) -> tuple:
    return math.ceil(rows_of(feed, "arrays") / (batch_size or KERAS_BATCH_SIZE)), False


def _pass_of_tf_data(feed: Any, _: int | None) -> tuple:
    # Below 0 stand two words of tf.data: infinite, and unknown.
    cardinality = int(feed.cardinality())
    if cardinality >= 0:
        return cardinality, False
    return None, is_surely_endless(feed) or None


def is_surely_endless(dataset: Any) -> bool:
    """Whether a tf.data.Dataset has no end, where tf.data's own word is not always true.

    It takes `choose_from_datasets` and `sample_from_datasets` for infinite as soon as one of
    their datasets is, though they end with what chooses, or with the first that ends.
    """
    if int(dataset.cardinality()) != TF_INFINITE:
        return False
    name = type(dataset).__name__
    # TensorFlow has no public way to what stands before; where it tells nothing, it is believed.
    count, inputs = getattr(dataset, "_count", None), getattr(dataset, "_inputs", list)()
    if "AssertCardinality" in name or ("Repeat" in name and int(count) == TF_INFINITE):
        return True  # whatever stands before
    if "DirectedInterleave" in name:
        chooser, *chosen = inputs
        among = all if getattr(dataset, "_stop_on_empty_dataset", True) else any
        return is_surely_endless(chooser) and among(map(is_surely_endless, chosen))
    return all(map(is_surely_endless, inputs))


def _pass_of_generator(feed: Any, _: int | None) -> tuple:
    return None, None


def _pass_of_py_dataset(feed: Any, _: int | None) -> tuple:
    try:
        length = len(feed) if is_keras_2_sequence(feed) else feed.num_batches
    except NotImplementedError:
        raise BadInput(
            f"feed: got the PyDataset {type(feed).__name__} without a length, allowed: one with "
            "__len__, or with a property num_batches, which is None for a PyDataset without an end"
        ) from None
    return length, length is None


def _pass_of_torch_loader(feed: Any, _: int | None) -> tuple:
    try:
        return len(feed), False
    except TypeError:  # of an iterable dataset or a sampler without a length
        return None, None


def _pass_of_grain_loader(feed: Any, _: int | None) -> tuple:
    is_map = ("grain", "MapDataset") in ancestors(feed)
    try:
        length = len(feed if is_map else feed._sampler)
    except (AttributeError, TypeError):
        return None, None
    if length > GRAIN_ENDLESS:
        return None, True
    # Between the sampler's records and the batches stand operations of any kind.
    return length if is_map else None, False


_PASS_OF: dict[str, Callable] = {
    "arrays": _pass_of_arrays,
    "tf_data": _pass_of_tf_data,
    "generator": _pass_of_generator,
    "py_dataset": _pass_of_py_dataset,
    "torch_loader": _pass_of_torch_loader,
    "grain_loader": _pass_of_grain_loader,
}


def _workers_of(feed: Any, kind: str) -> tuple[int, bool]:
    """Count the workers; the other is whether they are processes."""
    workers, processes = 0, True
    if kind == "py_dataset" and not is_keras_2_sequence(feed):
        processes = feed.use_multiprocessing
        # Of a single thread Keras makes none, and asks for the items itself.
        workers = feed.workers if feed.workers > 1 or processes else 0
    elif kind == "torch_loader":
        workers = feed.num_workers
    elif kind == "grain_loader" and getattr(feed, "multiprocessing_options", None):
        workers = feed.multiprocessing_options.num_workers
    return workers, bool(workers and processes)


def ancestors(feed: Any) -> list[tuple[str, str]]:
    """Name what an object inherits from, itself first: package and class."""
    return [(base.__module__.partition(".")[0], base.__name__) for base in type(feed).__mro__]


def is_keras_2_sequence(feed: Any) -> bool:
    """Whether a `py_dataset` is one of Keras 2, which has fewer attributes."""
    return any(name == "Sequence" for _, name in ancestors(feed))


def _is_arrays(feed: Any) -> bool:
    parts = feed if isinstance(feed, tuple) else (feed,)
    if not 1 <= len(parts) <= 3 or parts[0] is None:
        return False
    return all(map(_is_array, leaves(parts)))


def _is_array(leaf: Any) -> bool:
    # The latter two are what SciPy's sparse matrices and ragged tensors have instead.
    return any(hasattr(leaf, name) for name in ("__array__", "tocsr", "row_splits"))


def _got_and_allowed(feed: Any) -> str:
    # The first three are what users hand over by mistake; each has a remedy of its own.
    if feed is None:
        return "None: make_feed returned None; return the feed it builds"
    if isinstance(feed, (types.FunctionType, types.MethodType)):
        return f"the function {feed.__name__!r}, allowed: a feed; call it and give what it returns"
    if hasattr(feed, "__next__"):
        return (
            f"the iterator {type(feed).__name__}, which Keras does not take; make a generator of "
            "it: (batch for batch in iterator)"
        )
    return (
        f"{_type_described(feed)}, allowed: arrays (x, y[, sample_weight]), a tf.data.Dataset, a "
        "generator, a keras.utils.PyDataset, a torch DataLoader, a Grain loader"
    )


def _type_described(feed: Any) -> str:
    name = type(feed).__name__
    if not isinstance(feed, (tuple, list)):
        return name
    return f"a {name} of {len(feed)} ({', '.join(type(part).__name__ for part in feed[:4])})"
