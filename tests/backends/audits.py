"""Audits of small feeds, for the tests of the audit on each backend."""

import importlib.util

import pytest

import epochwatch
from epochwatch import audit
from epochwatch._auditing.request import FitCall
from epochwatch.errors import BadInput
from tests.backends import small_feeds
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION
from tests.backends.small_feeds import SIZE

ON = {"backend": BACKEND}

ALWAYS = ["arrays", "tf_data", "tf_data_endless", "tf_data_uncounted"]
ALWAYS += ["generator", "generator_endless", "py_dataset"]
OF_KERAS_3 = ["py_dataset_endless", "py_dataset_endless_threads"]
OF_TORCH = ["torch_loader", "torch_loader_workers"]
OF_GRAIN = ["grain_map", "grain_map_endless", "grain_iter", "grain_loader"]
KINDS = [
    *ALWAYS,
    *(OF_KERAS_3 if BACKEND != "tf_keras" else []),
    *(OF_TORCH if importlib.util.find_spec("torch") else []),
    *(OF_GRAIN if importlib.util.find_spec("grain") else []),
]


def called(steps_per_epoch, epochs, steps_per_execution=1, fits=1):
    """Call `fit`, the arguments in the order in which a cell of the matrix is read."""
    return FitCall(steps_per_epoch, steps_per_execution, epochs, fits)


CALLS = [
    called(3, 5),
    called(None, 2),
    called(20, 2),
    called(3, 2, fits=2),
    *([called(4, 3, 3), called(None, 2, 3)] if HAS_STEPS_PER_EXECUTION else []),
]


def id_of(value):
    """Name a kind of feed, or a call, in the name of a test."""
    if not isinstance(value, FitCall):
        return value
    executions = f", {value.steps_per_execution} at once" if value.steps_per_execution > 1 else ""
    return f"{value.steps_per_epoch} steps{executions}, {value.epochs} epochs, {value.fits} fits"


def is_endless(kind):
    """Say whether a pass of the feed never ends."""
    return "endless" in kind


def options_for(kind):
    """Have `fit` keep the order, and give arrays their batches."""
    options = {"shuffle": False} if kind in ("arrays", "py_dataset") else {}
    return {**options, "batch_size": SIZE} if kind == "arrays" else options


def possible(kind, call):
    """Say whether there is such a fit."""
    if call.steps_per_epoch is None and is_endless(kind):
        return False
    # A first fit may have read all of a generator that ends.
    if kind == "generator" and depends_on_timing(kind, call):
        return False
    # Keras 3.16 raises a TypeError: it takes a batch from an iterator that it has let go.
    if kind == "generator" and BACKEND == "torch" and call.steps_per_execution > 1:
        return False
    unknown = kind in ("generator", "tf_data_uncounted") and call.steps_per_epoch is None
    return not (BACKEND == "tf_keras" and unknown and call.steps_per_execution > 1)


def depends_on_timing(kind, call):
    """Say whether how far something has read ahead decides what is trained."""
    reads_ahead = BACKEND in ("tensorflow", "tf_keras") and kind.startswith("generator")
    return reads_ahead and call.fits > 1


def small(kind, indexed=True):
    """Make one of the small feeds."""
    return getattr(small_feeds, kind)(indexed)


def arguments_of(call):
    """Write a call as arguments of `audit`."""
    names = ("steps_per_epoch", "steps_per_execution", "epochs", "fits")
    return {name: getattr(call, name) for name in names}


def audited(kind, call, indexed=True, **more):
    """Audit one of the small feeds."""
    options = {**arguments_of(call), **options_for(kind), **ON, **more}
    return audit(lambda: small(kind, indexed), **options)


def by_epoch(log_folder):
    """Read a log: per fit and epoch its batches."""
    epochs = {}
    for batch in epochwatch.ExposureLog.read(log_folder).batches():
        epochs.setdefault((batch.fit, batch.epoch), []).append(batch.index.tolist())
    return epochs


def place_of(batch):
    """Tell the place of a batch."""
    return batch[0] // SIZE


def refusal_of(make_feed, **options):
    """Audit, and return what is said instead."""
    with pytest.raises(BadInput) as refused:
        audit(make_feed, **{**ON, **options})
    return str(refused.value)
