"""The metric that keeps the indices of the samples in each training batch."""

from typing import NamedTuple

import keras
import numpy as np
from keras import ops

from epochwatch.errors import BadInput
from epochwatch.watching import on_tensorflow

CAPACITY = 2**20


class Batches(NamedTuple):
    """Batches in the order trained.

    Attributes:
        lengths: int64 (batches,), samples in each batch.
        indices: int64 (sum of lengths,), their indices, batch after batch.
    """

    lengths: np.ndarray
    indices: np.ndarray


class ExposuresLost(RuntimeError):
    """More was trained between two drains than the counter can hold."""


class BatchCounter(keras.metrics.Metric):
    """Keeps exactly which indices the training steps received, until they are drained.

    The metric has no value: its result is an empty dictionary, so it adds no key to the
    history and nothing to what `evaluate` returns. `reset_state` does nothing, because
    Keras calls it at every epoch and before every validation, and what was trained stays
    trained. Its memory is a tape of fixed length, written round and round: each batch
    leaves its length and then its indices.

    Args:
        capacity: cells of the tape, 8 bytes each. One execution of the training
            function must fit: steps_per_execution × (batch size + 1).
        name: name of the metric.

    Example:
        >>> counter = BatchCounter()
        >>> counter.update_state([7, 2**62])
        >>> counter.drain()
        Batches(lengths=array([2]), indices=array([                  7, 4611686018427387904]))
    """

    def __init__(self, capacity: int = CAPACITY, name: str = "batch_counter"):
        super().__init__(name=name, dtype="int64")
        self.capacity = capacity
        self.tape = self.add_variable((capacity,), "zeros", dtype="int64", name="tape")
        self.written = self.add_variable((), "zeros", dtype="int64", name="written")
        self.drained = 0

    def update_state(self, index) -> None:
        """Keep the indices of one batch.

        Args:
            index: integer tensor (batch,), any integer dtype that int64 can hold.

        Raises:
            BadInput: the indices are not integers, or not one to a sample.
        """
        index = ops.convert_to_tensor(index)
        check_index(index)
        index = ops.cast(index, "int64")
        length = ops.cast(ops.shape(index)[0], "int64")
        on_tensorflow.append(self.tape, self.written, ops.append(length[None], index))

    def result(self) -> dict:
        """Return nothing: there is no value to show beside the loss."""
        return {}

    def reset_state(self) -> None:
        """Keep everything: Keras calls this at each epoch, and before each validation."""

    def drain(self) -> Batches:
        """Take out what was kept since the last drain.

        Returns:
            The batches, in the order trained.

        Raises:
            ExposuresLost: the tape has been written past its length since.
        """
        written = int(self.written.value)
        if written - self.drained > self.capacity:
            raise ExposuresLost(
                f"{written - self.drained:,} values came between two drains, and the counter "
                f"holds {self.capacity:,}: raise `capacity` to more than twice "
                "steps_per_execution × (the longest batch + 1)"
            )
        cells = np.arange(self.drained, written) % self.capacity
        self.drained = written
        return split_tape(on_tensorflow.read(self.tape, cells))

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {"capacity": self.capacity, "name": self.name}


def check_index(index) -> None:
    """Refuse indices that cannot identify the samples of a batch.

    Args:
        index: the tensor that arrived as the target "index".

    Raises:
        BadInput: it is not an integer tensor with one number to a sample.
    """
    dtype = keras.backend.standardize_dtype(index.dtype)
    if "int" not in dtype or dtype == "uint64":
        raise BadInput(
            f'the target "index": got {dtype}, allowed: integers that int64 can hold; '
            "a float would lose digits (float32 cannot hold 16,777,217)"
        )
    if len(index.shape) != 1:
        raise BadInput(
            f'the target "index": got the shape {tuple(index.shape)}, allowed: (batch,), '
            "one integer to a sample"
        )


def split_tape(values: np.ndarray) -> Batches:
    """Read a stretch of tape: each batch is its length and then its indices.

    Args:
        values: int64 (n,), whole batches.

    Returns:
        The batches.
    """
    lengths, place = [], 0
    is_index = np.ones(len(values), dtype=bool)
    while place < len(values):
        is_index[place] = False
        lengths.append(int(values[place]))
        place += lengths[-1] + 1
    return Batches(np.array(lengths, dtype=np.int64), values[is_index])
