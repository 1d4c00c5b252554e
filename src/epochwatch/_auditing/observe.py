"""Running `fit` over the feed with the probe, and keeping what it trained on."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from epochwatch._auditing.request import Request
from epochwatch._auditing.samples import Samples
from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.writer import ExposureWriter
from epochwatch.errors import BadInput

BACKENDS = ("tensorflow", "jax", "torch", "tf_keras")
OWN = ("x", "y", "epochs", "steps_per_epoch", "batch_size", "verbose")


class Sink(ExposureWriter):
    """Takes what the probe kept: the exposures into a log, the samples into a table."""

    def __init__(self, folder: Path, metadata: dict, samples: Samples, progress: Callable):
        super().__init__(folder, metadata)
        self.samples = samples
        self.progress = progress

    def append(self, fit, epoch, first_step, lengths, index, content, label) -> None:
        """Take batches of an epoch; the last three are int64 (sum of lengths,)."""
        super().append(fit, epoch, first_step, lengths, index)
        self.samples.add(np.stack([index, content, label]))
        self.progress(len(lengths))


def keras_for(backend: str | None):
    """Import the Keras to run `fit` of; None for the one that is imported or configured."""
    if backend not in (None, *BACKENDS):
        raise BadInput(f"backend: got {backend!r}, allowed: one of {', '.join(BACKENDS)}")
    if backend == "tf_keras":
        return imported("tf_keras", "tf_keras")
    if backend is not None and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    keras = imported("keras", backend or os.environ.get("KERAS_BACKEND", "tensorflow"))
    if backend not in (None, keras.backend.backend()):
        raise BadInput(
            f"backend: got {backend!r}, but Keras runs on {keras.backend.backend()!r} in this "
            f"process already; set KERAS_BACKEND={backend} before Keras is imported"
        )
    return keras


def imported(module: str, extra: str):
    """Import an optional package, which an extra of epochwatch installs."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise BadInput(
            f"backend: got {extra!r}, which needs the package {error.name}, not installed here; "
            f"pip install 'epochwatch[{extra}]'"
        ) from None


def check_options(options: dict, fit: Callable) -> None:
    """Refuse what `fit` does not take, or what the audit itself sets."""
    allowed = [name for name in inspect.signature(fit).parameters if name not in ("self", *OWN)]
    for name in options:
        if name not in allowed:
            raise BadInput(
                f"fit option: got {name!r}, allowed: {', '.join(allowed)}"
                + ("; the audit sets it itself" if name in OWN else "")
            )


def observe(
    keras,
    feed,
    request: Request,
    folder: Path,
    samples: Samples,
    *,
    indexed: bool,
    progress: Callable,
    metadata: dict,
) -> tuple[ExposureLog, list[tuple[int, int]]]:
    """Run `fit`; return the log of it, and fit and epoch of every epoch that was begun."""
    from epochwatch._watching.probe import make_probe

    sink = Sink(folder, metadata, samples, progress)
    model = make_probe(keras, sink, request.steps_per_execution, weighs=indexed)
    options = dict(request.options, epochs=request.epochs, verbose=0)
    options |= {"steps_per_epoch": request.steps_per_epoch, "batch_size": request.batch_size}
    parts = feed if isinstance(feed, tuple) else (feed,)
    given = dict(zip(("x", "y", "sample_weight"), parts, strict=False))
    begun = model.epochwatch.recorder.begun
    for fit in range(1, request.fits + 1):
        try:
            model.fit(**given, **options)
        except (ValueError, StopIteration) as error:
            if inspect.isgenerator(feed) and 1 < fit not in {pair[0] for pair in begun}:
                raise BadInput(
                    f"fits: got {request.fits}, but fit {fit} found the generator used up and "
                    "raised; give a feed that can be iterated again, or has no end"
                ) from error
            raise
    return ExposureLog.read(folder), begun
