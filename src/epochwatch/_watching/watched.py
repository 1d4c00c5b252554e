"""What a watched model is: an object of a subclass of the user's own class, and what it carries."""

import contextlib
from pathlib import Path
from typing import Any

from epochwatch import feeds
from epochwatch._watching import backends, targets
from epochwatch._watching.batch_counter import BatchCounter
from epochwatch._watching.model_class import Extended, forget_traces
from epochwatch._watching.pending_call import PendingCall
from epochwatch._watching.recorder import Recording
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import unpack_batch

CARRIED_AS = "epochwatch"  # the model's attribute

# Of `fit`: those that a log names.
PARAMETERS = ("epochs", "steps_per_epoch", "batch_size", "initial_epoch", "shuffle")


class Watch:
    """What a watched model carries. Keras neither tracks nor saves it.

    Attributes:
        backend: the module of what is done differently on the model's backend.
        counter: the metric.
        recorder: the callback that drains it, or None where no log is kept.
        weighs: whether class weights are put in here and not by Keras.
        class_weight: as `fit` was given it last.
        refusal: why a batch was refused, if one was.
        calls: of `fit` and `train_on_batch` that are going on, each within the one before.
    """

    def __init__(
        self, backend, counter: BatchCounter, recorder: Recording | None, weighs: bool = True
    ):
        self.backend = backend
        self.counter = counter
        self.recorder = recorder
        self.weighs = weighs
        self.class_weight: dict | None = None
        self.refusal: BadInput | None = None
        self.calls = 0

    @property
    def parts(self) -> tuple[type, ...]:
        """What a watched model's class has before the user's own."""
        # `Watched` first: `fit` is taken apart before the interceptor sees it.
        return (Watched, self.backend.IndexInterceptor)

    @property
    def log(self) -> Path | None:
        """Folder of the exposure log; None where there is none."""
        return self.recorder and self.recorder.sink.folder

    def split_batch(self, data) -> tuple[list, Any]:
        """Split a training batch into what is kept of it and what the model's own step gets.

        What is kept is int64 (columns, batch), or (batch,) where it is one column, of each
        replica of this process.
        """
        try:
            kept = [self.identify(part) for part in self.backend.parts_of(data)]
            return kept, self.weighted(targets.set_index_aside(data))
        except BadInput as refusal:
            self.refusal = refusal  # see `steps_of_call`
            raise

    def identify(self, data):
        """Return what is kept of a training batch, int64 (batch,): its indices."""
        samples = targets.samples_in(unpack_batch(data)[0])
        return self.backend.index(targets.index_target(data), samples)

    def check_arguments(self, class_weight, call: PendingCall) -> None:
        """Refuse what `fit` was given beside a feed, before anything is built for it."""
        y, sample_weight, batch_size = map(call.get, ("y", "sample_weight", "batch_size"))
        targets.check_arguments(y, sample_weight, class_weight, batch_size)

    def weighted(self, data):
        """Put class weights into a batch, where `fit` was given some.

        Keras has none for targets in a dictionary, which they are until the index is out.
        """
        if self.class_weight is None:
            return data
        x, y, sample_weight = unpack_batch(data)
        targets.check_weighable(y, sample_weight)
        return x, y, self.backend.class_weights(y, targets.class_table(self.class_weight))


