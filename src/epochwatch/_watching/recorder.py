"""The callback that writes what the counter kept into the exposure log."""

import atexit
import contextlib
from types import ModuleType

from epochwatch._keras import load_keras
from epochwatch._watching.batch_counter import BatchCounter, Batches
from epochwatch.errors import BadInput

keras = load_keras()

# Steps between two drains at most: they are few, because a batch may be longer than any before.
LONGEST_WAIT = 64


class Recording:
    """Drains a `BatchCounter` into an exposure log, whichever Keras calls it back.

    Args:
        counter: the metric to drain.
        sink: where the exposures go: `open`, `append`, `flush` and `close` of
            `exposures.writer.ExposureWriter`.
    """

    def __init__(self, counter: BatchCounter, sink):
        super().__init__()
        self.counter = counter
        self.sink = sink
        self.fits = 0
        self.begun: list[tuple[int, int]] = []  # epochs, those without a step among them
        self.epoch = 0
        self.step = 0
        self.steps_per_execution = 1
        self.longest = 0
        self.next_drain = 0
        self.by_hand: int | None = None

    @contextlib.contextmanager
    def recording(self, steps_per_execution: int):
        """Record one call of `fit`; close the log even if the call raises."""
        self.end_by_hand()
        self.begin_fit(steps_per_execution)
        interruption = None
        try:
            yield
        except BaseException as error:  # Ctrl-C and sys.exit end a training too
            interruption = type(error).__name__
            raise
        finally:
            # Closed even where draining fails: the log then says that it was cut off.
            try:
                self.drain()
            finally:
                self.sink.close(interruption)

    def begin_fit(self, steps_per_execution: int) -> None:
        self.steps_per_execution = steps_per_execution
        self.fits += 1
        self.epoch = 0
        self.sink.open()

    def on_epoch_begin(self, epoch, logs=None):
        """Count the epochs as `fit` prints them, and the steps from 0."""
        self.epoch = epoch + 1
        self.begun.append((self.fits, self.epoch))
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
        self.sink.flush()

    def drain(self) -> None:
        batches = self.counter.drain()
        if len(batches.lengths):
            self.check_callbacks_are_called()
            self.write_batches(batches)
            self.step += len(batches.lengths)
            self.longest = max(self.longest, int(batches.lengths.max()))
            self.next_drain = self.step + self.steps_with_room()

    def write_batches(self, batches: Batches) -> None:
        """Write batches of the epoch that are trained."""
        self.sink.append(self.fits, self.epoch, self.step, batches.lengths, *batches.values)

    def steps_with_room(self) -> int:
        """Compute how many steps may pass before the next drain; 0 for none."""
        # Half of the tape: later batches may be twice as long as the longest so far.
        cells = self.counter.columns * self.longest + 1
        room = self.counter.capacity // (2 * cells)
        return max(0, min(room - self.steps_per_execution, LONGEST_WAIT))

    def check_callbacks_are_called(self) -> None:
        """Refuse a `fit` that trained and told its callbacks of no epoch."""
        if self.epoch == 0:
            raise BadInput(
                "fit: the model's own `fit` called no callback, so no epoch is known; have it "
                "pass `callbacks` on to keras.Model.fit"
            )

    def next_by_hand(self) -> None:
        """Prepare for one `train_on_batch`: such batches on end are one `fit` of one epoch."""
        if self.by_hand is None:
            self.begin_fit(1)
            self.on_epoch_begin(0)
            self.by_hand = 0
            # Nobody says which batch is the last one.
            atexit.register(self.end_by_hand)
        self.on_train_batch_begin(self.by_hand)
        self.by_hand += 1

    def end_by_hand(self) -> None:
        """Close the log after batches trained by hand, if there were any."""
        if self.by_hand is not None:
            self.by_hand = None
            atexit.unregister(self.end_by_hand)
            self.drain()
            self.sink.close(None)


class ExposureRecorder(Recording, keras.callbacks.Callback):
    """The callback that drains a `BatchCounter` into an exposure log, in the order trained.

    It drains when an epoch ends, when the counter may become too full for the next
    execution of the training function, and when `fit` ends for whatever reason, so an
    exception in mid-epoch loses nothing that was trained. Validation is not seen here
    because the counter never keeps it.

    `watch(model, log=…)` puts it in place; nothing more is needed.

    Args:
        counter: the metric to drain.
        sink: where the exposures go; `exposures.writer.ExposureWriter`.
    """


def recorder_class(which_keras: ModuleType) -> type:
    """Return the recorder as a callback of `keras`, or `tf_keras`."""
    if which_keras is keras:
        return ExposureRecorder
    return type("ExposureRecorder", (Recording, which_keras.callbacks.Callback), {})
