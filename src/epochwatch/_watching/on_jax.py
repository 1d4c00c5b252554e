"""What is done differently on JAX.

JAX has no 64-bit integers unless told to: arrays are truncated to 32 bits on their way to
the device, and without a word. So an index travels as two words of 32 bits, which are
joined again in front of the training function.
"""

import contextlib
import importlib
from collections.abc import Iterable, Iterator

import jax
import numpy as np

from epochwatch._exposures.share import Share
from epochwatch._keras import load_keras
from epochwatch._watching import host, targets
from epochwatch._watching.delivery import in_32_bits
from epochwatch.errors import BadInput

STATE = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)
WATCHED = ("DataParallel", "ModelParallel")

Tape = host.Tape
stack = host.stack
labels_of = host.labels_of


def fingerprint(*columns):
    """Identify the samples of a batch by their content, as the device has it."""
    return host.fingerprint(*map(in_32_bits, columns))


def index(values, samples: int | None) -> np.ndarray:
    """Check and take the indices of a batch: int64 (batch,).

    They came as two words, uint32 (batch, 2), checked already, or in an array that never left
    the host; on the device they may have been truncated.
    """
    if values.dtype == np.uint32 and values.ndim == 2:
        return np.array(values, order="C").view(np.int64)[:, 0]
    if not isinstance(values, np.ndarray):
        raise BadInput(
            'the target "index": got an array on a device, where JAX keeps only 32 of its 64 '
            "bits; give it as a NumPy array"
        )
    return host.index(values, samples)


def split_index(data):
    """Split the index of a batch, or of all data, if it has one, into two words: uint32 (n, 2)."""
    if not targets.has_index(data):
        return data
    x, y, *rest = data
    whole = np.asarray(y[targets.INDEX])
    targets.check_index(whole, targets.samples_in(x))
    # uint32, because JAX leaves integers of 32 bits as they are.
    words = np.ascontiguousarray(whole, dtype=np.int64).view(np.uint32).reshape(-1, 2)
    return x, {**y, targets.INDEX: words}, *rest


class IndexInterceptor(host.IndexInterceptor):
    """The part of a watched model's class that takes the index out: it came in two words."""

    # Keras calls one of the two with the iterator it has just made, before anything is taken
    # from it: the one place where a batch of any feed can be met on its way to the device.

    def _symbolic_build(self, iterator=None, data_batch=None):
        if iterator is not None:
            split_index_on_the_way(iterator.data_adapter)
        super()._symbolic_build(iterator=iterator, data_batch=data_batch)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do the same, from Keras 3.16 on."""
        if iterator is not None:
            split_index_on_the_way(iterator.data_adapter)
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)

    def train_on_batch(self, x, y=None, *args, **kwargs):
        """Split the index of a batch that is given by hand."""
        x, y = split_index((x, y))
        return super().train_on_batch(x, y, *args, **kwargs)


class ProbeStep:
    """The steps of a model that learns nothing."""

    def train_step(self, state, data):
        return {"loss": mean_of_all(data)}, state

    test_step = train_step


def mean_of_all(data):
    """Compute a mean over the batches of all processes, which each waits for, as for a loss."""
    if jax.process_count() == 1:
        return 0.0
    return jax.numpy.mean(jax.tree.leaves(data)[0].astype("float32"))


def split_index_on_the_way(adapter) -> None:
    """Have an adapter of Keras split the index of each batch it delivers.

    It delivers them singly, also where Keras asks for the `super_batch` of an execution: see
    `stacker_of`.
    """
    # Once: Keras may build twice with the same adapter.
    if "get_jax_iterator" not in vars(adapter):
        deliver = adapter.get_jax_iterator
        adapter.get_jax_iterator = lambda super_batch=None: SplitBatches(deliver())


class SplitBatches:
    """Batches with their index split; Grain's have a position besides, which is theirs."""

    def __init__(self, batches: Iterable):
        self._batches = iter(batches)
        self._replicas = len(replicas_here())

    def __iter__(self) -> Iterator:
        return self

    def __next__(self):
        batch = next(self._batches)
        check_divisible(targets.samples_in(batch), self._replicas)
        return split_index(batch)

    def __getattr__(self, name: str):
        return getattr(self._batches, name)


def check_divisible(samples: int | None, replicas: int) -> None:
    """Refuse a batch that JAX cannot share equally among the replicas of this process."""
    if samples is not None and samples % replicas:
        raise BadInput(
            f"fit: got a batch of {samples} samples for {replicas} replicas, which JAX cannot "
            f"share equally; give batches of a multiple of {replicas}, as drop_remainder does"
        )


