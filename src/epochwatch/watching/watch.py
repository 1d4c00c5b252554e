"""Putting the counter into a user's model, and taking it out again.

The model stays the object it was. Its class becomes a subclass of its own class, with two
public Keras methods overridden: `compute_loss` sets the index aside and notes whether this
is training; `compute_metrics` sets it aside too and hands it to the counter. Both then do
what they did before.
"""

import inspect
from pathlib import Path

import keras

from epochwatch.errors import BadInput
from epochwatch.exposures.writer import ExposureWriter
from epochwatch.watching import on_tensorflow
from epochwatch.watching.batch_counter import CAPACITY, BatchCounter
from epochwatch.watching.recorder import ExposureRecorder

INDEX = "index"
LABEL = "label"


class Watch:
    """What a watched model carries. Keras neither tracks nor saves it.

    Attributes:
        counter: the metric.
        recorder: the callback that drains it, or None where no log is kept.
        training: whether the loss was last asked for in training.
    """

    def __init__(self, counter: BatchCounter, recorder: ExposureRecorder | None):
        self.counter = counter
        self.recorder = recorder
        self.training = False


class Watched:
    """The part of a watched model's class that is not the user's."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Compute the user's loss, on the user's targets."""
        self.epochwatch.training = training
        y, sample_weight = without_index(y), without_index(sample_weight)
        return super().compute_loss(x, y, y_pred, sample_weight, training=training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the user's metrics; in training, keep the indices."""
        targets, sample_weight = without_index(y), without_index(sample_weight)
        results = super().compute_metrics(x, targets, y_pred, sample_weight)
        if self.epochwatch.training:
            self.epochwatch.counter.update_state(index_of(y, y_pred))
        return results

    @property
    def metrics(self):
        """The user's metrics, and the counter."""
        return [*super().metrics, self.epochwatch.counter]

    def fit(self, *args, **kwargs):
        """Train as `keras.Model.fit` does, recording what is trained on."""
        call = inspect.signature(super().fit).bind(*args, **kwargs)
        if {**kwargs, **call.arguments}.get("class_weight") is not None:
            raise BadInput(
                "class_weight: Keras rejects it beside targets in a dictionary; give the "
                "weights as the feed's third element, sample_weight"
            )
        recorder = self.epochwatch.recorder
        if recorder is None:
            return super().fit(*args, **kwargs)
        if "callbacks" in call.signature.parameters:  # else it is one of the user's **kwargs
            callbacks = call.arguments.get("callbacks")
            call.arguments["callbacks"] = with_recorder(callbacks, recorder)
            args, kwargs = call.args, call.kwargs
        else:
            kwargs["callbacks"] = with_recorder(kwargs.get("callbacks"), recorder)
        with recorder.recording(self.steps_per_execution):
            return super().fit(*args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        """Refuse, where a log is kept: a batch of its own belongs to no `fit` and no epoch."""
        if self.epochwatch.recorder is None:
            return super().train_on_batch(*args, **kwargs)
        raise BadInput(
            "train_on_batch: the log records calls of `fit`; watch without a log and drain "
            "`model.epochwatch.counter` yourself, or call `fit`"
        )

    def save(self, *args, **kwargs):
        """Save the model as its user's own class."""
        watched, self.__class__ = type(self), own_class(self)
        try:
            return self.save(*args, **kwargs)
        finally:
            self.__class__ = watched


def watch(model, log: str | Path | None = None, capacity: int = CAPACITY):
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

    Returns:
        The same model, watched.

    Raises:
        BadInput: the model cannot be watched exactly, or the log exists already.
    """
    check_model(model)
    counter = BatchCounter(capacity)
    recorder = None if log is None else ExposureRecorder(counter, ExposureWriter(log))
    forget_traces(model)
    model.__dict__["epochwatch"] = Watch(counter, recorder)
    own = type(model)
    model.__class__ = type(own.__name__, (Watched, own), {"__module__": own.__module__})
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
    forget_traces(model)
    del model.__dict__["epochwatch"]
    model.__class__ = own_class(model)
    return model


def own_class(model) -> type:
    """Return the user's class of a watched model."""
    return type(model).__bases__[1]


def forget_traces(model) -> None:
    """Have Keras trace the training and test steps anew, with the methods of now."""
    model.train_function = model.test_function = None


def with_recorder(callbacks, recorder):
    """Add the recorder to the callbacks of a `fit` call, whatever form they have."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        if recorder not in callbacks.callbacks:
            callbacks.callbacks.insert(0, recorder)
        return callbacks
    if callbacks is None:
        return [recorder]
    return [recorder, *(callbacks if isinstance(callbacks, (list, tuple)) else [callbacks])]


def without_index(targets):
    """Set the index aside.

    Args:
        targets: what the feed gave as targets, or as sample weights.

    Returns:
        What the model is to be trained on: the value of "label" if that is all that is
        left, else the rest of the dictionary; anything without an index as it stands.
    """
    if not isinstance(targets, dict) or INDEX not in targets:
        return targets
    rest = {key: value for key, value in targets.items() if key != INDEX}
    return rest[LABEL] if list(rest) == [LABEL] else rest


def index_of(targets, outputs):
    """Return the indices of a training batch.

    Args:
        targets: what the feed gave as targets.
        outputs: what the model made of the batch, a row to a sample.

    Returns:
        The value of "index".

    Raises:
        BadInput: there is none, or not one to a sample.
    """
    if isinstance(targets, dict) and INDEX in targets:
        index, samples = targets[INDEX], keras.tree.flatten(outputs)[0].shape[0]
        if index.shape[:1] not in ((), (None,), (samples,)) and samples is not None:
            raise BadInput(
                f'the target "index": got {index.shape[0]} for a batch of {samples} samples, '
                "allowed: one integer to a sample"
            )
        return index
    got = f"a dictionary of {sorted(targets)}" if isinstance(targets, dict) else "no dictionary"
    raise BadInput(
        f'the targets of a watched model: got {got}, allowed: {{"label": …, "index": …}} '
        "with an int64 index to a sample; or `unwatch` the model"
    )


def check_model(model) -> None:
    """Refuse a model that could be watched wrongly.

    Args:
        model: what `watch` was given.

    Raises:
        BadInput: one line that says what to do instead.
    """
    if not isinstance(model, keras.Model):
        raise BadInput(f"watch: got {type(model).__name__}, allowed: a compiled keras.Model")
    refusals = {
        "the Keras backend is {backend!r}: only 'tensorflow' is watched exactly; set "
        "KERAS_BACKEND=tensorflow": keras.backend.backend() != "tensorflow",
        "it is watched already; `unwatch` it first": isinstance(model, Watched),
        "it has an attribute `epochwatch` of its own; rename it": "epochwatch" in model.__dict__
        and not isinstance(model, Watched),
        "it is not compiled; call `model.compile(…)` first": not model.compiled,
        "it has a `train_step` of its own, which need not ask for the metrics after each "
        "step; watch a model that overrides `compute_loss` instead": has_own_train_step(model),
        "its `compute_loss` takes no `training`, so validation could pass for training; add "
        "the argument `training=True`": not takes_training(model),
        "it belongs to a distribution strategy, where a step has several batches; compile it "
        "outside of the strategy's scope": on_tensorflow.is_distributed(model),
    }
    for reason, applies in refusals.items():
        if applies:
            reason = reason.format(backend=keras.backend.backend())
            raise BadInput(f"watch: cannot watch {model.name!r}: {reason}")


def has_own_train_step(model) -> bool:
    """Say whether the user's class or model replaces Keras' training step."""
    own = type(model)
    return (
        "train_step" in model.__dict__
        or own.train_step is not keras.Model.train_step
        or own.make_train_function is not keras.Model.make_train_function
    )


def takes_training(model) -> bool:
    """Say whether the model's loss is told if it is computed in training."""
    return "training" in inspect.signature(model.compute_loss).parameters
