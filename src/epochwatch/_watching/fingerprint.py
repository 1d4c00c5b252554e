"""A sample's content as its identity: 64 bits of what the training step received of it.

Every word of 64 bits is multiplied by an odd number of its own, folded, multiplied by
another, and all are summed, modulo 2**64: a multiply, a shift and a sum on any backend. Two
samples that differ have the same fingerprint with a probability of about 2**-60; so do a
million samples among themselves with one of about 2**-21.

Floats count as float32, which is what Keras computes with unless told otherwise: the same
number arrives as float64 from NumPy and as float32 in the step. Zeros at the end of a column
count for nothing, so a sample stays the same however long its batch is padded.
"""

import numpy as np

from epochwatch._splitmix import INCREMENT, mix_in_place
from epochwatch.errors import BadInput

FOLD = 32
WORD = 8  # bytes
NO_LABEL = -(2**63)
NO_CONTENT = -(2**63)
COLUMN = 2**32  # words; each column has multipliers of its own


def multipliers(count: int, which: int, column: int = 0) -> np.ndarray:
    """Make the odd numbers that words are multiplied by: splitmix64 of their place.

    `which` is 0 for those before the fold, 1 for those after it: int64 (count,).
    """
    place = np.arange(count, dtype=np.uint64) + np.uint64(COLUMN * column)
    z = (2 * place + np.uint64(which + 1)) * np.uint64(INCREMENT)
    return (mix_in_place(z) | np.uint64(1)).view(np.int64)


def fingerprint(*columns) -> np.ndarray:
    """Identify the samples of a batch by their content.

    Args:
        columns: arrays (batch, …) of numbers or truth values: all that makes up a sample.

    Returns:
        int64 (batch,): the same for samples that are equal in every column.

    Raises:
        BadInput: a column holds something else, such as text.

    Example:
        >>> fingerprint(np.array([[1.5, 2.5], [2.5, 1.5], [1.5, 2.5]])).tolist()
        [565456412253973592, -9044058108242264215, 565456412253973592]
    """
    words = [words_of(np.asarray(column)) for column in columns]
    return sum(reduce_words(each, number) for number, each in enumerate(words))


def reduce_words(words: np.ndarray, column: int) -> np.ndarray:
    """Reduce the words of a column (batch, words) to one a sample."""
    folded = words * multipliers(words.shape[1], 0, column)
    folded ^= (folded >> FOLD) & (2 ** (64 - FOLD) - 1)
    return (folded * multipliers(words.shape[1], 1, column)).sum(axis=1)


def words_of(column: np.ndarray) -> np.ndarray:
    """Write the samples of a column (batch, …) as words of 64 bits: int64 (batch, words)."""
    check_kind(column.dtype)
    flat = column.reshape(len(column), int(np.prod(column.shape[1:])))
    if flat.dtype.kind in "iu" and flat.dtype.itemsize > 1:
        return flat.astype(np.int64)
    bytes_ = np.ascontiguousarray(flat if flat.dtype.itemsize == 1 else as_float32(flat))
    bytes_ = bytes_.view(np.uint8)
    return np.ascontiguousarray(np.pad(bytes_, ((0, 0), (0, -bytes_.shape[1] % WORD)))).view(
        np.int64
    )


def as_float32(values: np.ndarray) -> np.ndarray:
    """Turn floats into what the training step gets; what is too large becomes infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        floats = values.astype(np.float32)
        # NumPy alone leaves a signalling NaN of float16 one; a product is none.
        return floats * np.float32(1) if values.dtype == np.float16 else floats


def check_kind(dtype) -> None:
    """Refuse what has no bytes of its own, such as text, by its NumPy dtype."""
    if not is_number(dtype):
        raise BadInput(
            f"the feed: got values of {dtype.name}, allowed for a fingerprint: numbers and truth "
            'values; give the samples an index: {"label": …, "index": …}'
        )


def is_number(dtype) -> bool:
    """Whether a dtype of NumPy's is of numbers or truth values."""
    return dtype.kind in "biuf" or dtype.name == "bfloat16"


def labels_of(y) -> np.ndarray | None:
    """Read the class numbers of a batch from its targets: int64 (batch,).

    They are an array (batch,), (batch, 1) or one-hot (batch, classes); anything else has none.
    A target that is no whole number has `NO_LABEL`.
    """
    if not hasattr(y, "__array__"):
        return None
    y = np.asarray(y)
    if y.ndim not in (1, 2) or 0 in y.shape[1:] or not is_number(y.dtype):
        return None
    y = y if y.dtype.kind in "biu" else as_float32(y)
    if y.ndim == 2 and y.shape[1] > 1:
        one_hot = ((y == 0) | (y == 1)).all(axis=1) & (y.sum(axis=1) == 1)
        return np.where(one_hot, y.argmax(axis=1), NO_LABEL)
    y = y.reshape(len(y))
    return y.astype(np.int64) if y.dtype.kind in "biu" else whole_numbers(y)


def whole_numbers(y: np.ndarray) -> np.ndarray:
    """Turn floats into integers where they are whole."""
    whole = np.isfinite(y) & (y == np.round(y)) & (np.abs(y) < 2**62)
    return np.where(whole, np.where(whole, y, 0).astype(np.int64), NO_LABEL)
