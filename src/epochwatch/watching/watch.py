"""Putting the counter into a user's model, and taking it out again.

The model stays the object it was. Its class becomes a subclass of its own class, in which
the door of its backend (`on_tensorflow`, `on_jax`, `on_torch`) takes the index out of each
batch before anything of the user's or of Keras' sees it, and keeps it if that was training.
"""

import contextlib
from pathlib import Path

import keras

from epochwatch import feeds
from epochwatch.errors import BadInput
from epochwatch.exposures.writer import ExposureWriter
from epochwatch.watching import backends, targets
from epochwatch.watching.batch_counter import CAPACITY, BatchCounter
from epochwatch.watching.call import Call
from epochwatch.watching.recorder import Recording, recorder_class

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

    def take(self, data) -> tuple:
        """Take from a training batch what is to be kept of it, int64 (columns, batch).

        The other is what the model's own step is to be given.
        """
        try:
            return self.identify(data), self.weighted(targets.set_aside(data))
        except BadInput as refusal:
            self.refusal = refusal
            raise

    def identify(self, data):
        """Return what is kept of a training batch, int64 (1, batch): its indices."""
        samples = targets.samples_in(targets.unpack(data)[0])
        return self.backend.stack([self.backend.index(targets.index_of(data), samples)])

    def weighted(self, data):
        """Put class weights into a batch, where `fit` was given some.

        Keras has none for targets in a dictionary, which they are until the index is out.
        """
        if self.class_weight is None:
            return data
        x, y, sample_weight = targets.unpack(data)
        targets.check_weighable(y, sample_weight)
        return x, y, self.backend.class_weights(y, targets.class_table(self.class_weight))

    @contextlib.contextmanager
    def telling_refusals(self):
        """Raise a refusal as it is: tf_keras wraps what is raised in a traced step."""
        self.refusal = None
        try:
            yield
        except Exception as error:
            if self.refusal is None or error is self.refusal:
                raise
            raise self.refusal from None


class Watched:
    """The part of a watched model's class that is not the user's.

    To whoever asks for its `__class__` the model is of the user's own: so it is saved, cloned
    and pickled as what it was.
    """

    __class__ = property(lambda self: own_class(self))

    def __reduce__(self):
        unpickle, *rest = super().__reduce__()
        return (getattr(own_class(self), unpickle.__name__, unpickle), *rest)

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
        call = Call(super().fit, args, kwargs)
        if self.epochwatch.weighs:
            self.use_class_weight(call.take("class_weight"))
        weights = targets.weights_beside(call.get("y"), call.get("sample_weight"))
        if weights is not None:
            call.replace("sample_weight", weights)
        with contextlib.ExitStack() as around:
            around.enter_context(self.epochwatch.telling_refusals())
            recorder = self.epochwatch.recorder
            if recorder is not None:
                recorder.sink.metadata |= about(self, call)
                call.replace("callbacks", with_recorder(call.get("callbacks"), recorder))
                around.enter_context(recorder.recording(steps_per_execution_of(self)))
            return call.make()

    def train_on_batch(self, *args, **kwargs):
        """Train as `keras.Model.train_on_batch` does, recording what is trained on."""
        call = Call(super().train_on_batch, args, kwargs)
        self.use_class_weight(call.take("class_weight"))
        if self.epochwatch.recorder is not None:
            self.epochwatch.recorder.next_by_hand()
        with self.epochwatch.telling_refusals():
            return call.make()

    def use_class_weight(self, class_weight: dict | None) -> None:
        """Have the steps weigh classes; they are traced anew where the weights are others."""
        if class_weight != self.epochwatch.class_weight:
            self.epochwatch.class_weight = class_weight
            forget_traces(self)


def watch(
    model,
    log: str | Path | None = None,
    capacity: int = CAPACITY,
    metadata: dict | None = None,
    on_write_error: str = "stop",
):
    """Make a compiled model keep which samples it is trained on.

    The targets that `fit` is fed must be a dictionary with the key "index" beside the real
    targets: `{"label": y, "index": i}` trains on `y`; of a dictionary with more keys, what
    is left trains the model. Validation and test data may have the index or not. The
    training is the same to the bit: loss, weights and the user's metrics see none of it.

    Args:
        model: a compiled `keras.Model`. It is changed in place and stays the same object.
        log: folder for the exposure log; it must not exist yet. None keeps no log: drain
            `model.epochwatch.counter` yourself.
        capacity: cells of the counter; see `BatchCounter`.
        metadata: what the log shall say of the run besides its feed, backend, versions and
            the parameters of `fit`: whatever JSON can hold.
        on_write_error: what a write that fails (a full disk, say) does to the training:
            "stop" raises `RecordingFailed`; "continue" warns once, and records no more.

    Returns:
        The same model, watched.

    Raises:
        BadInput: the model cannot be watched exactly, or the log exists already.
    """
    check_model(model)
    keras = backends.keras_of(model)
    name = backends.name_of(keras)
    counter = BatchCounter(capacity, backend=name)
    recorder = None
    if log is not None:
        writer = ExposureWriter(log, dict(metadata or {}), on_write_error)
        recorder = recorder_class(keras)(counter, writer)
    return put_in(model, Watch(backends.module(name), counter, recorder))