def stacker_of(model):
    """Return what stacks the batches of an execution into one; None where Keras does not.

    From 3.16 on Keras does, on the device. Here it is done when their indices are out.
    """
    adapters = importlib.import_module("keras.src.trainers.data_adapters.data_adapter_utils")
    stacked = getattr(adapters, "super_batch_iterator", None)
    if stacked is None or model.steps_per_execution == 1:
        return None
    on_device = importlib.import_module("jax.numpy").stack
    return lambda batches: stacked(batches, model.steps_per_execution, stack_fn=on_device)


def train_through(model, step):
    """Wrap a training function to keep the indices of what it trained.

    It is (state, iterator of batches) → (logs, state); up to Keras 3.6 it takes a list.
    """
    stack_execution = stacker_of(model)

    def train(state, batches):
        pending = host.PendingBatches(model.epochwatch)
        logs = None
        try:
            if isinstance(batches, list):
                stripped = [pending.hold(data) for data in batches]
            elif stack_execution is not None:
                stripped = stack_execution(map(pending.hold, batches))
            else:
                stripped = pending.hold_each(iter(batches))
            logs, state = step(state, stripped)
        except BadInput as refusal:
            pending.refusal = refusal
        except StopIteration:
            if pending.refusal is None:
                raise
        if pending.refusal is not None:
            put_back(model, state)
            raise pending.refusal
        pending.keep_trained()
        return logs, state

    return train


def put_back(model, state) -> None:
    """Give a model its variables' values back: Keras takes them out of it while it trains."""
    model._jax_state = dict(zip(STATE, state, strict=True))
    model._jax_state_synced = False
    model.jax_state_sync()


def test_through(model, step):
    """Wrap a test function: (state, iterator or list of batches) → (logs, state)."""
    stack_execution = stacker_of(model) or (lambda batches: batches)

    def test(state, batches):
        stripped = map(targets.set_index_aside, batches)
        if isinstance(batches, list):
            return step(state, list(stripped))
        return step(state, stack_execution(stripped))

    return test


def parts_of(data) -> list:
    """Return the batch of each replica of this process, in order.

    A batch on several devices is in shards. A copy along the axis of the model has the rows of
    another shard again, and counts for none.
    """
    leaves = jax.tree.leaves(data)
    if not leaves or not is_shared(leaves[0]):
        return [data]
    shards = [own_shards(leaf) for leaf in leaves]
    structure = jax.tree.structure(data)
    return [jax.tree.unflatten(structure, part) for part in zip(*shards, strict=True)]


def is_shared(leaf) -> bool:
    """Whether an array is on several devices, of this process or others."""
    return isinstance(leaf, jax.Array) and len(leaf.sharding.device_set) > 1


def own_shards(array: jax.Array) -> list[np.ndarray]:
    """Return what this process has of an array, in order, and nothing twice."""
    shards = [shard for shard in array.addressable_shards if shard.replica_id == 0]
    shards.sort(key=lambda shard: shard.index[0].start or 0)
    return [np.asarray(shard.data) for shard in shards]


def class_weights(y, table: np.ndarray) -> np.ndarray:
    """Weigh the samples of a batch by their class, as Keras does: float32 (batch,)."""
    if isinstance(y, jax.Array) and not y.is_fully_addressable:
        raise BadInput(
            "class_weight: got it in a training of several processes, where none has the whole "
            "batch; give the feed sample weights"
        )
    return host.class_weights(y, table)


def distribution(model) -> str | None:
    """Name the distribution that a model is trained by; None for none."""
    in_force = load_keras().distribution.distribution()
    return in_force and type(in_force).__name__


def scope_of(model) -> contextlib.AbstractContextManager:
    """Return the scope that variables of a model's training are made in: any will do."""
    return contextlib.nullcontext()


def share_of(model, is_keras_2: bool) -> Share | None:
    """Say which replicas this process trains; None for a training that is not distributed."""
    name = distribution(model)
    if name is None:
        return None
    if name not in WATCHED:
        raise BadInput(
            f"watch: cannot watch {model.name!r}: it is trained by {name}, under which nobody has "
            f"tried it; allowed: {' or '.join(WATCHED)}"
        )
    share = Share(replicas_here(), jax.process_index(), jax.process_count())
    return share if share.workers > 1 or len(share.replicas) > 1 else None


def replicas_here() -> tuple[int, ...]:
    """Number the replicas of this process among those of all, as a batch is shared by them."""
    distributed = load_keras().distribution.distribution()
    if distributed is None:
        return (0,)
    mesh = distributed.device_mesh
    replicas = mesh.shape[mesh.axis_names.index(distributed.batch_dim_name)]
    layout = distributed.get_data_layout((replicas,)).backend_layout
    # An array that is shared as a batch is, and has the number of each replica in its place.
    numbers = jax.make_array_from_callback((replicas,), layout, lambda i: np.arange(replicas)[i])
    return tuple(np.concatenate(own_shards(numbers)).tolist())
