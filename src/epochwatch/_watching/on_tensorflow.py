"""What is done differently on TensorFlow, for Keras 3 and for tf_keras.

The training step is traced into a graph that takes its batches by itself, so the index is
taken out inside of `train_step`, and kept on a tape that the graph writes in place: Keras'
own `ops.slice_update` copies the whole variable at every step.
"""

import numpy as np
import tensorflow as tf
from tensorflow.python.eager import context

from epochwatch._watching import graph_fingerprint, targets

stack = tf.stack
fingerprint = graph_fingerprint.fingerprint
labels_of = graph_fingerprint.labels_of


class Tape:
    """Batches of indices in the order trained, on a tape that is written round and round.

    A batch leaves its length and then its values, column by column, each a cell of 8 bytes.
    """

    def __init__(self, capacity: int, columns: int):
        self.capacity = capacity
        self.columns = columns
        with tf.init_scope():  # outside of any graph that is being traced
            self.cells = tf.Variable(tf.zeros(capacity, tf.int64), trainable=False)
            self.written = tf.Variable(0, trainable=False, dtype=tf.int64)
        self.drained = 0

    def append(self, values: tf.Tensor) -> None:
        """Write one batch, int64 (columns, batch) or (batch,), behind the last one."""
        self.advance(self.write(values))

    def write(self, values: tf.Tensor) -> tf.Tensor:
        """Write one batch where it will stand; until `advance` it is not there.

        Returns int64 (), where the tape ends with it.
        """
        values = tf.reshape(tf.cast(values, tf.int64), [-1])
        length = tf.size(values, out_type=tf.int64)
        entry = tf.concat([[length // self.columns], values], axis=0)
        start, count = self.written.read_value(), length + 1
        places = (start + tf.range(count)) % self.capacity
        self.cells.scatter_update(tf.IndexedSlices(entry, places))
        # Where the batch's length is known, nothing else would wait for there being a batch.
        with tf.control_dependencies([entry]):
            return tf.identity(start + count)

    def advance(self, end: tf.Tensor) -> None:
        """Take what was written up to an end for kept."""
        self.written.assign(end)

    def drain(self) -> tuple[list[np.ndarray], int]:
        """Take out what was written since the last time, without copying the rest.

        Returns the batches, int64 (columns, batch) each, and how many cells were lost.
        """
        written = int(self.written)
        # `written` counts on for ever; what is a capacity behind it has been written over.
        lost = max(0, written - self.drained - self.capacity)
        places = np.arange(self.drained, written) % self.capacity
        self.drained = written
        return ([], lost) if lost else (self.split_cells(self.cells.sparse_read(places).numpy()), 0)

    def split_cells(self, cells: np.ndarray) -> list[np.ndarray]:
        """Read a stretch of tape, int64 (n,), of whole batches."""
        batches, place = [], 0
        while place < len(cells):
            end = place + 1 + self.columns * int(cells[place])
            batches.append(cells[place + 1 : end].reshape(self.columns, -1))
            place = end
        return batches


def index(values, samples: int | None) -> tf.Tensor:
    """Check and take the indices of a batch: int64 (batch,)."""
    values = tf.convert_to_tensor(values)
    targets.check_index(values, samples)
    return tf.cast(values, tf.int64)


class IndexInterceptor:
    """The part of a watched model's class that takes the index out: on TensorFlow, the steps."""

    def train_step(self, data):
        """Train as the model would on what is left of the batch; then keep its indices."""
        watch = self.epochwatch
        values, data = watch.split_batch(data)
        end = watch.counter.tape.write(values)
        logs = super().train_step(data)
        # Not before the loss is known: a step that fails has trained nothing.
        with tf.control_dependencies([t for t in tf.nest.flatten(logs) if tf.is_tensor(t)]):
            watch.counter.tape.advance(end)
        return logs

    def test_step(self, data):
        """Test as the model would on what is left of the batch."""
        return super().test_step(targets.set_index_aside(data))


class ProbeStep:
    """The steps of a model that learns nothing."""

    def train_step(self, data):
        return {"loss": tf.constant(0.0)}

    test_step = train_step


def class_weights(y, table: np.ndarray) -> tf.Tensor:
    """Weigh the samples of a batch by their class, as Keras does: float32 (batch,)."""
    y = tf.cast(y, tf.int64) if y.dtype.is_bool else y  # TensorFlow rounds no truth values
    if y.shape.rank > 1:
        y = tf.argmax(y, axis=-1) if y.shape[-1] != 1 else tf.squeeze(y, axis=-1)
    number = y if y.dtype.is_integer else tf.round(y)
    number = tf.minimum(tf.cast(number, tf.int64), len(table) - 1)
    return tf.gather(tf.constant(table, tf.float32), number)


def distribution(model) -> str | None:
    """Name the strategy a model was made in, or that is in force now; None for none."""
    strategy = tf.distribute.get_strategy()
    if tf.distribute.has_strategy() or model.distribute_strategy is not strategy:
        return type(model.distribute_strategy).__name__
    return None


def is_seeded() -> bool:
    """Whether a global seed was set; what says so is no public name of TensorFlow's."""
    return context.global_seed() is not None


def set_seed_again() -> None:
    """Set the global seed that is set once more, as a script that is run again does."""
    tf.random.set_seed(context.global_seed())
