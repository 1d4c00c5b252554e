"""What is done differently on TensorFlow, for Keras 3 and for tf_keras.

The training step is traced into a graph that takes its batches by itself, so the index is
taken out inside of `train_step`, and kept on a tape that the graph writes in place: Keras'
own `ops.slice_update` copies the whole variable at every step.
"""

import contextlib

import numpy as np
import tensorflow as tf
from tensorflow.python.distribute import multi_worker_util
from tensorflow.python.eager import context

from epochwatch._exposures.share import Share
from epochwatch._watching import graph_fingerprint, host, targets
from epochwatch.errors import BadInput

stack = tf.stack
fingerprint = graph_fingerprint.fingerprint
labels_of = graph_fingerprint.labels_of


class Tape:
    """Batches of indices in the order trained, on a tape that is written round and round.

    A batch leaves its length and then its values, column by column, each a cell of 8 bytes.
    Made in the scope of a strategy, each replica writes a tape of its own: none waits for another.
    """

    def __init__(self, capacity: int, columns: int, replicas: int = 1):
        self.capacity = capacity
        self.columns = columns
        # A variable that is synchronized on reading has a component on each replica. It is never
        # read as a whole, so it never is synchronized.
        on_read = {
            "synchronization": tf.VariableSynchronization.ON_READ,
            "aggregation": tf.VariableAggregation.SUM,
        }
        options = {"trainable": False, **(on_read if tf.distribute.has_strategy() else {})}
        with tf.init_scope():  # outside of any graph that is being traced
            self.cells = components(tf.Variable(tf.zeros(capacity, tf.int64), **options))
            self.written = components(tf.Variable(0, dtype=tf.int64, **options))
        self.drained = [0] * replicas

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
        start, count = self.here(self.written).read_value(), length + 1
        places = (start + tf.range(count)) % self.capacity
        self.here(self.cells).scatter_update(tf.IndexedSlices(entry, places))
        # Where the batch's length is known, nothing else would wait for there being a batch.
        with tf.control_dependencies([entry]):
            return tf.identity(start + count)

    def advance(self, end: tf.Tensor) -> None:
        """Take what was written up to an end for kept."""
        self.here(self.written).assign(end)

    def here(self, components: tuple):
        """Choose the component of the replica whose step is being traced."""
        if len(components) == 1:
            return components[0]
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        # Of all workers' replicas; a worker's own ones stand together.
        return components[int(tf.get_static_value(replica)) % len(components)]

    def drain(self) -> tuple[list[np.ndarray], int]:
        """Take out what was written since the last time, without copying the rest.

        Returns the batches, int64 (columns, batch) each, step by step, and how many cells were
        lost.
        """
        drained = [self.drain_replica(number) for number in range(len(self.written))]
        lost = max(lost for _, lost in drained)
        return ([], lost) if lost else (host.by_step([batches for batches, _ in drained]), 0)

    def drain_replica(self, number: int) -> tuple[list[np.ndarray], int]:
        """Take out what one replica wrote, as `drain` does."""
        written, drained = int(self.written[number]), self.drained[number]
        # `written` counts on for ever; what is a capacity behind it has been written over.
        lost = max(0, written - drained - self.capacity)
        places = np.arange(drained, written) % self.capacity
        self.drained[number] = written
        cells = self.cells[number]
        return ([], lost) if lost else (self.split_cells(cells.sparse_read(places).numpy()), 0)

    def split_cells(self, cells: np.ndarray) -> list[np.ndarray]:
        """Read a stretch of tape, int64 (n,), of whole batches."""
        batches, place = [], 0
        while place < len(cells):
            end = place + 1 + self.columns * int(cells[place])
            batches.append(cells[place + 1 : end].reshape(self.columns, -1))
            place = end
        return batches


