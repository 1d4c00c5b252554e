"""The metric that keeps the indices of the samples in each training batch."""

from typing import NamedTuple

import numpy as np

from epochwatch._checks import whole_number
from epochwatch._keras import load_keras
from epochwatch._watching import backends

keras = load_keras()

CAPACITY = 2**20  # cells; 8 MiB


class Batches(NamedTuple):
    """Batches in the order trained.

    Attributes:
        lengths: int64 (batches,), samples in each batch.
        values: int64 (columns, sum of lengths), what was kept of them, batch after batch;
            the first column is the index.
    """

    lengths: np.ndarray
    values: np.ndarray

    @property
    def indices(self) -> np.ndarray:
        """int64 (sum of lengths,), the samples' indices."""
        return self.values[0]


class ExposuresLost(RuntimeError):
    """More was trained between two drains than the counter can hold."""


class BatchCounter(keras.metrics.Metric):
    """Keeps exactly which indices the training steps received, until they are drained.

    The metric has no value: its result is an empty dictionary, so it adds no key to the
    history and nothing to what `evaluate` returns. `reset_state` does nothing, because
    Keras calls it at every epoch and before every validation, and what was trained stays
    trained. Its memory is bounded: each batch takes its length and one cell.

    Args:
        capacity: integers it can hold, 8 bytes each. One execution of the training
            function must fit: steps_per_execution × (batch size + 1).
        name: name of the metric.
        columns: integers kept of each sample; the first is its index.
        backend: how the values travel; None for that of Keras 3. One of
            "tensorflow", "jax", "torch".
        replicas: of the model in this process, each with a capacity of its own. On TensorFlow,
            make the counter in the scope of their strategy.

    Example:
        >>> counter = BatchCounter()
        >>> counter.update_state([[7, 2**62]])
        >>> counter.drain().indices
        array([                  7, 4611686018427387904])
    """

    def __init__(
        self,
        capacity: int = CAPACITY,
        name: str = "batch_counter",
        columns: int = 1,
        backend: str | None = None,
        replicas: int = 1,
    ):
        super().__init__(name=name, dtype="int64")
        self.capacity = whole_number("capacity", capacity, 2)
        self.columns = columns
        self.replicas = replicas
        self.tape = backends.backend_module(backend).Tape(self.capacity, columns, replicas)

    def update_state(self, values) -> None:
        """Keep the values of one batch.

        Args:
            values: int64 (columns, batch), or the indices alone, (batch,).
        """
        self.tape.append(values)

    def result(self) -> dict:
        """Return nothing: there is no value to show beside the loss."""
        return {}

    def reset_state(self) -> None:
        """Keep everything: Keras calls this at each epoch, and before each validation."""

    def drain(self) -> Batches:
        """Take out what was kept since the last drain.

        Returns:
            The batches, in the order trained; of several replicas, step by step.

        Raises:
            ExposuresLost: more came since than it can hold.
        """
        batches, lost = self.tape.drain()
        # An error and not a warning: a record with a hole must not look like one without.
        if lost:
            raise ExposuresLost(
                f"capacity: got {self.capacity:,}, but {lost + self.capacity:,} values came "
                "between two drains; make it more than twice steps_per_execution × (the longest "
                "batch + 1)"
            )
        lengths = np.array([values.shape[1] for values in batches], np.int64)
        # NumPy concatenates no empty list, and nothing may have been trained.
        empty = np.empty((self.columns, 0), np.int64)
        return Batches(lengths, np.concatenate([empty, *batches], axis=1))

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {"capacity": self.capacity, "name": self.name, "columns": self.columns}
