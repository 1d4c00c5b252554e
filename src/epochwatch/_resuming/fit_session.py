"""One call of `fit` that is kept in checkpoints, and is put back to one."""

import contextlib
from collections.abc import Iterator

from epochwatch._keras import load_keras
from epochwatch._resuming.call_check import call_of, check_same
from epochwatch._resuming.callback_states import CallbackStates
from epochwatch._resuming.feed_check import (
    calls_python,
    check_drawn,
    check_feed,
    check_validation,
    is_left_ahead,
    refuse_drawn,
)
from epochwatch._resuming.feed_position import FeedPosition
from epochwatch._resuming.model_attributes import (
    changed_attributes,
    plain_attributes,
    put_attributes,
)
from epochwatch._resuming.model_state import model_state, put_model_state
from epochwatch._resuming.notices import warn_of_callbacks, warn_of_calls, warn_of_edits
from epochwatch._resuming.outer_callbacks import CALL_IT, Head, Tail
from epochwatch._resuming.random_states import random_states, set_random_states
from epochwatch._watching.pending_call import PendingCall
from epochwatch._watching.recorder import Recording
from epochwatch.errors import BadInput
from epochwatch.feeds._origins import origin_of

keras = load_keras()


class FitSession:
    """A call of `fit`, from its first step to the checkpoint that says that it has finished.

    A snapshot is written when the step after it has been trained: so there always is a step left
    to go on with, without which `fit` fails on JAX.

    Args:
        resume: what the model carries.
        call: of `fit`.
        number: which `fit` of the script it is, from 1.
        start: the checkpoint to go on from; None for the beginning.
        is_over: whether that is one of a finished `fit`, of which no epoch is trained.
    """

    def __init__(self, resume, call: PendingCall, number: int, start: dict | None, is_over: bool):
        self.resume = resume
        self.model = resume.model
        self.call = call
        self.number = number
        self.start = start
        self.is_over = is_over
        self.entry = start["entry"] if start else random_states()
        self.epochs = call.effective("epochs") or 1
        self.epoch = 0
        self.trained = self.trained_before = self.kept_at = 0  # steps: now, in earlier epochs, …
        self.pending: dict | None = None
        self.feed: FeedPosition | None = None
        self.origin = None
        self.validation: FeedPosition | None = None
        self.is_put_back = start is None
        self.has_begun = False
        self.draws_unseen = False
        self.attributes_before = plain_attributes(self.model)

    # --- around `fit`

    @contextlib.contextmanager
    def callbacks_around(self) -> Iterator[None]:
        """Put our two callbacks around the user's."""
        given = self.call.get("callbacks")
        as_list = isinstance(given, keras.callbacks.CallbackList)
        own = list(given.callbacks) if as_list else keras.tree.flatten(given) if given else []
        if not any(isinstance(each, keras.callbacks.History) for each in own):
            own.append(keras.callbacks.History())
        self.states = CallbackStates([each for each in own if is_kept(each)])
        around = [Head(self), *([self.history] if self.is_over else own), Tail(self)]
        if not as_list or self.is_over:
            self.call.replace("callbacks", around)
            yield
            return
        before, given.callbacks[:] = list(given.callbacks), around
        try:
            yield
        finally:
            given.callbacks[:] = before

    @property
    def history(self) -> keras.callbacks.History:
        return next(c for c in self.states.callbacks if isinstance(c, keras.callbacks.History))

    def prepare(self) -> None:
        """Do what has to be done before Keras looks at the feed."""
        x = self.call.get("x")
        self.origin = origin_of(x)
        if self.is_over:
            self.call.replace("verbose", 0)
        if self.start is None:
            shuffle = self.call.get("shuffle")
            check_feed(x, True if shuffle is None else shuffle, self.resume.left_ahead)
            check_validation(self.call.get("validation_data"))
            self.draws_unseen = calls_python(x)
            warn_of_calls(x)
            warn_of_callbacks(self.states)
            return
        if not self.is_over:
            warn_of_edits(self.states.edited(self.start["settings"]))
        set_random_states(self.entry)
        sampler = self.start["feed"]["sampler"]
        if self.origin is not None and sampler is not None:
            x = self.origin.at(self.origin.step_of(sampler))
            self.call.replace("x", x)
            self.origin = origin_of(x)

    def end(self) -> None:
        """Write what the `fit` left, or put it back."""
        x = self.call.get("x")
        if is_left_ahead(x, self.call.get("steps_per_epoch")):
            self.resume.left_ahead.add(x)
        if self.feed is None:
            raise BadInput(f"fit: the model's own `fit` did not call keras.Model.fit; {CALL_IT}")
        if self.is_over:
            self.put_back()
            self.model.stop_training = self.start["stopped"]
            return
        self.write_pending()
        stopped = bool(self.model.stop_training)
        self.resume.write_finished({**self.snapshot(self.epochs, 0), "stopped": stopped})

    def let_go(self) -> None:
        """Leave the feeds as Keras made them."""
        for position in (self.feed, self.validation):
            if position is not None:
                position.let_go()

    def attach(self, epoch_iterator) -> None:
        """Take hold of Keras' epoch iterator, of which nothing has been taken yet."""
        check_drawn(self.call.get("x"), self.entry)
        if self.resume.backend == "tensorflow":
            self.build(epoch_iterator)
        start = self.start and self.start["feed"]
        self.feed = self.position_of(epoch_iterator, start, self.origin)
        self.feed.after_step = self.step_trained
        if start:
            check_same(self.feed.facts(), start["facts"])

    def build(self, epoch_iterator) -> None:
        """Build the model now, which Keras on TensorFlow does in the first step."""
        spec = epoch_iterator._distributed_dataset.element_spec
        if has_parts_alone(self.model):
            self.model.built = True
        try:
            self.model._symbolic_build(data_batch=spec)
        except RuntimeError as error:
            raise BadInput(
                f"the model: got {self.model.name!r}, which is not built, and Keras cannot build "
                "it from the shapes of a batch; build it before fit: call it, or its parts, on a "
                "batch, and the optimizers by optimizer.build(variables)"
            ) from error

    def position_of(self, epoch_iterator, start: dict | None, origin=None) -> FeedPosition:
        hooks = start["hooks"] if start else None
        return FeedPosition(epoch_iterator, self.resume.backend, hooks, origin)

    def attach_validation(self, epoch_iterator) -> None:
        """Do the same with that of the validation, which is kept over the epochs."""
        if self.validation is not None:
            return
        start = self.start and self.start["validation"]
        self.validation = self.position_of(epoch_iterator, start)
        if start:
            before = random_states()
            self.validation.put_back(start, 0, before)
            set_random_states(before)

    def check_epochs(self, params: dict) -> None:
        """Refuse a model whose own `fit` asks Keras for other epochs than it was asked for."""
        asked = params.get("epochs", self.epochs)  # a CallbackList of the user's may not know
        if asked != self.epochs:
            raise BadInput(
                f"fit: the model's own `fit` was asked for epochs={self.epochs}, and asks "
                f"keras.Model.fit for {asked}; let it pass `epochs` on"
            )

    # --- keeping

    def step_trained(self, step: int) -> None:
        """Count a step, from 1 in its epoch, and keep what there is to be kept."""
        if not self.has_begun:
            raise BadInput(
                "fit: the model's own `fit` evaluated the model before keras.Model.fit, or kept "
                f"its callbacks to itself; {CALL_IT}"
            )
        self.trained = self.trained_before + step
        if self.draws_unseen:  # by Python that tf.data calls, which cannot be asked beforehand
            self.draws_unseen = False
            own = ("random", "numpy.random")  # torch's may be drawn from by the step
            refuse_drawn({name: self.feed.born["random"][name] for name in own})
        self.write_pending()
        if self.is_due() and step != self.feed.steps_in_epoch:
            self.pending = self.snapshot(self.epoch, step)

    def epoch_ended(self, epoch: int) -> None:
        """Keep the training between two epochs."""
        self.trained_before = self.trained
        self.pending = None
        is_last = epoch + 1 >= self.epochs
        if not self.model.stop_training and (is_last or self.is_due(at_epoch=True)):
            self.pending = self.snapshot(epoch + 1, 0)

    def is_due(self, at_epoch: bool = False) -> bool:
        if self.resume.save_freq == "epoch":
            return at_epoch
        return self.trained - self.kept_at >= self.resume.save_freq

    def write_pending(self) -> None:
        if self.pending is not None:
            pending, self.pending = self.pending, None
            self.kept_at = pending["trained"]
            self.resume.write(pending)

    def snapshot(self, epoch: int, step: int) -> dict:
        """Describe the training as it is between two steps."""
        if self.resume.backend == "jax":
            self.model.jax_state_sync()
        if step == 0:  # what `on_train_begin` has set, and what an epoch has
            warn_of_callbacks(self.states)
        return {
            "fit": self.number,
            "epoch": epoch,
            "step": step,
            "trained": self.trained,
            "call": call_of(self),
            "settings": self.states.settings,
            "entry": self.entry,
            "variables": model_state(self.model),
            "attributes": changed_attributes(self.model, self.attributes_before),
            "random": random_states(),
            "callbacks": self.states.state(),
            "record": self.resume.record_state(),
            "feed": self.feed.state(),
            "validation": self.validation.state() if self.validation else self.old_validation(),
        }

    def old_validation(self) -> dict | None:
        """Where the validation stood at the checkpoint, while it has not been used since."""
        return self.start and self.start["validation"]

    # --- putting back

    def put_back(self) -> None:
        """Put everything back to the checkpoint."""
        start, self.is_put_back = self.start, True
        put_model_state(self.model, start["variables"])
        put_attributes(self.model, start["attributes"])
        self.states.put_back(start["callbacks"])
        self.resume.put_record_back(start["record"], start["step"])
        self.trained = self.kept_at = start["trained"]
        self.trained_before = start["trained"] - start["step"]
        self.feed.put_back(start["feed"], start["step"], start["random"])
        set_random_states(start["random"])
        self.resume.put_back_by = self.feed.put_back_by
        self.resume.put_back_seconds = self.feed.seconds
        self.resume.put_back_batches = self.feed.passed_over
        if not self.is_over and self.call.get("verbose") != 0:
            print(self.told())

    def told(self) -> str:
        """Tell where the training goes on, and how long it took to put its feed back."""
        step = f", step {self.start['step']}" if self.start["step"] else ""
        by = f" by {self.feed.put_back_by}" if self.feed.put_back_by else ""
        return (
            f"resumable: goes on in fit {self.number} at epoch {self.start['epoch'] + 1}{step}; "
            f"its feed was put back{by} in {self.feed.seconds:.1f} s"
        )


def has_parts_alone(model) -> bool:
    """Whether a model has only its parts, all built, and is never called: as a GAN is written."""
    is_called = type(model).call is not keras.Model.call
    return not is_called and all(part.built for part in model._flatten_layers(include_self=False))


def is_kept(callback) -> bool:
    """Whether the state of a callback is kept: not of a progress bar, nor of ours."""
    return not isinstance(callback, (keras.callbacks.ProgbarLogger, Recording))