def components(variable) -> tuple:
    """Return the variable of each replica of this process, in order."""
    return tf.distribute.get_strategy().experimental_local_results(variable)


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
        [values], data = watch.split_batch(data)
        end = watch.counter.tape.write(values)
        logs = super().train_step(data)
        # Not before the loss is known: a step that fails has trained nothing.
        with tf.control_dependencies([t for t in tf.nest.flatten(logs) if tf.is_tensor(t)]):
            watch.counter.tape.advance(end)
        return logs

    def test_step(self, data):
        """Test as the model would on what is left of the batch."""
        return super().test_step(targets.set_index_aside(data))

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Have Keras build the model; tell in one line what it cannot share among replicas."""
        try:
            super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)
        except tf.errors.InvalidArgumentError as error:
            if self.epochwatch.counter.replicas == 1 or "AddN" not in str(error):
                raise
            raise BadInput(
                f"fit: the first batch cannot be shared equally among "
                f"{self.epochwatch.counter.replicas} replicas, and Keras 3 fails there; take a "
                "batch size that they divide"
            ) from error


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


def parts_of(data) -> list:
    """Return the batch of each replica: the step of a replica is traced with its own."""
    return [data]


def distribution(model) -> str | None:
    """Name the strategy a model was made in, or that is in force now; None for none."""
    strategy = tf.distribute.get_strategy()
    if tf.distribute.has_strategy() or model.distribute_strategy is not strategy:
        return type(model.distribute_strategy).__name__
    return None


def scope_of(model) -> contextlib.AbstractContextManager:
    """Return the scope that variables of a model's training are made in."""
    return model.distribute_strategy.scope() if distribution(model) else contextlib.nullcontext()


def share_of(model, is_keras_2: bool) -> Share | None:
    """Say which replicas this process trains; None for a training that is not distributed.

    Raises:
        BadInput: the model is trained by a strategy under which it cannot be watched.
    """
    name = distribution(model)
    if name is None:
        return None
    strategy = model.distribute_strategy
    if reason := unwatchable(model, strategy, is_keras_2):
        raise BadInput(f"watch: cannot watch {model.name!r}: it is trained by {name}, {reason}")
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return share_of_worker(strategy)
    replicas = strategy.num_replicas_in_sync
    return Share(tuple(range(replicas))) if replicas > 1 else None


def unwatchable(model, strategy, is_keras_2: bool) -> str | None:
    """Say why a model cannot be watched under a strategy; None where it can."""
    own = getattr(model, "_distribute_strategy", None) or getattr(
        model, "_distribution_strategy", None
    )
    if own is None:
        return "but was made outside of its scope; make and compile it there"
    if isinstance(strategy, tf.distribute.experimental.ParameterServerStrategy):
        return "whose workers make no steps together; take MultiWorkerMirroredStrategy on tf_keras"
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        if not is_keras_2:
            return "under which Keras 3 cannot train (keras#20585); take tf_keras"
    elif not isinstance(
        strategy, (tf.distribute.MirroredStrategy, tf.distribute.OneDeviceStrategy)
    ):
        return (
            "under which nobody has tried it; allowed: MirroredStrategy, OneDeviceStrategy, and "
            "MultiWorkerMirroredStrategy on tf_keras"
        )
    if not is_keras_2 and strategy.num_replicas_in_sync > 1 and model.steps_per_execution > 1:
        return (
            "with which Keras 3 cannot make several steps at once; compile it with "
            "steps_per_execution=1"
        )
    return None


def share_of_worker(strategy) -> Share | None:
    """Number the replicas of this worker among those of all; None where there is one replica."""
    resolver = strategy.cluster_resolver
    cluster = resolver.cluster_spec()
    worker, workers = 0, 1
    if cluster:
        worker = multi_worker_util.id_in_cluster(cluster, resolver.task_type, resolver.task_id)
        workers = multi_worker_util.worker_count(cluster, resolver.task_type)
    local = strategy.num_replicas_in_sync // workers
    share = Share(tuple(range(worker * local, (worker + 1) * local)), worker, workers)
    return share if strategy.num_replicas_in_sync > 1 else None


def is_seeded() -> bool:
    """Whether a global seed was set; what says so is no public name of TensorFlow's."""
    return context.global_seed() is not None


def set_seed_again() -> None:
    """Set the global seed that is set once more, as a script that is run again does."""
    tf.random.set_seed(context.global_seed())
