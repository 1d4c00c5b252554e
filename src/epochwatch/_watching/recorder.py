"""The callback that writes what the counter kept into the exposure log."""

import atexit
import contextlib
import dataclasses
from collections.abc import Iterator
from types import ModuleType

from epochwatch._keras import load_keras
from epochwatch._watching.batch_counter import BatchCounter, Batches
from epochwatch._watching.stream_coverage import StreamCoverages
from epochwatch.errors import BadInput

keras = load_keras()

# Steps between two drains at most: they are few, because a batch may be longer than any before.
LONGEST_WAIT = 64

# What a checkpoint has of a running fit.
OF_WHOLE_FIT = ("number", "has_trained")
OF_EPOCH = ("epoch", "step", "next_drain")


@dataclasses.dataclass(eq=False)
class RunningFit:
    """A call of `fit` that is going on, or batches on end that are trained by hand.

    Attributes:
        steps_per_execution: of the training function.
        number: which fit of the run it is, from 1; 0 until it begins.
        is_by_hand: whether its batches are given to `train_on_batch`.
        epoch: as the call prints it; 0 before the first.
        step: of the epoch, from 0: that of the next batch drained.
        next_drain: the step that the counter is drained before.
        batches: given by hand so far.
        has_trained: whether a batch of it is in the log.
    """

    steps_per_execution: int = 1
    number: int = 0
    is_by_hand: bool = False
    epoch: int = 0
    step: int = 0
    next_drain: int = 0
    batches: int = 0
    has_trained: bool = False


