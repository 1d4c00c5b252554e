"""What is done differently on JAX.

JAX has no 64-bit integers unless told to: arrays are truncated to 32 bits on their way to
the device, and without a word. So an index travels as two words of 32 bits, which are
joined again in front of the training function.
"""

import numpy as np

from epochwatch._keras import load_keras
from epochwatch._watching import host, targets
from epochwatch.errors import BadInput

STATE = (
    "trainable_variables",
    "non_trainable_variables",
    "optimizer_variables",
    "metrics_variables",
)

Tape = host.Tape
stack = host.stack
class_weights = host.class_weights
fingerprint = host.fingerprint
labels_of = host.labels_of


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

    def _symbolic_build(self, iterator=None, data_batch=None):
        # Keras calls this with the iterator it has just made, before anything is taken from
        # it: the one place where a batch of any feed can be met on its way to the device.
        if iterator is not None:
            split_index_on_the_way(iterator.data_adapter)
        super()._symbolic_build(iterator=iterator, data_batch=data_batch)

    def train_on_batch(self, x, y=None, *args, **kwargs):
        """Split the index of a batch that is given by hand."""
        x, y = split_index((x, y))
        return super().train_on_batch(x, y, *args, **kwargs)


class ProbeStep:
    """The steps of a model that learns nothing."""

    def train_step(self, state, data):
        return {"loss": 0.0}, state

    test_step = train_step


def split_index_on_the_way(adapter) -> None:
    """Have an adapter of Keras split the index of each batch it delivers."""
    # Once: Keras may build twice with the same adapter.
    if "get_jax_iterator" not in vars(adapter):
        deliver = adapter.get_jax_iterator
        adapter.get_jax_iterator = lambda: map(split_index, deliver())


def train_through(model, step):
    """Wrap a training function to keep the indices of what it trained.

    It is (state, iterator of batches) → (logs, state); up to Keras 3.6 it takes a list.
    """

    def train(state, batches):
        pending = host.PendingBatches(model.epochwatch)
        logs = None
        try:
            if isinstance(batches, list):
                stripped = [pending.hold(data) for data in batches]
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


def test_through(step):
    """Wrap a test function: (state, iterator or list of batches) → (logs, state)."""

    def test(state, batches):
        stripped = map(targets.set_index_aside, batches)
        return step(state, list(stripped) if isinstance(batches, list) else stripped)

    return test


def distribution(model) -> str | None:
    """Name the distribution that a model is trained by; None for none."""
    in_force = load_keras().distribution.distribution()
    return in_force and type(in_force).__name__
