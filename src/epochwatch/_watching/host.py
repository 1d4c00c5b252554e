"""What is done the same way on JAX and torch: batches pass through Python's hands there.

Keras calls the training function with batches that are still on the host (JAX) or with
tensors (torch), one Python call a step, so the index is taken out in front of it. What is
compiled behind that is the program of the plain training.
"""

import collections

import numpy as np

from epochwatch._watching import fingerprint as fingerprints
from epochwatch._watching import targets
from epochwatch.errors import BadInput

stack = np.stack
fingerprint = fingerprints.fingerprint
labels_of = fingerprints.labels_of


class Tape:
    """Batches of indices in the order trained, in no more cells than its capacity.

    Those of a step's replicas follow each other, and each replica has so many cells.
    """

    def __init__(self, capacity: int, columns: int, replicas: int = 1):
        self.capacity = capacity * replicas
        self.columns = columns
        self.batches: collections.deque[np.ndarray] = collections.deque()
        self.held = 0
        self.lost = 0

    def append(self, values: np.ndarray) -> None:
        """Keep a batch, int64 (columns, batch); over capacity drop the oldest, and count it."""
        values = np.reshape(values, (self.columns, -1)).astype(np.int64)
        self.batches.append(values)
        self.held += values.size + 1  # a cell for its length, as on TensorFlow's tape
        while self.held > self.capacity:
            dropped = self.batches.popleft().size + 1
            self.held -= dropped
            self.lost += dropped

    def drain(self) -> tuple[list[np.ndarray], int]:
        """Take out the batches, and say how many cells were lost since the last time."""
        batches = [self.batches.popleft() for _ in range(len(self.batches))]
        self.held -= sum(values.size + 1 for values in batches)
        lost, self.lost = self.lost, 0
        return batches, lost


def by_step(of_replicas: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Put the batches of all replicas step by step, replica by replica in each.

    A step that failed was made by some and not by others: it has trained nothing, and is left
    out. More than one cannot come so.
    """
    steps = [len(batches) for batches in of_replicas]
    if max(steps) - min(steps) > 1:
        raise RuntimeError(f"the replicas have made {steps} steps, allowed: as many each")
    return [batch for step in zip(*of_replicas, strict=False) for batch in step]


def parts_of(data) -> list:
    """Return the batch of each replica of this process: there is one."""
    return [data]


def index(values, samples: int | None) -> np.ndarray:
    """Check and take the indices of a batch: int64 (batch,).

    They are copied: a feed may fill the same array again for its next batch.
    """
    values = np.asarray(values)
    targets.check_index(values, samples)
    return values.astype(np.int64)


def class_weights(y, table: np.ndarray) -> np.ndarray:
    """Weigh the samples of a batch by their class, as Keras does: float32 (batch,)."""
    y = np.asarray(y)
    if y.ndim > 1:
        y = y.argmax(axis=-1) if y.shape[-1] != 1 else y.squeeze(axis=-1)
    numbers = np.minimum(np.round(y).astype(np.int64), len(table) - 1)
    return table[numbers].astype(np.float32)


class PendingBatches:
    """Batches on their way into the training function: kept once they are trained."""

    def __init__(self, watch):
        self.watch = watch
        self.waiting = []  # what is to be kept of what was handed over, not trained yet
        self.refusal: BadInput | None = None

    def hold(self, data):
        """Look at one batch before its step; return what the model's own step is to be given."""
        parts, data = self.watch.split_batch(data)
        self.waiting += parts
        return data

    def keep_trained(self) -> None:
        """Keep the batches looked at: their steps have returned."""
        for values in self.waiting:
            self.watch.counter.update_state(values)
        self.waiting.clear()

    def hold_each(self, batches):
        """Hand over batch by batch; end before one that is refused."""
        while True:
            try:
                held = self.hold(next(batches))
            except StopIteration:
                return
            except BadInput as refusal:
                self.refusal = refusal
                return
            yield held
            # Keras asks for the next batch when the step of the last one has returned.
            self.keep_trained()


class IndexInterceptor:
    """The part of a watched model's class that takes the index out: around the steps."""

    def make_train_function(self, force=False):
        """Stand in front of the training function."""
        if self.train_function is None or force:
            super().make_train_function(force)
            # Around what Keras has compiled: the compiled program is that of a plain training.
            self.train_function = self.epochwatch.backend.train_through(self, self.train_function)

    def make_test_function(self, force=False):
        """Set the index aside in front of the test function."""
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = self.epochwatch.backend.test_through(self, self.test_function)