class Recording:
    """Drains a `BatchCounter` into an exposure log, whichever Keras calls it back.

    A callback may call `fit` or `train_on_batch` again: what these train is a fit of its own,
    which stands in the midst of the other, for that is when it was trained.

    Args:
        counter: the metric to drain.
        sink: where the exposures go: `open`, `append`, `flush`, `fail` and `close` of
            `ExposureWriter`; of a training that may be resumed, a `ResumableWriter`.
        coverages: the streams whose coverage goes into each epoch's logs.
    """

    def __init__(self, counter: BatchCounter, sink, coverages: StreamCoverages | None = None):
        super().__init__()
        self.counter = counter
        self.sink = sink
        self.coverages = coverages or StreamCoverages({})
        self.fits = 0
        self.begun: list[tuple[int, int]] = []  # epochs, those without a step among them
        self.running: list[RunningFit] = []  # each called by the one before
        self.last_by_hand: RunningFit | None = None  # while nothing else was trained since
        self.longest = 0

    @contextlib.contextmanager
    def recording(self, steps_per_execution: int) -> Iterator[None]:
        """Record one call of `fit`; close the log even if the call raises."""
        self.end_by_hand()
        self.begin_fit(RunningFit(steps_per_execution))
        with self.ending_fit():
            yield

    @contextlib.contextmanager
    def ending_fit(self) -> Iterator[None]:
        """End the fit that is running, whatever happens."""
        interruption = None
        try:
            yield
        except BaseException as error:  # Ctrl-C and sys.exit end a training too
            interruption = type(error).__name__
            raise
        finally:
            self.end_fit(interruption)

    def begin_fit(self, fit: RunningFit) -> None:
        """Have what is trained from now on belong to a fit."""
        if self.running:
            self.drain()
        else:
            self.sink.open()
            self.keep_strays()
        fit.number = fit.number or self.next_number()
        self.running.append(fit)

    def end_fit(self, interruption: str | None = None) -> None:
        """Have what is trained from now on belong to the fit around, if there is one."""
        # Closed even where draining fails: the log then says that it was cut off.
        try:
            self.drain()
        finally:
            fit = self.running.pop()
            if interruption and not fit.has_trained:
                self.take_number_back(fit)
            if not self.running:
                self.last_by_hand = None
                self.sink.close(interruption)

    def next_number(self) -> int:
        self.fits += 1
        return self.fits

    def take_number_back(self, fit: RunningFit) -> None:
        """Have a call that was refused count for none: the mended one takes its place."""
        if fit.number == self.fits:
            self.fits -= 1
            self.begun[:] = [epoch for epoch in self.begun if epoch[0] != fit.number]
            if fit is self.last_by_hand:
                self.last_by_hand = None

    def keep_strays(self) -> None:
        """Keep what a loop of the user's own trained by `train_step`: a fit of one epoch."""
        strays = RunningFit(number=self.fits + 1, epoch=1)
        self.running.append(strays)
        try:
            self.drain()
        finally:
            self.running.pop()
        if strays.has_trained:
            self.fits = strays.number

    def on_train_begin(self, logs=None):
        """Count one fit more where the `fit` of a user's own class calls Keras' again."""
        fit = self.running[-1]
        if fit.epoch:
            self.drain()
            fit.number, fit.epoch = self.next_number(), 0

    def on_epoch_begin(self, epoch, logs=None):
        """Count the epochs as `fit` prints them, and the steps from 0."""
        fit = self.running[-1]
        fit.epoch, fit.step, fit.next_drain = epoch + 1, 0, 0
        self.begun.append((fit.number, fit.epoch))

    def on_train_batch_begin(self, batch, logs=None):
        """Drain before the next execution could meet a tape that is half full.

        The beginning of a batch and not its end: a callback with `on_train_batch_end`
        makes Keras call all of them in the training thread.
        """
        if batch > 0 and batch >= self.running[-1].next_drain:
            self.drain()

    def on_epoch_end(self, epoch, logs=None):
        """Write the epoch's last exposures, and its part of the log."""
        self.drain()
        self.sink.flush()
        self.coverages.put_into(logs)

    def drain(self) -> None:
        """Write what was trained since the last time, as of the fit that is running."""
        try:
            batches = self.counter.drain()
            if len(batches.lengths):
                self.check_callbacks_are_called()
                self.write_batches(batches)
        except BaseException as error:
            self.sink.fail(type(error).__name__)  # a record with a hole is never complete
            raise

    def write_batches(self, batches: Batches) -> None:
        """Write batches of the epoch that are trained."""
        fit = self.running[-1]
        self.sink.append(fit.number, fit.epoch, fit.step, batches.lengths, *batches.values)
        self.coverages.mark(batches.indices)
        fit.has_trained = True
        fit.step += len(batches.lengths) // self.counter.replicas
        self.longest = max(self.longest, int(batches.lengths.max()))
        fit.next_drain = fit.step + self.steps_with_room(fit.steps_per_execution)
        if not fit.is_by_hand:
            self.last_by_hand = None

    def steps_with_room(self, steps_per_execution: int) -> int:
        """Compute how many steps may pass before the next drain; 0 for none."""
        # Half of the tape: later batches may be twice as long as the longest so far.
        cells = self.counter.columns * self.longest + 1
        room = self.counter.capacity // (2 * cells)
        return max(0, min(room - steps_per_execution, LONGEST_WAIT))

    def check_callbacks_are_called(self) -> None:
        """Refuse a `fit` that trained and told its callbacks of no epoch."""
        if not self.running[-1].epoch:
            raise BadInput(
                "fit: the model's own `fit` called no callbacks, so epochwatch cannot see its "
                "epochs; let it pass `callbacks` on to keras.Model.fit"
            )

    def state(self) -> dict:
        """Return where the record is, just after a drain: plain values, and coverage in arrays."""
        # A checkpoint is of one call of `fit`, or between two: none is taken within a callback.
        (fit,) = self.running or [None]
        return {
            "fits": self.fits,
            "begun": self.begun.copy(),
            "longest": self.longest,
            "fit": fit and {name: getattr(fit, name) for name in OF_WHOLE_FIT + OF_EPOCH},
            "coverages": self.coverages.state(),
            "batches": self.sink.batches,
        }

    def put_back(self, state: dict, step: int = 0) -> None:
        """Go on from what `state` returned.

        Within a `fit`, the epoch that goes on has begun for the callbacks.

        Args:
            state: of the fit that goes on; or of a finished one, after that.
            step: of the epoch that goes on; 0 begins it.
        """
        self.coverages.put_back(state["coverages"])
        self.fits, self.longest = state["fits"], state["longest"]
        self.begun[:] = map(tuple, state["begun"])
        for fit in self.running:
            kept = state["fit"] or {}
            vars(fit).update({name: kept[name] for name in kept if step or name in OF_WHOLE_FIT})
            # Where the epoch begins, the checkpoint may have been taken before it did.
            if fit.epoch and (fit.number, fit.epoch) not in self.begun:
                self.begun.append((fit.number, fit.epoch))
        self.sink.go_on(state["batches"])

    @contextlib.contextmanager
    def recording_by_hand(self) -> Iterator[None]:
        """Record one `train_on_batch`: such batches on end are one `fit` of one epoch."""
        if not self.running:
            self.begin_by_hand()
            # Nobody says which batch is the last one.
            atexit.register(self.end_by_hand)
        fit = self.running[-1]
        if not fit.epoch:
            # A `fit` of the user's own, which trains batch by batch.
            fit.is_by_hand = True
            self.on_epoch_begin(0)
        if fit.is_by_hand:
            self.on_train_batch_begin(fit.batches)
            fit.batches += 1
            try:
                yield
            except BaseException as error:
                if fit.batches == 1:  # refused, it does not begin a fit
                    self.end_by_hand(type(error).__name__)
                raise
            return
        self.begin_by_hand()
        # Drained at once: nobody tells when `fit` itself goes on.
        with self.ending_fit():
            yield

    def begin_by_hand(self) -> None:
        """Go on with the fit of the batches before, or begin one where others came since."""
        if self.running:
            self.drain()
        if self.last_by_hand is not None:
            self.begin_fit(self.last_by_hand)
            return
        self.last_by_hand = RunningFit(is_by_hand=True)
        self.begin_fit(self.last_by_hand)
        self.on_epoch_begin(0)

    def end_by_hand(self, interruption: str | None = None) -> None:
        """Close the log after batches trained by hand, if there were any."""
        if self.running and self.running[0] is self.last_by_hand:
            atexit.unregister(self.end_by_hand)
            self.end_fit(interruption)


class ExposureRecorder(Recording, keras.callbacks.Callback):
    """The callback that drains a `BatchCounter` into an exposure log, in the order trained.

    It drains when an epoch ends, when the counter may become too full for the next
    execution of the training function, and when `fit` ends for whatever reason, so an
    exception in mid-epoch loses nothing that was trained. Validation is not seen here
    because the counter never keeps it.

    `watch(model, log=…)` puts it in place; nothing more is needed.

    Args:
        counter: the metric to drain.
        sink: where the exposures go; see `Recording`.
        coverages: the streams whose coverage goes into each epoch's logs.
    """


def recorder_class(which_keras: ModuleType) -> type:
    """Return the recorder as a callback of `keras`, or `tf_keras`."""
    if which_keras is keras:
        return ExposureRecorder
    return type("ExposureRecorder", (Recording, which_keras.callbacks.Callback), {})
