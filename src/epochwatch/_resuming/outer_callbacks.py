"""The two callbacks that stand around the user's.

The first puts a training back between two epochs, before others' `on_epoch_begin`; the last in the
midst of one, after them: or a schedule would apply twice.
"""

from epochwatch._keras import load_keras
from epochwatch.errors import BadInput

keras = load_keras()

CALL_IT = "let it call that once, and pass `callbacks` on"


class Head(keras.callbacks.Callback):
    """The first callback: puts back what was kept between two epochs.

    Its own `model` is not used: Keras sets none where the user gives a CallbackList.
    """

    def __init__(self, session):
        super().__init__()
        self.session = session

    def on_train_begin(self, logs=None):
        """Have Keras begin with the epoch of the checkpoint, as its BackupAndRestore does."""
        session = self.session
        if session.has_begun:
            raise BadInput(f"fit: the model's own `fit` called keras.Model.fit twice; {CALL_IT}")
        session.has_begun = True
        session.check_epochs(self.params or {})
        if session.start:
            session.model._initial_epoch = session.start["epoch"]
        if session.start and not session.is_over:
            session.states.cut_files_back(session.start["callbacks"])

    def on_epoch_begin(self, epoch, logs=None):
        """Put the training back, or keep how it begins."""
        session = self.session
        session.epoch, session.model._initial_epoch = epoch, None
        if not session.is_put_back and session.start["step"] == 0:
            session.put_back()
            session.model.reset_metrics()  # Keras has done so before this
        elif session.start is None and session.trained == 0:
            session.pending = session.snapshot(epoch, 0)


class Tail(keras.callbacks.Callback):
    """The last callback: puts back what was kept in the midst of an epoch."""

    def __init__(self, session):
        super().__init__()
        self.session = session

    def on_train_begin(self, logs=None):
        """Put a training back that was killed behind its last epoch, for none will begin.

        Before Keras ends it: that is when averaged or best weights are put into the model.
        """
        session = self.session
        if session.start and not session.is_over and session.start["epoch"] >= session.epochs:
            session.put_back()

    def on_epoch_begin(self, epoch, logs=None):
        """Put the training back."""
        if not self.session.is_put_back:
            self.session.put_back()

    def on_epoch_end(self, epoch, logs=None):
        """Keep the training between two epochs."""
        self.session.epoch_ended(epoch)