def put_in(model, carried: Watch):
    """Make a model's class a watched one."""
    forget_traces(model)
    model.__dict__["epochwatch"] = carried
    own = type(model)
    bases = (Watched, carried.backend.Door, own)
    set_class(model, type(own.__name__, bases, {"__module__": own.__module__}))
    return model


def unwatch(model):
    """Give the user's model back, with the weights it has now.

    Args:
        model: a model that `watch` returned.

    Returns:
        The same object, of its own class again.

    Raises:
        BadInput: the model is not watched.
    """
    if not isinstance(model, Watched):
        raise BadInput(f"unwatch: {model.name!r} is not watched; give it what `watch` returned")
    if model.epochwatch.recorder is not None:
        model.epochwatch.recorder.end_by_hand()
    forget_traces(model)
    del model.__dict__["epochwatch"]
    set_class(model, own_class(model))
    return model


def own_class(model) -> type:
    """Return the user's class of a watched model."""
    return type(model).__bases__[-1]


def set_class(model, wanted: type) -> None:
    """Give a model another class, whatever it says its class is."""
    object.__dict__["__class__"].__set__(model, wanted)


def forget_traces(model) -> None:
    """Have Keras make the training and test steps anew, with the methods of now."""
    model.train_function = model.test_function = None


def steps_per_execution_of(model) -> int:
    """Return how many steps one call of the training function makes."""
    if backends.keras_of(model) is keras:
        return model.steps_per_execution
    return int(model._steps_per_execution)


def about(model, call: Call) -> dict:
    """Say of a call of `fit` what its log shall know: feed, backend, versions, parameters."""
    keras = backends.keras_of(model)
    given = {name: call.get(name) for name in PARAMETERS}
    return {
        "feed": kind_or_type(call.get("x")),
        "backend": backends.flavour(keras),
        "versions": backends.versions(keras),
        "parameters": {name: value for name, value in given.items() if value is not None}
        | {"steps_per_execution": steps_per_execution_of(model)},
    }


def kind_or_type(x) -> str:
    """Name the kind of a feed; a `fit` of the user's own may take what Keras' does not."""
    try:
        return feeds.kind_of((x,) if isinstance(x, tuple) else x)
    except BadInput:
        return type(x).__name__


def with_recorder(callbacks, recorder):
    """Add the recorder to the callbacks of a `fit` call, whatever form they have."""
    if hasattr(callbacks, "append") and hasattr(callbacks, "callbacks"):
        if recorder not in callbacks.callbacks:
            callbacks.callbacks.insert(0, recorder)
        return callbacks
    if callbacks is None:
        return [recorder]
    return [recorder, *(callbacks if isinstance(callbacks, (list, tuple)) else [callbacks])]


def check_model(model) -> None:
    """Refuse a model that could be watched wrongly, in one line that says what to do instead."""
    if backends.keras_of(model) is None:
        raise BadInput(f"watch: got {type(model).__name__}, allowed: a compiled keras.Model")
    refusals = {
        "it is watched already; `unwatch` it first": isinstance(model, Watched),
        "it has an attribute `epochwatch` of its own; rename it": "epochwatch" in model.__dict__
        and not isinstance(model, Watched),
        "it is not compiled; call `model.compile(…)` first": getattr(model, "optimizer", None)
        is None,
        "it makes its training function itself, which need not call `train_step`; override "
        "`train_step` instead": makes_own_function(model),
    }
    for reason, applies in refusals.items():
        if applies:
            raise BadInput(f"watch: cannot watch {model.name!r}: {reason}")
    distribution = backends.module(backends.name_of(backends.keras_of(model))).distribution(model)
    if distribution is not None:
        raise BadInput(
            f"watch: cannot watch {model.name!r}: it is trained by {distribution}, where a step "
            "has several batches; make and compile it outside of any distribution"
        )


def makes_own_function(model) -> bool:
    """Say whether something of the user's stands between `fit` and `train_step`."""
    keras_model = backends.keras_of(model).Model
    return (
        "train_step" in model.__dict__
        or type(model).make_train_function is not keras_model.make_train_function
    )
