"""What is done differently on TensorFlow.

The counter's tape is written and read in place: Keras' own `ops.slice_update` copies the
whole variable at every step.
"""

import numpy as np
import tensorflow as tf


def append(tape, written, values) -> None:
    """Write values behind the last one, from inside a traced step.

    Args:
        tape: keras.Variable, int64 (capacity,), written round and round.
        written: keras.Variable, int64 (), values written so far.
        values: int64 tensor (n,).
    """
    start = written.value.read_value()
    count = tf.size(values, out_type=tf.int64)
    cells = (start + tf.range(count)) % tape.shape[0]
    tape.value.scatter_update(tf.IndexedSlices(values, cells))
    written.value.assign(start + count)


def read(tape, cells: np.ndarray) -> np.ndarray:
    """Read some cells of the tape, without copying the rest.

    Args:
        tape: keras.Variable, int64 (capacity,).
        cells: int64 (n,), which cells.

    Returns:
        int64 (n,), what they hold.
    """
    return tape.value.sparse_read(cells).numpy()


def is_distributed(model) -> bool:
    """Say whether a model is trained by a distribution strategy.

    Args:
        model: a keras.Model.

    Returns:
        Whether it was made in a strategy's scope, or one is in force now.
    """
    strategy = tf.distribute.get_strategy()
    return tf.distribute.has_strategy() or model.distribute_strategy is not strategy
