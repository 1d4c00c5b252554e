"""What a resumable model carries: its checkpoints, and which `fit` of the script it is at."""

import weakref

from epochwatch._keras import load_keras
from epochwatch._resuming import call_check
from epochwatch._resuming.checkpoint_files import CheckpointFolder
from epochwatch._resuming.fit_session import FitSession
from epochwatch._watching.pending_call import PendingCall
from epochwatch.errors import BadInput

CARRIED_AS = "epochresume"  # the model's attribute

# Feeds that trainings of this process were given, and which training.
USED = weakref.WeakKeyDictionary()


class Resume:
    """What a resumable model carries. Keras neither tracks nor saves it.

    Args:
        model: the model.
        folder: the checkpoints.
        save_freq: "epoch", or a number of steps.
        untried: whether another release of Keras than that of a checkpoint is allowed.
        part: what the model's class has before the user's own.

    Attributes:
        fits: calls of `fit` so far, but those that were refused.
        put_back_by: how the last feed was put back, see `FeedPosition`; None where none was.
        put_back_seconds: how long that took.
        put_back_batches: that were passed over for it.
    """

    def __init__(self, model, folder: CheckpointFolder, save_freq, untried: bool, part: type):
        self.model = model
        self.folder = folder
        self.save_freq = save_freq
        self.untried = untried
        self.parts = (part,)
        self.fits = 0
        self.session: FitSession | None = None
        self.backend = load_keras().backend.backend()
        self.put_back_by: str | None = None
        self.put_back_seconds = 0.0
        self.put_back_batches = 0
        self.number, self.latest = folder.read_latest() or (0, None)
        self.left_ahead = weakref.WeakSet()  # feeds, see `is_left_ahead`
        self.has_log = False  # whether it is claimed and cut back
        self.identity = object()  # of this training of this process; it keeps no model alive
        self.is_interrupted = False  # a call of `fit` has raised

    # --- a call of `fit`

    def fit(self, call: PendingCall):
        """Train, go on, or return what has been trained already."""
        self.check_free(call.get("x"))
        self.fits += 1
        start, finished = self.kept_of(self.fits)
        is_over = finished is not None and not call_check.is_longer(call, finished, start)
        session = FitSession(self, call, self.fits, finished if is_over else start, is_over)
        self.session = session
        try:
            with session.callbacks_around():
                call_check.check_call(session)
                self.prepare_log()
                session.prepare()
                result = call.make()
                session.end()
        except BaseException:
            # A call that was refused counts for none: the mended one takes its place.
            self.fits -= 1
            self.is_interrupted = session.has_begun
            raise
        finally:
            self.model._initial_epoch = None
            self.session = None
            session.let_go()
        return session.history if is_over else result

    def check_free(self, feed) -> None:
        """Refuse a call in which model or feed are not what the script makes them."""
        if self.session is not None:
            raise BadInput(
                f"fit: got a call within another one of {self.model.name!r}, whose checkpoints "
                "could not say so; call it when the other has ended, or train another model"
            )
        if self.is_interrupted:
            raise BadInput(
                f"fit: got {self.model.name!r}, whose training was interrupted; make model and "
                "feed anew, as running the script again does: then it goes on"
            )
        try:
            folder, training = USED.setdefault(feed, (self.folder.folder, self.identity))
        except TypeError:  # arrays, which stay what they are
            return
        if training is not self.identity and folder == self.folder.folder:
            raise BadInput(
                "feed: got one that the training before the interruption has moved on; make it "
                "anew, as running the script again does"
            )

    def kept_of(self, fit: int) -> tuple[dict | None, dict | None]:
        """Return the checkpoint and the end of a fit; no end where it was gone on with since."""
        start = self.latest if self.latest and self.latest["fit"] == fit else None
        finished = self.folder.read_finished(fit)
        if start and finished and start["trained"] > finished["trained"]:
            return start, None  # more epochs were asked for, and some of them trained
        return start, finished

    def attach(self, epoch_iterator) -> None:
        """Take hold of an epoch iterator that Keras has made, for this `fit` or its validation."""
        session = self.session
        if session is None or epoch_iterator is None:
            return
        if session.feed is None:
            session.attach(epoch_iterator)
        elif epoch_iterator is getattr(self.model, "_eval_epoch_iterator", None):
            session.attach_validation(epoch_iterator)

    # --- the log

    @property
    def recorder(self):
        """The recorder of a model that is watched; None where nothing is recorded."""
        watch = self.model.__dict__.get("epochwatch")
        return watch and watch.recorder

    def prepare_log(self) -> None:
        """Make the log one that goes on, and cut it back to the checkpoint."""
        if self.has_log or self.recorder is None:
            return
        self.recorder.sink.claim(self.folder.training_id)
        record = self.newest_record()
        self.recorder.sink.cut_back(record and record["log"])
        self.has_log = True

    def newest_record(self) -> dict | None:
        """Return what the log goes on from: of a checkpoint, or of a finished fit.

        Fits before the model was watched, or after it was unwatched, have none.
        """
        latest = self.latest["fit"] if self.latest else 0
        for fit in range(max([latest, *self.folder.finished()]), 0, -1):
            start, finished = self.kept_of(fit)
            state = finished or start
            if state and state["record"]:
                return state["record"]
        return None

    def record_state(self) -> dict | None:
        if self.recorder is None:
            return None
        if self.recorder.running:
            self.recorder.drain()
        return {"recorder": self.recorder.state(), "log": self.recorder.sink.state()}

    def put_record_back(self, record: dict | None, step: int) -> None:
        if self.recorder is not None:
            self.recorder.put_back(record["recorder"], step)

    # --- checkpoints

    def write(self, state: dict) -> None:
        """Have a checkpoint written while the training goes on."""
        self.number += 1
        self.folder.write(self.number, state, before=lambda: self.sync_log(state["record"]))

    def write_finished(self, state: dict) -> None:
        """Write what a finished `fit` left."""
        self.sync_log(state["record"])
        self.folder.write_finished(self.fits, state)

    def sync_log(self, record: dict | None) -> None:
        """Have what a checkpoint counts on be on the disk before it is."""
        if record is not None and not self.recorder.sink.sync(record["log"]):
            raise OSError("what it counts on of the exposure log cannot be written")
