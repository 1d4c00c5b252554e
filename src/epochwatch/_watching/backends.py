"""Which module does what is done differently, backend by backend, and which Keras is which.

Of Keras there may be two in a process: Keras 3, on one of three backends, and `tf_keras`,
which is Keras 2 and always on TensorFlow. Functions here take the one in question as a module.
"""

import importlib
import platform
import sys
from types import ModuleType

import epochwatch
from epochwatch._keras import BACKENDS, load_keras
from epochwatch.errors import BadInput

# What a log names the versions of, where it is loaded.
VERSIONED = ("tensorflow", "jax", "torch", "grain")


def backend_module(name: str | None = None) -> ModuleType:
    """Import the module of a backend; None for that of Keras 3.

    It has `Tape`, `IndexInterceptor`, `ProbeStep`, `index`, `stack`, `fingerprint`, `labels_of`,
    `class_weights`, `parts_of`, `distribution`, `share_of` and `scope_of`.
    """
    name = name or load_keras().backend.backend()
    if name not in BACKENDS:
        raise BadInput(
            f"the Keras backend: got {name!r}, allowed: one of {', '.join(BACKENDS)}; set "
            "KERAS_BACKEND"
        )
    return importlib.import_module(f"epochwatch._watching.on_{name}")


def keras_of(model) -> ModuleType | None:
    """Find the Keras that a model is made with, or `tf_keras`; None for what is no model."""
    keras, tf_keras = load_keras(), sys.modules.get("tf_keras")
    if isinstance(model, keras.Model):
        return keras
    return tf_keras if tf_keras and isinstance(model, tf_keras.Model) else None


def is_keras_2(keras: ModuleType) -> bool:
    """Whether it is `tf_keras`, or the `keras` of TensorFlow up to 2.15."""
    return keras.__version__.startswith("2.")


def backend_name(keras: ModuleType) -> str:
    """Name the backend of a Keras; `tf_keras` runs on TensorFlow only."""
    return keras.backend.backend() if keras is load_keras() else "tensorflow"


def fit_kind(keras: ModuleType) -> str:
    """Name what `fit` runs on: the backend of Keras 3, or "tf_keras" for any Keras 2."""
    return "tf_keras" if is_keras_2(keras) else keras.backend.backend()


def keras_release(keras: ModuleType) -> tuple[int, int]:
    """Return which Keras it is, such as (3, 15)."""
    major, minor, *_ = keras.__version__.split(".")
    return int(major), int(minor)


def loaded_versions(keras: ModuleType) -> dict[str, str]:
    """Name the versions that what `fit` does depends on: Keras, Python, and what is loaded."""
    # Of the module: the package may be `tensorflow-cpu`, which has no metadata as `tensorflow`.
    loaded = {name: sys.modules[name].__version__ for name in VERSIONED if name in sys.modules}
    own = {"keras": keras.__version__, "python": platform.python_version()}
    return own | {"epochwatch": epochwatch.__version__} | loaded
