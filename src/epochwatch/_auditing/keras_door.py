"""The Keras that an audit runs `fit` of; nothing of it is imported before it is asked for."""

import importlib
import os
import sys
from types import ModuleType

from epochwatch._auditing.request import BACKENDS
from epochwatch._extras import missing_extras_named
from epochwatch._keras import load_keras
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
    if backend is None:
        return load_keras()
    if backend != "tf_keras" and "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    with missing_extras_named(f"backend: got {backend!r}"):
        if backend == "tf_keras":
            return importlib.import_module("tf_keras")
        keras = importlib.import_module("keras")
    if backend != keras.backend.backend():
        raise BadInput(
            f"backend: got {backend!r}, but Keras runs on {keras.backend.backend()!r} in this "
            f"process already; set KERAS_BACKEND={backend} before Keras is imported"
        )
    return keras
