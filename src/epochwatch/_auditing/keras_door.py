"""The Keras that an audit runs `fit` of; nothing of it is imported before it is asked for."""

import importlib
import os
import sys
from types import ModuleType

from epochwatch._auditing.request import BACKENDS
from epochwatch._extras import missing_extras_named
from epochwatch.errors import BadInput


def keras_for(backend: str | None) -> ModuleType:
    """Import the Keras to run `fit` of.

    Args:
        backend: of `BACKENDS`; None for the one that is imported or configured.

    Returns:
        The module `keras` or `tf_keras`.

    Raises:
        BadInput: there is no such backend, it is not installed, or Keras runs on another one.
    """
    if backend not in (None, *BACKENDS):
        raise BadInput(f"backend: got {backend!r}, allowed: one of {', '.join(BACKENDS)}")
    if backend is not None and backend != "tf_keras" and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    wanted = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    with missing_extras_named(f"backend: got {wanted!r}"):
        if backend == "tf_keras":
            return importlib.import_module("tf_keras")
        keras = importlib.import_module("keras")
    if backend not in (None, keras.backend.backend()):
        raise BadInput(
            f"backend: got {backend!r}, but Keras runs on {keras.backend.backend()!r} in this "
            f"process already; set KERAS_BACKEND={backend} before Keras is imported"
        )
    return keras
