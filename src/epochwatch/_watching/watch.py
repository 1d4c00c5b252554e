"""Putting the counter into a user's model, and taking it out again.

The model stays the object it was. Its class becomes a subclass of its own class, in which
the `IndexInterceptor` of its backend (`on_tensorflow`, `on_jax`, `on_torch`) takes the index
out of each batch before anything of the user's or of Keras' sees it, and keeps it if that was
training.
"""

from pathlib import Path
from types import ModuleType

from epochwatch._exposures.writer import ExposureWriter
from epochwatch._watching import backends
from epochwatch._watching.batch_counter import CAPACITY, BatchCounter
from epochwatch._watching.recorder import recorder_class
from epochwatch._watching.watched import Watch, Watched, forget_traces, own_class
from epochwatch.errors import BadInput


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

    Example:
        >>> import tempfile
        >>> import keras
        >>> import numpy as np
        >>> from epochwatch import ExposureLog
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> folder = tempfile.TemporaryDirectory()
        >>> model = watch(model, log=f"{folder.name}/log")
        >>> targets = {"label": np.zeros(5), "index": np.arange(5)}
        >>> _ = model.fit(np.ones((5, 1)), targets, epochs=2, verbose=0)
        >>> ExposureLog.read(f"{folder.name}/log").counts()[4]
        2
        >>> folder.cleanup()
    """
    check_model(model)
    keras = backends.keras_of(model)
    name = backends.backend_name(keras)
    counter = BatchCounter(capacity, backend=name)
    recorder = None
    if log is not None:
        writer = ExposureWriter(log, dict(metadata or {}), on_write_error)
        recorder = recorder_class(keras)(counter, writer)
    return attach(model, Watch(backends.backend_module(name), counter, recorder))


def attach(model, carried: Watch):
    """Make a model's class a watched one."""
    forget_traces(model)
    # Past Keras' `__setattr__`, which would track and save it with the model.
    model.__dict__["epochwatch"] = carried
    own = type(model)
    # `Watched` first: `fit` is taken apart before the interceptor or the user's class sees it.
    bases = (Watched, carried.backend.IndexInterceptor, own)
    replace_class(model, type(own.__name__, bases, {"__module__": own.__module__}))
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
        model.epochwatch.recorder.end_by_hand()  # or batches by hand would stay unwritten
    forget_traces(model)
    del model.__dict__["epochwatch"]
    replace_class(model, own_class(model))
    return model


def replace_class(model, wanted: type) -> None:
    # A watched model says that it is of the user's class: `model.__class__ = …` would ask it.
    object.__dict__["__class__"].__set__(model, wanted)


def check_model(model) -> None:
    """Refuse a model that could be watched wrongly, in one line that says what to do instead."""
    keras = backends.keras_of(model)
    if keras is None:
        raise BadInput(f"watch: got {type(model).__name__}, allowed: a compiled keras.Model")
    refusals = {
        "it is watched already; `unwatch` it first": isinstance(model, Watched),
        "it has an attribute `epochwatch` of its own; rename it": "epochwatch" in model.__dict__
        and not isinstance(model, Watched),
        "it is not compiled; call `model.compile(…)` first": getattr(model, "optimizer", None)
        is None,
        "it makes its training function itself, which need not call `train_step`; override "
        "`train_step` instead": makes_own_function(model, keras),
    }
    for reason, applies in refusals.items():
        if applies:
            raise BadInput(f"watch: cannot watch {model.name!r}: {reason}")
    distribution = backends.backend_module(backends.backend_name(keras)).distribution(model)
    if distribution is not None:
        raise BadInput(
            f"watch: cannot watch {model.name!r}: it is trained by {distribution}, where a step "
            "has several batches; make and compile it outside of any distribution"
        )


def makes_own_function(model, keras: ModuleType) -> bool:
    """Whether something of the user's stands between `fit` and `train_step`."""
    return (
        "train_step" in model.__dict__
        or type(model).make_train_function is not keras.Model.make_train_function
    )
