"""The callback that writes what the counter kept into the exposure log."""

import contextlib

import keras

from epochwatch.errors import BadInput
from epochwatch.exposures.writer import ExposureWriter
from epochwatch.watching.batch_counter import BatchCounter

LONGEST_WAIT = 64  # steps


class ExposureRecorder(keras.callbacks.Callback):
    """Drains a `BatchCounter` into an exposure log, in the order trained.

    It drains when an epoch ends, when the counter may become too full for the next
    execution of the training function, and when `fit` ends for whatever reason, so an
    exception in mid-epoch loses nothing that was trained. Validation is not seen here
    because the counter never keeps it.

    `watch(model, log=…)` puts it in place; nothing more is needed.

    Args:
        counter: the metric to drain.
        writer: where the exposures go.
    """

    def __init__(self, counter: BatchCounter, writer: ExposureWriter):
        super().__init__()
        self.counter = counter
        self.writer = writer
        self.fits = 0
        self.epoch = 0
        self.step = 0
        self.steps_per_execution = 1
        self.longest = 0
        self.next_drain = 0

    @contextlib.contextmanager
    def recording(self, steps_per_execution: int):
        """Record one call of `fit`; close the log even if the call raises.

        Args:
            steps_per_execution: batches between two calls of `on_train_batch_begin`.
        """
        self.steps_per_execution = steps_per_execution
        self.fits += 1
        self.epoch = 0
        self.writer.open()
        interruption = None
        try:
            yield
        except BaseException as error:
            interruption = type(error).__name__
            raise
        finally:
            try:
                self.drain()
            finally:
                self.writer.close(interruption)

    def on_epoch_begin(self, epoch, logs=None):
        """Count the epochs as `fit` prints them, and the steps from 0."""
        self.epoch = epoch + 1
        self.step = 0
        self.next_drain = 0

    def on_train_batch_begin(self, batch, logs=None):
        """Drain before the next execution could meet a tape that is half full.

        The beginning of a batch and not its end: a callback with `on_train_batch_end`
        makes Keras call all of them in the training thread.
        """
        if batch > 0 and batch >= self.next_drain:
            self.drain()

    def on_epoch_end(self, epoch, logs=None):
        """Write the epoch's last exposures, and its part of the log."""
        self.drain()
        self.writer.flush()

    def drain(self) -> None:
        """Move what the counter kept into the log."""
        batches = self.counter.drain()
        if len(batches.lengths):
            self.check_that_it_is_called()
            self.writer.append(self.fits, self.epoch, self.step, *batches)
            self.step += len(batches.lengths)
            self.longest = max(self.longest, int(batches.lengths.max()))
            self.next_drain = self.step + self.steps_with_room()

    def steps_with_room(self) -> int:
        """Say how many steps may pass before the next drain.

        Returns:
            Steps, such that later batches may be twice as long as the longest so far, and
            few, because they may be longer; 0 to drain after every execution.
        """
        room = self.counter.capacity // (2 * (self.longest + 1))
        return max(0, min(room - self.steps_per_execution, LONGEST_WAIT))

    def check_that_it_is_called(self) -> None:
        """Refuse a `fit` that trained and told its callbacks of no epoch.

        Raises:
            BadInput: a `fit` of the user's own does not pass `callbacks` on.
        """
        if self.epoch == 0:
            raise BadInput(
                "fit: the model's own `fit` called no callback, so no epoch is known; have it "
                "pass `callbacks` on to keras.Model.fit"
            )