class Watched(Extended):
    """The part of a watched model's class that is not the user's."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **training):
        """Compute the user's loss; Keras builds it with a batch that still has its index."""
        y, sample_weight = targets.without_index(y), targets.without_index(sample_weight)
        return super().compute_loss(x, y, y_pred, sample_weight, **training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the user's metrics; Keras builds them with a batch that has its index."""
        y, sample_weight = targets.without_index(y), targets.without_index(sample_weight)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def fit(self, *args, **kwargs):
        """Train as `keras.Model.fit` does, recording what is trained on."""
        call = PendingCall(super().fit, args, kwargs)
        # Taken from Keras, which has no class weights for targets in a dictionary.
        class_weight = call.remove("class_weight") if self.epochwatch.weighs else None
        self.epochwatch.check_arguments(class_weight, call)
        weights = targets.weights_beside(call.get("y"), call.get("sample_weight"))
        if weights is not None:
            call.replace("sample_weight", weights)
        with contextlib.ExitStack() as around:
            around.enter_context(steps_of_call(self, class_weight))
            recorder = self.epochwatch.recorder
            if recorder is not None:
                if self.epochwatch.calls == 1:
                    recorder.sink.metadata |= fit_metadata(self, call)
                callbacks = around.enter_context(recorder_among(call.get("callbacks"), recorder))
                call.replace("callbacks", callbacks)
                around.enter_context(recorder.recording(steps_per_execution_of(self)))
            return call.make()

    def train_on_batch(self, *args, **kwargs):
        """Train as `keras.Model.train_on_batch` does, recording what is trained on."""
        call = PendingCall(super().train_on_batch, args, kwargs)
        recorder = self.epochwatch.recorder
        with contextlib.ExitStack() as around:
            around.enter_context(steps_of_call(self, call.remove("class_weight")))
            if recorder is not None:
                around.enter_context(recorder.recording_by_hand())
            return call.make()


@contextlib.contextmanager
def steps_of_call(model, class_weight: dict | None):
    """Have the steps of a call weigh classes, and raise a refused batch as one line.

    They are traced anew where the weights are others. A call within another, by a callback,
    leaves the other's steps as they were; a refused call leaves none that are half traced.
    """
    watch = model.epochwatch
    is_inner, before = watch.calls > 0, (watch.class_weight, model.train_function)
    changes = class_weight != watch.class_weight
    if changes:
        watch.class_weight = class_weight
        forget_traces(model)
    watch.calls += 1
    try:
        yield
    except Exception as error:
        refusal, watch.refusal = watch.refusal, None
        if refusal is None:
            raise
        changes = True
        forget_traces(model)
        # tf_keras wraps what is raised in a traced step.
        raise error if error is refusal else refusal from None
    finally:
        watch.calls -= 1
        if is_inner and changes:
            watch.class_weight, model.train_function = before


def steps_per_execution_of(model) -> int:
    """Return how many steps one call of the training function makes."""
    if backends.is_keras_2(backends.keras_of(model)):
        steps = model._steps_per_execution  # under a strategy a variable on each replica
        return int(steps.numpy() if hasattr(steps, "numpy") else steps)
    return model.steps_per_execution


def fit_metadata(model, call: PendingCall) -> dict:
    """Collect what the log of a call of `fit` shall know of it."""
    keras = backends.keras_of(model)
    parameters = {name: call.get(name) for name in PARAMETERS}
    return {
        "feed": kind_or_type(call.get("x")),
        "backend": backends.fit_kind(keras),
        "versions": backends.loaded_versions(keras),
        "parameters": {name: value for name, value in parameters.items() if value is not None}
        | {"steps_per_execution": steps_per_execution_of(model)},
    }


def kind_or_type(x) -> str:
    """Name the kind of a feed; a `fit` of the user's own may take what Keras' does not."""
    try:
        return feeds.kind_of((x,) if isinstance(x, tuple) else x)
    except BadInput:
        return type(x).__name__


@contextlib.contextmanager
def recorder_among(callbacks, recorder):
    """Add the recorder to the callbacks of a `fit` call, whatever form they have.

    It stands first: what the user's callbacks raise at an epoch's end comes after its record,
    and they find the coverage in the logs.
    """
    if not (hasattr(callbacks, "append") and hasattr(callbacks, "callbacks")):
        given = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        yield [recorder, *(given if callbacks is not None else [])]
        return
    # A CallbackList may be given to several calls of `fit`, of other models too.
    is_there = recorder in callbacks.callbacks
    if not is_there:
        callbacks.callbacks.insert(0, recorder)
    try:
        yield callbacks
    finally:
        if not is_there:
            callbacks.callbacks.remove(recorder)
