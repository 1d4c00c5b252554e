"""What kind of feed an object is, told by the names of the classes it inherits from.

Keras tells them the same way: nothing is imported that the user has not imported.
"""

import types
from typing import Any

from epochwatch.errors import BadInput
from epochwatch.feeds._structures import leaves

# Package and class that an object inherits from.
CLASSES = {
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
    """Say what kind of feed an object is.

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
    for ancestor in ancestors(feed):
        if ancestor in CLASSES:
            return CLASSES[ancestor]
    if isinstance(feed, types.GeneratorType):
        return "generator"
    if _is_arrays(feed):
        return "arrays"
    raise BadInput(f"feed: got {_got_and_allowed(feed)}")


def can_be_iterated_again(feed: Any) -> bool:
    """Say whether a second pass begins at the first batch again.

    Args:
        feed: anything `fit` accepts.

    Returns:
        False for a generator only. A dataset or a loader that draws on a generator looks
        like any other.

    Raises:
        BadInput: `fit` would not accept it.
    """
    return kind_of(feed) != "generator"


def ancestors(feed: Any) -> list[tuple[str, str]]:
    """Name what an object inherits from, itself first: package and class."""
    return [(base.__module__.partition(".")[0], base.__name__) for base in type(feed).__mro__]


def is_sequence(feed: Any) -> bool:
    """Say whether a `py_dataset` is one of Keras 2, which has fewer attributes."""
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
    if feed is None:
        return "None: make_feed returned None; return the feed it builds"
    if isinstance(feed, (types.FunctionType, types.MethodType)):
        return f"the function {feed.__name__!r}, allowed: a feed; call it and give what it returns"
    if hasattr(feed, "__next__"):
        return (
            f"the iterator {type(feed).__name__}, allowed: what Keras takes, a generator; "
            "(batch for batch in it) is one"
        )
    return (
        f"{_described(feed)}, allowed: arrays (x, y[, sample_weight]), a tf.data.Dataset, a "
        "generator, a keras.utils.PyDataset, a torch DataLoader, a Grain loader"
    )


def _described(feed: Any) -> str:
    name = type(feed).__name__
    if not isinstance(feed, (tuple, list)):
        return name
    return f"a {name} of {len(feed)} ({', '.join(type(part).__name__ for part in feed[:4])})"
