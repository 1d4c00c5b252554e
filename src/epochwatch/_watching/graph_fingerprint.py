"""`fingerprint` again, as operations of a TensorFlow graph: the same integers to the bit."""

import numpy as np
import tensorflow as tf

from epochwatch._splitmix import INCREMENT, LAST_SHIFT, MIXING
from epochwatch._watching.fingerprint import (
    COLUMN,
    FOLD,
    INNER,
    LEAST_NORMAL,
    NEAR_ZERO,
    NO_LABEL,
    SIGN,
    WORD,
    check_kind,
    is_number,
    multipliers,
    no_content,
)

# Of float32: the least that is not subnormal, and what those that are count in.
LEAST_NORMAL_FLOAT = 2.0**-126
LAST_PLACE = 2.0**-149

# AutoGraph would have a refusal span many lines.
unconverted = tf.autograph.experimental.do_not_convert


def fingerprint(*columns) -> tf.Tensor:
    """Identify the samples of a batch by their content; see `fingerprint.fingerprint`."""
    words = [words_of(as_dense(column)) for column in columns]
    return tf.add_n([reduce_words(each, number) for number, each in enumerate(words)])


def reduce_words(words: tf.Tensor, column: int) -> tf.Tensor:
    """Reduce the words of a column (batch, words) to one a sample."""
    folded = words * multipliers_for(words, 0, column)
    folded = tf.bitwise.bitwise_xor(folded, logical_shift(folded, FOLD))
    return tf.reduce_sum(folded * multipliers_for(words, 1, column), axis=1)


def as_dense(column) -> tf.Tensor:
    """Make a dense tensor of a column; see `fingerprint.as_dense`."""
    if isinstance(column, tf.SparseTensor):
        raise no_content("a SparseTensor")
    return (
        filled_up(column) if isinstance(column, tf.RaggedTensor) else tf.convert_to_tensor(column)
    )


def filled_up(ragged: tf.RaggedTensor) -> tf.Tensor:
    if isinstance(ragged.values, tf.RaggedTensor):
        ragged = ragged.with_values(reduce_words(words_of(filled_up(ragged.values)), INNER))
    return ragged.to_tensor()


def multipliers_for(words: tf.Tensor, which: int, column: int):
    """Make the multipliers of words (batch, n), in the graph where n is not known."""
    if words.shape[1] is not None:
        return multipliers(words.shape[1], which, column)  # a constant of the graph
    place = tf.range(tf.shape(words, tf.int64)[1]) + COLUMN * column
    z = (2 * place + which + 1) * as_signed(INCREMENT)
    for shift, factor in MIXING:
        z = tf.bitwise.bitwise_xor(z, logical_shift(z, shift)) * as_signed(factor)
    return tf.bitwise.bitwise_or(tf.bitwise.bitwise_xor(z, logical_shift(z, LAST_SHIFT)), 1)


def as_signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def logical_shift(values: tf.Tensor, by: int) -> tf.Tensor:
    """Shift int64 to the right and fill with zeros, where TensorFlow fills with the sign."""
    return tf.bitwise.bitwise_and(tf.bitwise.right_shift(values, by), 2 ** (64 - by) - 1)


def words_of(column: tf.Tensor) -> tf.Tensor:
    """Write the samples of a column as words of 64 bits: int64 (batch, words)."""
    dtype = column.dtype
    flat, size = flatten_samples(column)
    if dtype == tf.string:
        return words_of_texts(flat)
    check_kind(np.dtype(dtype.as_numpy_dtype))
    if dtype.is_integer and dtype.size > 1:
        return tf.bitcast(flat, tf.int64) if dtype == tf.uint64 else tf.cast(flat, tf.int64)
    if dtype == tf.bool:
        flat = tf.cast(flat, tf.uint8)
    # Bytes and float32 are packed, eight bytes to a word; what is wider is a word by itself.
    small = flat if dtype.size == 1 else bits_of_float32(flat)
    together = WORD // small.dtype.size
    padded = tf.pad(small, [[0, 0], [0, -size % together]])
    words = (size + together - 1) // together
    return tf.bitcast(
        tf.reshape(padded, tf.stack([tf.shape(padded)[0], words, together])), tf.int64
    )


