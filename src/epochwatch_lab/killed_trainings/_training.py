"""One process of a training: it ends by itself, or by the signal that nothing can catch."""

import json
import os
import signal
from pathlib import Path

import keras
import numpy as np

import epochwatch
from epochwatch import feeds
from epochwatch_lab.datasets import load_mnist, one_vs_rest
from epochwatch_lab.killed_trainings._files import ENDED, WEIGHTS, log_folder
from epochwatch_lab.killed_trainings._plan import (
    BACKUP,
    BATCH_SIZE,
    POSITIVE_DIGIT,
    RESUMABLE,
    UNDISTURBED,
    Plan,
)
from epochwatch_lab.models import small_cnn


class Incident(keras.callbacks.Callback):
    """Notes with which step a process begins, and kills it after another.

    Args:
        kill_after: steps that the model has been trained by then; None for never.
        closes_log: whether the exposure log is written to its end before.
    """

    def __init__(self, kill_after: int | None, closes_log: bool):
        super().__init__()
        self.kill_after, self.closes_log = kill_after, closes_log
        self.epoch, self.start = 0, None

    def on_epoch_begin(self, epoch, logs=None):
        """Note the epoch, from 1."""
        self.epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        """Note the first step, and how many steps the weights have behind them."""
        if self.start is None:
            trained = int(self.model.optimizer.iterations)
            self.start = {"epoch": self.epoch, "step": batch, "trained": trained}

    def on_train_batch_end(self, batch, logs=None):
        """Kill the process where it is to be."""
        if self.kill_after is not None and self.kill_after == int(self.model.optimizer.iterations):
            if self.closes_log:
                self._close_log()
            os.kill(os.getpid(), signal.SIGKILL)

    def _close_log(self) -> None:
        """Write what is not yet on the disk: the kill would take the epoch's part of the log."""
        recorder = self.model.epochwatch.recorder
        recorder.drain()
        recorder.sink.close("SIGKILL")

    # It is about one process and no part of the training: the next one shall not be killed again.
    def state_dict(self) -> dict:
        """Nothing is kept of it."""
        return {}

    def load_state_dict(self, state: dict) -> None:
        """Nothing is put back."""


def train(plan: Plan, way: str, number: int, folder: Path) -> None:
    """Run the training script, for the first or the second time.

    Args:
        plan: what to train.
        way: one of `WAYS`.
        number: of the process, from 1; the first is killed unless it is undisturbed.
        folder: of all that it writes.
    """
    _set_threads()
    keras.utils.set_random_seed(plan.seed)
    model = small_cnn(dropout=0.5)
    model.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
    epochwatch.watch(model, log=log_folder(folder, way, number))
    stopping = keras.callbacks.EarlyStopping(monitor="loss", patience=plan.epochs)
    killed = number == 1 and way != UNDISTURBED
    # Of a resumable training nobody has to help the log.
    incident = Incident(plan.kill_after if killed else None, closes_log=way == BACKUP)
    callbacks = [incident, stopping]
    if way == BACKUP:
        backup = folder / way / "backup"
        callbacks.append(keras.callbacks.BackupAndRestore(backup, save_freq=plan.save_freq))
    if way == RESUMABLE:
        checkpoints = folder / way / "checkpoints"
        model = epochwatch.resumable(model, checkpoints, save_freq=plan.save_freq)
    history = model.fit(
        make_feed(plan.feed),
        epochs=plan.epochs,
        steps_per_epoch=plan.steps_per_epoch,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
    )
    _write(folder / way, model, history, stopping, incident)


def make_feed(name: str):
    """Make the balanced feed of one digit against the rest."""
    streams = one_vs_rest(*load_mnist().train, positive=POSITIVE_DIGIT)
    return feeds.balanced(name, streams, BATCH_SIZE)


def _set_threads() -> None:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # One thread an operation: a model this small is fastest so, and sums in one order.
        tf.config.threading.set_intra_op_parallelism_threads(1)


def _write(folder: Path, model, history, stopping, incident: Incident) -> None:
    folder.mkdir(exist_ok=True)
    np.savez(folder / WEIGHTS, *model.get_weights())
    dropout = next(layer for layer in model.layers if isinstance(layer, keras.layers.Dropout))
    seed_state = keras.ops.convert_to_numpy(dropout.seed_generator.state.value)
    ended = {
        "start": incident.start,
        "updates": int(model.optimizer.iterations),
        "dropout_draws": int(seed_state[1]),
        "history": history.history,
        "history_epochs": [epoch + 1 for epoch in history.epoch],
        "stopping": {n: float(getattr(stopping, n)) for n in ("best", "best_epoch", "wait")},
    }
    (folder / ENDED).write_text(json.dumps(ended))
