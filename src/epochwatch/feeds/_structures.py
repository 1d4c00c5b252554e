"""What a batch is made of: its parts, nested structures of arrays, targets with their index.

Dictionaries, lists and tuples hold; None holds nothing; everything else is a leaf.
"""

import numbers
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from epochwatch.errors import BadInput

INDEX = "index"
LABEL = "label"

# x, y, sample_weight
MOST_PARTS = 3


def unpack_batch(batch: Any) -> tuple:
    """Take a batch apart, as Keras does: x, y and sample_weight, None for what is not there.

    Further parts are left out: a `train_step` of the user's own may have a use for them.
    """
    if not isinstance(batch, (tuple, list)):
        return batch, None, None
    return (*batch, None, None)[:MOST_PARTS]


def unpack_checked(batch: Any, name: str) -> tuple:
    """Take a batch apart, and refuse one that Keras' own `train_step` would not take."""
    parts = len(batch) if isinstance(batch, (tuple, list)) else 1
    if not 1 <= parts <= MOST_PARTS:
        raise BadInput(
            f"{name}: got {parts} parts, allowed: (x[, y[, sample_weight]]); put several "
            "inputs or targets into a tuple or a dictionary of their own"
        )
    return unpack_batch(batch)


def repack_batch(x: Any, targets: Any, sample_weight: Any) -> tuple:
    """Put a batch together, without weights where it has none."""
    return (x, targets) if sample_weight is None else (x, targets, sample_weight)


def map_leaves(function: Callable, structure: Any) -> Any:
    """Apply a function to every leaf.

    Example:
        >>> map_leaves(len, ("ab", {"label": "c"}, None))
        (2, {'label': 1}, None)
    """
    if structure is None:
        return None
    if isinstance(structure, Mapping):
        return {key: map_leaves(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        values = [map_leaves(function, value) for value in structure]
        # A named tuple takes its values one by one, any other an iterable of them.
        is_named = hasattr(structure, "_fields")
        return type(structure)(*values) if is_named else type(structure)(values)
    return function(structure)


def leaves(structure: Any) -> Iterator:
    """Yield every leaf, those of a dictionary in the order of its keys.

    Example:
        >>> list(leaves(({"b": 2, "a": [1, None]}, 3)))
        [1, 2, 3]
    """
    if isinstance(structure, Mapping):
        structure = [structure[key] for key in sorted(structure)]
    if isinstance(structure, (list, tuple)):
        for value in structure:
            yield from leaves(value)
    elif structure is not None:
        yield structure


def outline(structure: Any) -> str:
    """Write down how a structure is nested, the same for structures that Keras takes for the same.

    Example:
        >>> outline((np.zeros(2), {"label": np.zeros(2), "index": np.zeros(2)}))
        '(array, {index: array, label: array})'
    """
    if structure is None:
        return "None"
    if isinstance(structure, Mapping):
        # Sorted, as Keras flattens dictionaries by key.
        parts = sorted(f"{key}: {outline(value)}" for key, value in structure.items())
        return "{" + ", ".join(parts) + "}"
    if isinstance(structure, (list, tuple)):
        return "(" + ", ".join(map(outline, structure)) + ")"
    return "array"


def rows_of(structure: Any, name: str) -> int:
    """Count the samples of a structure of arrays, along their first axis; all must have as many."""
    lengths = {}
    for leaf in leaves(structure):
        shape = tuple(getattr(leaf, "shape", ()))
        if not shape:
            raise BadInput(
                f"{name}: got {type(leaf).__name__} {leaf!r:.40}, allowed: arrays with one "
                "row per sample; numpy.asarray makes an array of a list"
            )
        lengths[shape[0]] = None
    if len(lengths) != 1:
        got = " and ".join(map(str, lengths)) or "no"
        raise BadInput(f"{name}: got {got} rows, allowed: one row per sample in every array")
    return next(iter(lengths))


def as_numpy(leaf: Any) -> Any:
    """Turn a leaf into a NumPy array of its own dtype, which may share its memory.

    What has no dense array (sparse, ragged) is returned as it is.
    """
    # By what it has, because torch is not imported here.
    if hasattr(leaf, "detach"):
        return _from_torch(leaf)
    if hasattr(leaf, "__array__") or isinstance(leaf, (numbers.Number, str, bytes)):
        return np.asarray(leaf)
    return leaf


def arrays_from_lists(structure: Any, name: str) -> Any:
    """Make an array of each list that holds numbers or texts, and not arrays.

    Example:
        >>> arrays_from_lists({"a": [[1, 2], [3, 4]]}, "x")
        {'a': array([[1, 2],
               [3, 4]])}
    """
    if isinstance(structure, list) and all(map(_is_scalar, leaves(structure))):
        try:
            return np.asarray(structure)
        except ValueError:
            raise BadInput(
                f"{name}: got a list of lists of different lengths, allowed: the same length for "
                "each sample; pad them, or give a tf.RaggedTensor"
            ) from None
    if isinstance(structure, Mapping):
        return {key: arrays_from_lists(value, name) for key, value in structure.items()}
    if type(structure) in (list, tuple):
        return type(structure)(arrays_from_lists(value, name) for value in structure)
    return structure


def _is_scalar(leaf: Any) -> bool:
    return isinstance(leaf, (numbers.Number, np.generic, str, bytes))


def _from_torch(tensor: Any) -> Any:
    layout, dtype = str(tensor.layout), str(tensor.dtype)
    if layout != "torch.strided":
        return tensor
    tensor = tensor.detach().cpu()  # NumPy sees no gradients, and no device
    if dtype != "torch.bfloat16":
        return tensor.numpy()
    import ml_dtypes  # Keras brings it; torch has no NumPy array for bfloat16

    return tensor.float().numpy().astype(ml_dtypes.bfloat16)


def add_index(targets: Any, index: Any) -> dict:
    """Put the index beside the targets: `{"label", "index"}`, or named targets and "index".

    Where there are none it is alone.
    """
    if targets is None:
        return {INDEX: index}
    if not isinstance(targets, Mapping):
        return {LABEL: targets, INDEX: index}
    if INDEX in targets:
        raise BadInput(
            'with_index: got targets that already have an "index", allowed: targets without; '
            "feed them to the watched model as they are"
        )
    return {**targets, INDEX: index}


def checked_index(index: Any, rows: int, name: str) -> np.ndarray:
    """Check indices that a user gave, an integer to a sample: int64 (rows,)."""
    index = np.asarray(index)
    is_exact = np.issubdtype(index.dtype, np.integer) and np.can_cast(index.dtype, np.int64)
    if not is_exact or index.shape != (rows,):
        raise BadInput(
            f"{name}: got {index.dtype} {index.shape}, allowed: int64 ({rows},), one integer "
            "per sample"
        )
    return index.astype(np.int64)