def words_of_texts(texts: tf.Tensor) -> tf.Tensor:
    """Reduce each text of a tensor (batch, n) to a word; see `fingerprint.words_of_texts`."""
    flat = tf.reshape(texts, [-1])
    longest = tf.maximum(tf.reduce_max(tf.strings.length(flat)), 1)  # bytes
    padded = tf.io.decode_raw(flat, tf.int64, fixed_length=(longest + WORD - 1) // WORD * WORD)
    return tf.reshape(reduce_words(padded, INNER), tf.shape(texts))


def bits_of_float32(values: tf.Tensor) -> tf.Tensor:
    """Write floats as float32, and these as the integers of their bits: int32."""
    bits = tf.bitcast(tf.cast(values, tf.float32), tf.int32)
    sign = tf.bitwise.bitwise_and(bits, SIGN)
    if values.dtype != tf.float64:
        return tf.where(tf.bitwise.bitwise_and(bits, ~SIGN) <= LEAST_NORMAL, sign, bits)
    # The processor has made zeros of the subnormal float32 that the cast results in, so their
    # bits are counted instead. Halves are rounded to even, as a cast does.
    size = tf.abs(values)
    counted = tf.cast(tf.round(tf.minimum(size, LEAST_NORMAL_FLOAT) / LAST_PLACE), tf.int32)
    return tf.where(size < LEAST_NORMAL_FLOAT, tf.bitwise.bitwise_or(counted, sign), bits)


def flatten_samples(column: tf.Tensor) -> tuple:
    """Make a row of n values of each sample, and say n.

    It is a number where the shapes tell it, or else a tensor.
    """
    shape = column.shape[1:] if column.shape.rank is not None else None
    if shape is not None and shape.is_fully_defined():
        size = shape.num_elements()
    else:
        size = tf.reduce_prod(tf.shape(column)[1:])
    return tf.reshape(column, tf.stack([tf.shape(column)[0], size])), size


def labels_of(y) -> tf.Tensor | None:
    """Read the class numbers of a batch from its targets; see `fingerprint.labels_of`."""
    if not isinstance(y, tf.Tensor) or not is_number(np.dtype(y.dtype.as_numpy_dtype)):
        return None
    if y.shape.rank not in (None, 1, 2) or y.shape[1:].num_elements() == 0:
        return None
    if y.dtype.is_floating:
        y = tf.cast(y, tf.float32)
        y = tf.where(tf.abs(y) < NEAR_ZERO, tf.zeros_like(y), y)
    if y.shape.rank == 1:
        return whole_numbers(y)
    flat, size = flatten_samples(y)
    if y.shape.rank == 2 and y.shape[1] is not None:
        return whole_numbers(flat[:, 0]) if size == 1 else one_hot_classes(flat)
    # The shape is not known before the step runs, so the graph asks then.
    return tf.case(
        [
            (
                (tf.rank(y) > 2) | (size == 0),
                lambda: tf.fill(tf.shape(y)[:1], tf.constant(NO_LABEL, tf.int64)),
            ),
            (size == 1, lambda: whole_numbers(flat[:, 0])),
        ],
        default=lambda: one_hot_classes(flat),
    )


def one_hot_classes(y: tf.Tensor) -> tf.Tensor:
    """Read one-hot rows (batch, classes)."""
    y = tf.cast(y, tf.float32)
    one_hot = tf.reduce_all((y == 0) | (y == 1), axis=1) & (tf.reduce_sum(y, axis=1) == 1)
    return tf.where(one_hot, tf.argmax(y, axis=1), NO_LABEL)


def whole_numbers(y: tf.Tensor) -> tf.Tensor:
    """Read class numbers (batch,), floats only where they are whole."""
    if not y.dtype.is_floating:
        return tf.cast(y, tf.int64)
    whole = tf.math.is_finite(y) & (y == tf.round(y)) & (tf.abs(y) < 2**62)
    return tf.where(whole, tf.cast(tf.where(whole, y, tf.zeros_like(y)), tf.int64), NO_LABEL)
