"""Which module does what is done differently, backend by backend."""

import functools
import importlib
import importlib.metadata
import platform
import sys

import keras

import epochwatch
from epochwatch.errors import BadInput

NAMES = ("tensorflow", "jax", "torch")
VERSIONED = ("tensorflow", "jax", "torch", "grain")


def module(name: str | None = None):
    """Import the module of a backend, one of `NAMES`; None for that of Keras 3.

    It has `Tape`, `Door`, `ProbeStep`, `index`, `stack`, `fingerprint`, `labels_of`,
    `class_weights` and `distribution`.
    """
    name = name or keras.backend.backend()
    if name not in NAMES:
        raise BadInput(
            f"the Keras backend: got {name!r}, allowed: one of {', '.join(NAMES)}; set "
            "KERAS_BACKEND"
        )
    return importlib.import_module(f"epochwatch._watching.on_{name}")


def keras_of(model):
    """Find the Keras that a model is made with, or `tf_keras`; None for what is no model."""
    tf_keras = sys.modules.get("tf_keras")
    if isinstance(model, keras.Model):
        return keras
    return tf_keras if tf_keras and isinstance(model, tf_keras.Model) else None


def is_keras_2(of) -> bool:
    """Say whether a Keras is of version 2: `tf_keras`, or the `keras` of TensorFlow up to 2.15."""
    return of.__version__.startswith("2.")


def name_of(of) -> str:
    """Name the backend of a Keras; `tf_keras` runs on TensorFlow only."""
    return keras.backend.backend() if of is keras else "tensorflow"


@functools.cache
def version_of(package: str) -> str:
    """Look up an installed version once: it takes 10 ms, and every `fit` asks for it."""
    return importlib.metadata.version(package)


def flavour(of) -> str:
    """Name what `fit` runs on: the backend of Keras 3, or "tf_keras" for any Keras 2."""
    return "tf_keras" if is_keras_2(of) else keras.backend.backend()


def release(of) -> tuple[int, int]:
    """Return which Keras it is, such as (3, 15)."""
    major, minor, *_ = of.__version__.split(".")
    return int(major), int(minor)


def versions(of) -> dict[str, str]:
    """Name the versions that what `fit` does depends on: Keras, Python, and what is loaded."""
    loaded = {name: version_of(name) for name in VERSIONED if name in sys.modules}
    own = {"keras": of.__version__, "python": platform.python_version()}
    return own | {"epochwatch": epochwatch.__version__} | loaded
