"""What a worker of a distributed audit does: train its share with the probe, and note each step."""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from epochwatch._auditing import strategies
from epochwatch._auditing.observe import AuditPlan, fit_probe, metadata_of
from epochwatch._auditing.workers import Stand
from epochwatch._exposures.share import Share
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._watching.probe import make_probe

FIRST_BATCH = "first_batch"  # in a log's metadata: how many samples the feed's first batch has
Note = Callable[[Stand], None]


class ShareWriter(ExposureWriter):
    """Takes what a worker trained into a log of its own, and notes how far it is.

    Args:
        log: the folder of all workers.
        metadata: of the run.
        share: which replicas the worker trains.
        note: called with how far it is.
    """

    def __init__(self, log: Path, metadata: dict, share: Share, note: Note):
        share = share.joining(log)
        super().__init__(share.folder_in(log), metadata, share=share)
        self.note = note
        # A worker is ended from another thread than the one that trains.
        self.lock = threading.RLock()

    def append(self, fit, epoch, first_step, lengths, index, *others: np.ndarray) -> None:
        """Take batches of an epoch; of their samples only the identity is kept."""
        with self.lock:
            super().append(fit, epoch, first_step, lengths, index)
        self.note(Stand(fit, epoch, first_step + len(lengths) // len(self.replicas)))

    def flush(self) -> None:
        """Have what is pending written."""
        with self.lock:
            super().flush()

    def close(self, interruption: str | None = None) -> None:
        """Write what is left."""
        with self.lock:
            super().close(interruption)


def own_share(strategy: str, workers: int) -> Share:
    """Return the share of this process, as its environment says."""
    if strategy == strategies.MIRRORED:
        return Share(tuple(range(workers)))
    number, count = (int(os.environ[name]) for name in (strategies.WORKER, strategies.WORKERS))
    return Share((number,), number, count)


def train_share(
    plan: AuditPlan,
    writer: ShareWriter,
    scope: contextlib.AbstractContextManager,
) -> None:
    """Train this worker's share of a planned audit, in the scope of its strategy."""
    with scope:
        model = make_probe(
            plan.keras,
            writer,
            plan.call.steps_per_execution,
            plan.longest_execution,
            plan.is_indexed,
            len(writer.replicas),
        )
    fit_probe(plan, model, callbacks=[step_by_step(plan.keras, model.epochwatch.recorder)])


def step_by_step(keras, recorder):
    """Make a callback that has each step in the log before the next one, which may never end."""

    class StepByStep(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            recorder.sink.note(Stand(*recorder.begun[-1], 0))

        def on_train_batch_end(self, batch, logs=None):
            recorder.drain()

    return StepByStep()


def metadata_of_share(plan: AuditPlan, strategy: str) -> dict:
    """Return what the log of a worker says of its run."""
    return metadata_of(plan) | {"strategy": strategy, FIRST_BATCH: plan.rows}
