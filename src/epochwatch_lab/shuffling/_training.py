"""One training, in the order that `fit` makes or in one that a sampler makes."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from epochwatch import BalancedSampler, ExposureLog, feeds, watch
from epochwatch_lab.shuffling._tasks import Rows, Task

# Who makes the order: `fit` itself by shuffle=True, or a `BalancedSampler` over one stream.
ORDERS = ("fit", "sampler")

STEPS_AT_ONCE = 50  # of a call of the training function, at the most


class Trained(NamedTuple):
    """What a training came to.

    Attributes:
        accuracy: share of the test rows that are classified rightly.
        loss: crossentropy on the test rows.
        orders: the rows in the order trained, int64 (epochs, rows).
    """

    accuracy: float
    loss: float
    orders: np.ndarray

    @property
    def different_orders(self) -> int:
        """In how many different orders its epochs were trained."""
        return len(np.unique(self.orders, axis=0))

    @property
    def measured(self) -> dict:
        """What is kept of it."""
        return {
            "orders": self.different_orders,
            "epochs": len(self.orders),
            "accuracy": self.accuracy,
            "loss": self.loss,
        }


def trained(task: Task, rows: Rows, order: str, seed: int, seeded: bool = True) -> Trained:
    """Train a task's model from a seed, as any reproducible script does, and test it.

    The same seed begins with the same weights, whoever makes the order, and ends after as many
    updates.

    Args:
        task: what to train.
        rows: on what.
        order: one of `ORDERS`.
        seed: for `keras.utils.set_random_seed`, and for the sampler.
        seeded: whether TensorFlow keeps its part of the seed while `fit` trains.

    Returns:
        How well it does, and the orders it was trained in.
    """
    import keras

    set_seed(seed)
    model = task.build()
    set_seed(seed, seeded)
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    at_once = max(n for n in range(1, STEPS_AT_ONCE + 1) if task.steps_per_epoch % n == 0)
    model.compile(
        "adam",
        crossentropy,
        metrics=["accuracy"],
        steps_per_execution=at_once,
        jit_compile=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        _fit(watch(model, log=log), task, rows, order, seed)
        orders = epoch_orders(ExposureLog.read(log))
    loss, accuracy = model.evaluate(rows.test_x, rows.test_y, batch_size=1_000, verbose=0)
    return Trained(float(accuracy), float(loss), orders)


def set_seed(seed: int, seeded: bool = True) -> None:
    """Set Keras' seeds; where it shall not be `seeded`, take TensorFlow's back.

    What Keras draws itself, such as the first weights, is drawn by the seed all the same.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    if not seeded:
        tf.random.set_seed(None)


def _fit(model, task: Task, rows: Rows, order: str, seed: int) -> None:
    if order == "fit":
        targets = {"label": rows.y, "index": np.arange(task.rows)}
        model.fit(rows.x, targets, task.batch_size, task.epochs, verbose=0, shuffle=True)
        return
    sampler = BalancedSampler([task.rows], task.batch_size, seed=seed)
    feed = feeds.sampled("tf_data", sampler, (rows.x, rows.y))
    steps = task.steps_per_epoch
    model.fit(feed, epochs=task.epochs, steps_per_epoch=steps, shuffle=False, verbose=0)


def epoch_orders(log: ExposureLog) -> np.ndarray:
    """Read from a log in which order each epoch trained its rows.

    Args:
        log: of one fit whose epochs have as many rows each.

    Returns:
        Their indices, int64 (epochs, rows).
    """
    table = log.to_arrow()
    epoch, index = (table[name].to_numpy() for name in ("epoch", "index"))
    return index.reshape(len(np.unique(epoch)), -1)
