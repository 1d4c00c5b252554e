"""`fingerprint` again, as operations of a TensorFlow graph: the same integers to the bit."""

import numpy as np
import tensorflow as tf

from epochwatch.errors import BadInput
from epochwatch.watching.fingerprint import (
    FOLD,
    LOW,
    NO_LABEL,
    WORD,
    check_kind,
    multipliers,
)


def fingerprint(*columns) -> tf.Tensor:
    """Identify the samples of a batch by their content; see `fingerprint.fingerprint`.

    Args:
        columns: tensors (batch, …), their shapes known but for the batch.

    Returns:
        int64 (batch,).
    """
    words = tf.concat([words_of(tf.convert_to_tensor(column)) for column in columns], axis=1)
    folded = words * multipliers(words.shape[1], 0)
    high = tf.bitwise.bitwise_and(tf.bitwise.right_shift(folded, FOLD), LOW)
    folded = tf.bitwise.bitwise_xor(folded, high)
    return tf.reduce_sum(folded * multipliers(words.shape[1], 1), axis=1)


def words_of(column: tf.Tensor) -> tf.Tensor:
    """Write the samples of a column as words of 64 bits: int64 (batch, words)."""
    dtype = column.dtype
    check_kind(np.dtype(dtype.as_numpy_dtype))
    size = int(np.prod(static_shape(column)))
    flat = tf.reshape(column, [-1, size])
    if dtype.is_integer and dtype.size > 1:
        return tf.bitcast(flat, tf.int64) if dtype == tf.uint64 else tf.cast(flat, tf.int64)
    if dtype == tf.bool:
        flat = tf.cast(flat, tf.uint8)
    small = flat if dtype.size == 1 else tf.cast(flat, tf.float32)
    together = WORD // small.dtype.size
    padded = tf.pad(small, [[0, 0], [0, -size % together]])
    return tf.bitcast(tf.reshape(padded, [-1, -(-size // together), together]), tf.int64)


def static_shape(column: tf.Tensor) -> list[int]:
    """Return the shape of one sample.

    Raises:
        BadInput: it may differ from batch to batch.
    """
    if column.shape.rank is None or None in column.shape[1:]:
        raise BadInput(
            f"the feed: got values of shape {column.shape}, allowed for a fingerprint: a shape "
            'known but for the batch; give the samples an index: {"label": …, "index": …}'
        )
    return column.shape[1:].as_list()


def labels_of(y) -> tf.Tensor | None:
    """Read the class numbers of a batch from its targets; see `fingerprint.labels_of`."""
    if not tf.is_tensor(y) or y.shape.rank not in (1, 2) or y.dtype == tf.string:
        return None
    if y.shape.rank == 2 and y.shape[1] != 1:
        y = tf.cast(y, tf.float32)
        one_hot = tf.reduce_all((y == 0) | (y == 1), axis=1) & (tf.reduce_sum(y, axis=1) == 1)
        return tf.where(one_hot, tf.argmax(y, axis=1), NO_LABEL)
    y = tf.reshape(y, [-1])
    return whole_numbers(y) if y.dtype.is_floating else tf.cast(y, tf.int64)


def whole_numbers(y: tf.Tensor) -> tf.Tensor:
    """Turn floats into integers where they are whole."""
    whole = tf.math.is_finite(y) & (y == tf.round(y)) & (tf.abs(y) < 2**62)
    return tf.where(whole, tf.cast(tf.where(whole, y, tf.zeros_like(y)), tf.int64), NO_LABEL)
