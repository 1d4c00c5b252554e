"""The one door through which the instrument imports Keras, when it is first needed.

Keras itself says "No module named 'tensorflow'" where its backend is not installed, in the
middle of a traceback through its own modules. Here it is one line, and the extras are named.
"""

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from epochwatch._files import read_json
from epochwatch.errors import BadInput

BACKENDS = ("tensorflow", "jax", "torch")


def load_keras() -> ModuleType:
    """Import Keras 3, on the backend that is configured or else on one that is installed.

    Raises:
        BadInput: the backend is not installed; the line says which extra brings one.
    """
    # Looked up beforehand: an import of Keras that fails half way leaves modules behind which
    # have chosen their backend for good.
    if "keras" not in sys.modules:
        _choose_backend()
    return importlib.import_module("keras")


def chosen_backend() -> str:
    """Name the backend that Keras runs on, or would: nothing is imported, or has to be there."""
    if keras := sys.modules.get("keras"):
        return keras.backend.backend()
    from_file, installed = _backend_of_config_file(), _installed_backends()
    usual = from_file if from_file in installed or not installed else installed[0]
    return os.environ.get("KERAS_BACKEND") or usual


def _installed_backends() -> list[str]:
    return [name for name in BACKENDS if importlib.util.find_spec(name)]


def _choose_backend() -> None:
    """See that the backend Keras will import is installed."""
    from_environment = os.environ.get("KERAS_BACKEND")
    backend = from_environment or _backend_of_config_file()
    installed = _installed_backends()
    # What is none of these three Keras may know; watching refuses it by name.
    if backend in installed or backend not in BACKENDS:
        return
    if not installed:
        extras = " or ".join(f"'epochwatch[{name}]'" for name in BACKENDS)
        raise BadInput(
            f"Keras: got no backend to run on, allowed: one of {', '.join(BACKENDS)}; "
            f"pip install {extras}"
        )
    if from_environment:
        raise BadInput(
            f"KERAS_BACKEND: got {from_environment!r}, which is not installed, allowed: "
            f"{', '.join(installed)}; or pip install 'epochwatch[{from_environment}]'"
        )
    # Keras writes "tensorflow" into its file by itself, so the file is nobody's wish.
    os.environ["KERAS_BACKEND"] = installed[0]


def _backend_of_config_file() -> str:
    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return (read_json(folder / "keras.json") or {}).get("backend", BACKENDS[0])
