"""A training that was interrupted and goes on in a new process: which rows it trains.

What counts is what the weights have seen. Of the steps before the interruption these are as many
as the optimizer's counter says once the training goes on; the others were undone.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from epochwatch_lab._atlas.acts.judged import judged_act
from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model, phases
from epochwatch_lab._atlas.cells import (
    FEW_STEPS,
    RESTORE,
    AtlasCell,
    call_on_feed,
    seeds_of,
    steps_of,
    toy_call,
)
from epochwatch_lab._atlas.toy_feeds import BATCHES, SEED, ToyFeed

EPOCHS = 4
STOPPED_IN, STOPPED_AFTER = 2, 2  # epoch, and its steps
EVERY = 1  # steps, between two backups
BY_EPOCH, BY_STEPS, BY_HAND = "BackupAndRestore", "BackupAndRestore every step", "initial_epoch"


class Interrupted(Exception):
    """Ends a training as a crash would."""


def cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Ask for a pass an epoch and for parts, each restored in three ways."""
    if feed.batches > BATCHES or feed.many_workers:
        return
    for steps in steps_of(feed, FEW_STEPS):
        for seeded in seeds_of(feed):
            for by in (BY_EPOCH, BY_STEPS, BY_HAND):
                call = toy_call(steps, epochs=EPOCHS)
                yield AtlasCell(feed.kind, feed.options, call, seeded, RESTORE, {"by": by})


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Train until the interruption, and go on with a new model and a new feed."""
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        before, _ = train(cell, feed, keras, Path(folder), interrupted=True)
        after, kept = train(cell, feed, keras, Path(folder), interrupted=False)
    steps = [batch for epoch in before for batch in epoch]
    kept = len(before[0]) if cell.how["by"] == BY_HAND else kept
    seen = judged_act(cell, feed, [cut(before, kept), after], keras)
    return seen | {"undone": [steps[kept:]]}


def train(cell: AtlasCell, feed: ToyFeed, keras, folder: Path, interrupted: bool):
    """Train once; return the batches by epoch, and the optimizer's steps at the beginning."""
    notes, watch = RowNotes(), step_watch(keras, interrupted)
    if cell.seeded:
        keras.utils.set_random_seed(SEED)
    model, call = noting_model(keras, notes), call_on_feed(cell.call, feed)
    is_told = cell.how["by"] == BY_HAND and not interrupted
    with contextlib.suppress(Interrupted):
        model.fit(
            **feed.as_data(feed.make()),
            steps_per_epoch=call.steps_per_epoch,
            batch_size=call.batch_size,
            epochs=EPOCHS,
            initial_epoch=STOPPED_IN - 1 if is_told else 0,
            callbacks=[*restoring(cell, keras, folder), phases(keras, notes), watch],
            verbose=0,
            **call.options,
        )
    return notes.trained, watch.begun_with


def restoring(cell: AtlasCell, keras, folder: Path) -> list:
    """Make the callback that saves a training and takes it up again."""
    if cell.how["by"] == BY_HAND:
        return []
    every = EVERY if cell.how["by"] == BY_STEPS else "epoch"
    return [keras.callbacks.BackupAndRestore(str(folder / "backup"), save_freq=every)]


def step_watch(keras, interrupted: bool):
    """Make the callback that reads the optimizer's steps, and may end the training."""

    class StepWatch(keras.callbacks.Callback):
        """Reads the counter once what was saved is restored."""

        begun_with, epoch = 0, 0

        def on_train_begin(self, logs=None):
            """Read it."""
            self.begun_with = int(self.model.optimizer.iterations)

        def on_epoch_begin(self, epoch, logs=None):
            """Note which epoch it is."""
            self.epoch = epoch + 1

        def on_train_batch_end(self, batch, logs=None):
            """End in the middle of an epoch."""
            if interrupted and (self.epoch, batch + 1) == (STOPPED_IN, STOPPED_AFTER):
                raise Interrupted

    return StepWatch()


def cut(epochs: list, steps: int) -> list:
    """Keep the first steps, by epoch.

    Example:
        >>> cut([[[0], [1]], [[2], [3]]], 3)
        [[[0], [1]], [[2]]]
    """
    kept = []
    for epoch in epochs:
        if steps > 0:
            kept.append(epoch[:steps])
        steps -= len(epoch)
    return kept
