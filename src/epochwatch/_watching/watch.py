"""Putting the counter into a user's model, and taking it out again.

The model stays the object it was. Its class becomes a subclass of its own class, in which
the `IndexInterceptor` of its backend (`on_tensorflow`, `on_jax`, `on_torch`) takes the index
out of each batch before anything of the user's or of Keras' sees it, and keeps it if that was
training.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from epochwatch._exposures.resumable_writer import ResumableWriter
from epochwatch._exposures.share import Share
from epochwatch._watching import backends
from epochwatch._watching.batch_counter import CAPACITY, BatchCounter
from epochwatch._watching.log_name import has_time, new_log_folder
from epochwatch._watching.model_class import Extended, carry, own_class
from epochwatch._watching.no_log import NoLog
from epochwatch._watching.recorder import recorder_class
from epochwatch._watching.stream_coverage import StreamCoverages
from epochwatch._watching.watched import CARRIED_AS, Watch, Watched
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import INDEX


def watch(
    model,
    log: str | Path | None = None,
    capacity: int = CAPACITY,
    metadata: dict | None = None,
    on_write_error: str = "stop",
    coverage_of: Any = None,
):
    """Make a compiled model record which samples it is trained on.

    The targets that `fit` is fed must be a dictionary with the key "index" beside the real
    targets: `{"label": y, "index": i}` trains on `y`; of a dictionary with more keys, what
    is left trains the model, and `{"index": i}` alone trains one without targets. Validation
    and test data may have the index or not. The training is the same to the bit: loss,
    weights and the user's metrics see none of it. One exception: class weights in a step that
    XLA compiles (`jit_compile=True` on TensorFlow) may change the last bits, for there they are
    looked up in the step and not before it.

    An index may be any integer that int64 can hold, negative ones too; narrower integers are
    widened. What comes with the same index twice counts as the same sample, trained twice.

    A `fit` that a callback calls on the same model is recorded as a fit of its own, and so
    are consecutive calls of `train_on_batch`.

    Args:
        model: a compiled `keras.Model`. It is changed in place and stays the same object.
        log: folder for the exposure log; it must not exist yet, unless a `resumable` training
            goes on in it. Of several workers, all are given the same one: each writes a log of
            its own into it, `worker=0`, `worker=1` and so on. "{time}" in it stands for the
            present time in UTC, such as 20261128-213005, and names a new folder each time:
            `model.epochwatch.log` says which. None keeps no log: drain
            `model.epochwatch.counter` yourself, unless there is a `coverage_of`.
        capacity: cells of the counter; see `BatchCounter`.
        metadata: what else the log records of the run, beside its feed, backend, versions and
            the parameters of `fit`: anything that JSON can hold.
        on_write_error: what a write that fails (a full disk, say) does to the training:
            "stop" raises `RecordingFailed`; "continue" warns once, and records no more.
        coverage_of: streams, int64 arrays of their samples' indices by name. At each epoch's
            end Keras' logs get the share of each that has been trained since the model is
            watched, from 0 to 1, as "minority_coverage" for the stream "minority":
            progress bar, `History`, TensorBoard, `CSVLogger` and `EarlyStopping` find it
            there. An array alone is "coverage". None leaves the logs as they are.

    Returns:
        The same model, watched.

    Raises:
        BadInput: the model cannot be watched exactly, the log exists already, or an argument
            cannot be used.

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
    backend = backends.backend_module(name)
    share = backend.share_of(model, backends.is_keras_2(keras))
    with backend.scope_of(model):
        counter = BatchCounter(capacity, backend=name, replicas=replicas_of(share))
    recorder = None
    if log is not None or coverage_of is not None:
        coverages = StreamCoverages({} if coverage_of is None else coverage_of)
        # Last, for it makes the folder.
        sink = new_writer(log, metadata, on_write_error, share)
        recorder = recorder_class(keras)(counter, sink, coverages)
    carry(model, CARRIED_AS, Watch(backend, counter, recorder))
    return model


