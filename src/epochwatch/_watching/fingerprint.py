"""A sample's content as its identity: 64 bits of what the training step received of it.

Every word of 64 bits is multiplied by an odd number of its own, folded, multiplied by
another, and all are summed, modulo 2**64: a multiply, a shift and a sum on any backend. Two
samples that differ have the same fingerprint with a probability of about 2**-60; so do a
million samples among themselves with one of about 2**-21.

Floats count as float32, which is what Keras computes with unless told otherwise: the same
number arrives as float64 from NumPy and as float32 in the step. A float32 that is subnormal
counts as zero: where TensorFlow runs the Python code of a feed, in `fit`, the processor makes
zeros of what the same code results in elsewhere. With float64 it does not, and the smallest
numbers tell samples apart there. Zeros at the end of a column count for nothing, so a sample
stays the same however long its batch is padded.

A text counts as the word that its UTF-8 bytes are reduced to, a ragged tensor as the same rows
filled up with zeros: so it arrives where Keras makes a dense one of it. The rows of its inner
dimensions are reduced to a word each, for how far they are filled up differs by batch.
"""

from typing import Any

import numpy as np

from epochwatch._splitmix import INCREMENT, mix_in_place
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import as_numpy

FOLD = 32
WORD = 8  # bytes
NO_LABEL = -(2**63)
NO_CONTENT = -(2**63)
TEXT_KINDS = "USTO"  # of NumPy's dtypes; what else is among the objects is refused
COLUMN = 2**32  # words; each column has multipliers of its own
SIGN = np.int32(-(2**31))  # the bit of a float32
LEAST_NORMAL = 0x00800000  # the bits of 2**-126; as much may have been rounded up to, or not
INNER = 2**20  # the column, so to speak, of what a word inside of a sample is made from
NEAR_ZERO = 2.0**-100  # a class number that is less is 0


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
        columns: arrays (batch, …) of numbers, truth values or texts, or ragged tensors: all that
            makes up a sample.

    Returns:
        int64 (batch,): the same for samples that are equal in every column.

    Raises:
        BadInput: a column is a sparse tensor, or holds something else.

    Example:
        >>> fingerprint(np.array([[1.5, 2.5], [2.5, 1.5], [1.5, 2.5]])).tolist()
        [565456412253973592, -9044058108242264215, 565456412253973592]
    """
    words = [words_of(as_dense(column)) for column in columns]
    return sum(reduce_words(each, number) for number, each in enumerate(words))


def reduce_words(words: np.ndarray, column: int) -> np.ndarray:
    """Reduce the words of a column (batch, words) to one a sample."""
    folded = words * multipliers(words.shape[1], 0, column)
    folded ^= (folded >> FOLD) & (2 ** (64 - FOLD) - 1)
    return (folded * multipliers(words.shape[1], 1, column)).sum(axis=1)


def as_dense(column: Any) -> np.ndarray:
    """Make a dense array (batch, …) of a column, zeros or empty texts filling up a ragged one."""
    if is_ragged(column):
        return filled_up(column)
    array = as_numpy(column)
    if not isinstance(array, np.ndarray):
        raise no_content(f"a {type(array).__name__}")
    return array


def filled_up(ragged: Any) -> np.ndarray:
    values, splits = ragged.values, np.asarray(ragged.row_splits)
    if is_ragged(values):
        values = reduce_words(words_of(filled_up(values)), INNER)
    values, lengths = np.asarray(values), np.diff(splits)
    shape = (len(lengths), lengths.max(initial=0), *values.shape[1:])
    filled = np.full(shape, b"" if values.dtype.kind == "O" else 0, values.dtype)
    filled[np.arange(shape[1]) < lengths[:, None]] = values
    return filled


def words_of(column: np.ndarray) -> np.ndarray:
    """Write the samples of a column (batch, …) as words of 64 bits: int64 (batch, words)."""
    flat = column.reshape(len(column), int(np.prod(column.shape[1:])))
    if flat.dtype.kind in TEXT_KINDS:
        return words_of_texts(flat)
    check_kind(column.dtype)
    if flat.dtype.kind in "iu" and flat.dtype.itemsize > 1:
        return flat.astype(np.int64)
    bytes_ = np.ascontiguousarray(flat if flat.dtype.itemsize == 1 else bits_of_float32(flat))
    bytes_ = bytes_.view(np.uint8)
    return np.ascontiguousarray(np.pad(bytes_, ((0, 0), (0, -bytes_.shape[1] % WORD)))).view(
        np.int64
    )


def words_of_texts(texts: np.ndarray) -> np.ndarray:
    """Reduce each text of an array (batch, n) to a word, an empty one to 0: int64 (batch, n)."""
    encoded = [bytes_of(text) for text in texts.ravel().tolist()]
    words = -(-max(map(len, encoded), default=0) // WORD) or 1
    padded = np.array(encoded, f"S{WORD * words}").view(np.int64).reshape(len(encoded), words)
    return reduce_words(padded, INNER).reshape(texts.shape)


def bytes_of(text: Any) -> bytes:
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    raise no_content(f"an array of objects such as {type(text).__name__}")


def bits_of_float32(values: np.ndarray) -> np.ndarray:
    """Write floats as float32, and these as the integers of their bits: int32."""
    bits = as_float32(values).view(np.int32)
    if values.dtype.itemsize >= 8:
        return bits
    return np.where(bits & ~SIGN <= LEAST_NORMAL, bits & SIGN, bits)


def is_ragged(column: Any) -> bool:
    """Whether a column is a RaggedTensor, without importing TensorFlow."""
    return hasattr(column, "row_splits")


def as_float32(values: np.ndarray) -> np.ndarray:
    """Turn floats into what the training step gets; what is too large becomes infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        floats = values.astype(np.float32)
        # NumPy alone leaves a signalling NaN of float16 one; a product is none.
        return floats * np.float32(1) if values.dtype == np.float16 else floats


def check_kind(dtype) -> None:
    """Refuse what are neither numbers nor truth values, by its NumPy dtype."""
    if not is_number(dtype):
        raise no_content(f"values of {dtype.name}")


def no_content(got: str) -> BadInput:
    """Say that samples cannot be told apart by what was got."""
    return BadInput(
        f"the feed: got {got}, allowed for a fingerprint: dense and ragged tensors of numbers, "
        'truth values or texts; give the samples an index: {"label": …, "index": …}'
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
    if y.dtype.kind not in "biu":
        y = as_float32(y)
        # In a graph the processor takes subnormal numbers for 0.
        y = np.where(np.abs(y) < NEAR_ZERO, np.float32(0), y)
    if y.ndim == 2 and y.shape[1] > 1:
        one_hot = ((y == 0) | (y == 1)).all(axis=1) & (y.sum(axis=1) == 1)
        return np.where(one_hot, y.argmax(axis=1), NO_LABEL)
    y = y.reshape(len(y))
    return y.astype(np.int64) if y.dtype.kind in "biu" else whole_numbers(y)


def whole_numbers(y: np.ndarray) -> np.ndarray:
    """Turn floats into integers where they are whole."""
    whole = np.isfinite(y) & (y == np.round(y)) & (np.abs(y) < 2**62)
    return np.where(whole, np.where(whole, y, 0).astype(np.int64), NO_LABEL)
