"""What callbacks that count epochs do to one training, however it is cut into epochs.

The same weight updates may be many short epochs or few long ones. `EarlyStopping`,
`ReduceLROnPlateau` and a decay after each epoch only ever see the ends of epochs.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from epochwatch_lab.figures.schedule import Timeline
from epochwatch_lab.models import blind_model


class Schedule(NamedTuple):
    """What happened at the ends of epochs.

    Attributes:
        validations: how many there were.
        decays: times that the learning rate fell, if it is to fall after each epoch.
        stopped_after: the weight update after which `EarlyStopping` stopped; None for never.
        reduced_after: the updates after which `ReduceLROnPlateau` acted.
    """

    validations: int
    decays: int
    stopped_after: int | None
    reduced_after: list[int]

    @property
    def events(self) -> dict[str, list[int]]:
        """The updates after which each callback acted, by its name."""
        stopped = [] if self.stopped_after is None else [self.stopped_after]
        return {"EarlyStopping": stopped, "ReduceLROnPlateau": self.reduced_after}


class MeasuredSchedule(NamedTuple):
    """A schedule that Keras was seen to follow.

    Attributes:
        acts: what happened.
        learning_rates: that each epoch was trained with, where it falls after each.
    """

    acts: Schedule
    learning_rates: list[float]


def expected_schedule(steps: int, updates: int, patience: int) -> Schedule:
    """Expect what callbacks do if the validation loss never improves.

    Args:
        steps: to an epoch.
        updates: of the weights in all, a multiple of the steps.
        patience: of the callbacks, in epochs.

    Returns:
        The schedule.

    Example:
        >>> expected_schedule(steps=10, updates=60, patience=2)
        Schedule(validations=6, decays=5, stopped_after=30, reduced_after=[30, 50])
    """
    epochs = updates // steps
    return Schedule(
        validations=epochs,
        decays=epochs - 1,
        stopped_after=(patience + 1) * steps if patience < epochs else None,
        reduced_after=[n * steps for n in range(patience + 1, epochs, patience)],
    )


def measure_schedule(steps: int, updates: int, patience: int, decay: float) -> MeasuredSchedule:
    """Watch the callbacks of Keras in real calls of `fit`, on a model that cannot improve.

    Args:
        steps: to an epoch.
        updates: of the weights in all, a multiple of the steps.
        patience: of the callbacks, in epochs.
        decay: factor of the learning rate after each epoch, and on a plateau.

    Returns:
        What they did.
    """
    from keras import callbacks

    in_vain = _FitInVain(steps, updates)
    by_epoch = callbacks.LearningRateScheduler(lambda epoch, rate: rate * decay if epoch else rate)
    decayed, _ = in_vain(by_epoch)
    stopping = callbacks.EarlyStopping(patience=patience)
    _, stopped = in_vain(stopping)
    plateau = callbacks.ReduceLROnPlateau(factor=decay, patience=patience)
    reduced, _ = in_vain(plateau)
    rates = decayed["learning_rate"]
    acts = Schedule(
        validations=len(decayed["val_loss"]),
        decays=len(_changes(rates)),
        stopped_after=stopped if stopping.stopped_epoch else None,
        reduced_after=[epoch * steps for epoch in _changes(reduced["learning_rate"])],
    )
    return MeasuredSchedule(acts, rates)


def acts_on_losses(losses: Sequence[float], patience: int) -> dict[str, int | None]:
    """Find when callbacks would have acted on validation losses that a training has found.

    A reduced learning rate would have changed the losses after it, so only the first
    reduction is meant.

    Args:
        losses: by epoch.
        patience: of the callbacks, in epochs.

    Returns:
        By the callback's name the epoch, from 1, or None for never; and the epoch of the
        `lowest loss`.
    """
    from keras import callbacks

    return {
        "EarlyStopping": _first_act(callbacks.EarlyStopping(patience=patience), losses),
        "ReduceLROnPlateau": _first_act(callbacks.ReduceLROnPlateau(patience=patience), losses),
        "lowest loss": int(np.argmin(losses)) + 1,
    }


def timelines(
    steps: Mapping[str, int],
    losses: Mapping[str, Sequence[float]],
    measured: Mapping[str, MeasuredSchedule],
) -> dict[str, Timeline]:
    """Put a training and what callbacks did together, as `figures.schedule` draws them.

    Args:
        steps: to an epoch, by `minority` and `majority`.
        losses: by the same, the validation loss after each epoch.
        measured: by the same, what callbacks did if nothing improved.

    Returns:
        By the same.
    """
    return {
        name: Timeline(
            np.arange(1, len(losses[name]) + 1) * steps[name],
            np.array(losses[name]),
            np.array(measured[name].learning_rates),
            measured[name].acts.events,
        )
        for name in steps
    }


def rate_after(rates: Sequence[float], epochs: int) -> float | None:
    """Return what the learning rate has been multiplied by after some epochs.

    Args:
        rates: that each epoch was trained with.
        epochs: how many.

    Returns:
        The factor; None where no epoch came after.

    Example:
        >>> rate_after([0.1, 0.05, 0.025], 2), rate_after([0.1, 0.05, 0.025], 3)
        (0.25, None)
    """
    return rates[epochs] / rates[0] if len(rates) > epochs else None


class _FitInVain:
    """Calls `fit` on one model that cannot improve, compiled once, so that it is traced once."""

    def __init__(self, steps: int, updates: int):
        import tensorflow as tf

        self.model = blind_model(steps_per_execution=steps)
        self.first_rate = float(self.model.optimizer.learning_rate)
        self.zeros = tf.data.Dataset.from_tensors((tf.zeros((1, 1)), tf.zeros((1, 1))))
        self.call = {"steps_per_epoch": steps, "epochs": updates // steps}

    def __call__(self, callback) -> tuple[dict, int]:
        """Train with a callback, and return the history and how many updates there were."""
        optimizer = self.model.optimizer
        optimizer.learning_rate = self.first_rate
        before = int(optimizer.iterations.numpy())
        history = self.model.fit(
            self.zeros.repeat(),
            validation_data=self.zeros,
            callbacks=[callback],
            shuffle=False,
            verbose=0,
            **self.call,
        )
        return history.history, int(optimizer.iterations.numpy()) - before


def _first_act(callback, losses: Sequence[float]) -> int | None:
    """Show losses to a callback without training; return the epoch after which it acts."""
    reader = blind_model()
    reader.stop_training = False
    callback.set_model(reader)
    callback.on_train_begin()
    rate = float(reader.optimizer.learning_rate)
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if reader.stop_training or float(reader.optimizer.learning_rate) < rate:
            return epoch + 1
    return None


def _changes(rates: Sequence[float]) -> list[int]:
    """List the epochs, from 1, after which the learning rate was another."""
    return (np.flatnonzero(np.diff(rates)) + 1).tolist()