def replicas_of(share: Share | None) -> int:
    """Count the replicas that this process trains."""
    return len(share.replicas) if share else 1


def new_writer(
    log: str | Path | None, metadata: dict | None, on_write_error: str, share: Share | None = None
):
    if log is None:
        return NoLog()
    if share and share.workers > 1 and has_time(log):
        raise BadInput(
            f"log: got {str(log)!r} with a time in it, which each of {share.workers} workers would "
            "name another folder by; give all of them one path without {time}"
        )
    try:
        # A copy, so that the user's own stays as it is.
        metadata = json.loads(json.dumps(dict(metadata or {})))
    except (TypeError, ValueError) as error:
        raise BadInput(
            f"metadata: got {metadata!r:.60} ({error}), allowed: a dictionary that JSON can hold"
        ) from error
    folder = new_log_folder(log)
    if share:
        share = share.joining(folder)
        folder = share.folder_in(folder)
    writer = ResumableWriter(folder, metadata, on_write_error, share)
    writer.has_lasting_name = not has_time(log)
    return writer


def unwatch(model):
    """Give the user's model back, with the weights it has now.

    Args:
        model: a model that `watch` returned.

    Returns:
        The same object, of its own class again.

    Raises:
        BadInput: the model is not watched, or is being trained.
    """
    if not isinstance(model, Watched):
        raise BadInput(f"unwatch: {model.name!r} is not watched; give it what `watch` returned")
    if model.epochwatch.calls:
        raise BadInput(f"unwatch: {model.name!r} is being trained; unwatch it when that is done")
    if model.epochwatch.recorder is not None:
        model.epochwatch.recorder.end_by_hand()  # or batches by hand would stay unwritten
    carry(model, CARRIED_AS, None)
    return model


def check_model(model) -> None:
    """Refuse a model that could be watched wrongly, in one line that says what to do instead."""
    check_carrier(model, "watch", "watch", CARRIED_AS)
    refusals = {
        "it is already watched; `unwatch` it first": isinstance(model, Watched),
        'it has an output named "index", the name of the samples\' index; rename it': (
            has_output_named_index(model)
        ),
    }
    for reason, applies in refusals.items():
        if applies:
            raise BadInput(f"watch: cannot watch {model.name!r}: {reason}")


def check_carrier(model, caller: str, act: str, name: str) -> None:
    """Refuse a model whose training nobody could stand in front of.

    Args:
        model: anything.
        caller: the function, for the line that refuses.
        act: what is to be done to it, for the same.
        name: of the attribute that it would carry.
    """
    keras = backends.keras_of(model)
    if keras is None:
        raise BadInput(f"{caller}: got {type(model).__name__}, allowed: a compiled keras.Model")
    refusals = {
        f"it already has an attribute `{name}`; rename that": not isinstance(model, Extended)
        and name in model.__dict__,
        "it is not compiled; call `model.compile(…)` first": getattr(model, "optimizer", None)
        is None,
        "it makes its own training function, which may not call `train_step`; override "
        "`train_step` instead": makes_own_function(model, keras),
    }
    for reason, applies in refusals.items():
        if applies:
            raise BadInput(f"{caller}: cannot {act} {model.name!r}: {reason}")


def makes_own_function(model, keras: ModuleType) -> bool:
    """Whether something of the user's stands between `fit` and `train_step`."""
    return (
        "train_step" in model.__dict__
        or own_class(model).make_train_function is not keras.Model.make_train_function
    )


def has_output_named_index(model) -> bool:
    """Whether a target of the model's own would stand where the index does."""
    names = getattr(model, "output_names", None) or ()
    # With one output the target comes bare, or as "label", whatever the output is called.
    named = [getattr(model, "_outputs_struct", None), getattr(model, "loss", None)]
    return (INDEX in names and len(names) > 1) or any(
        isinstance(each, Mapping) and INDEX in each for each in named
    )
