"""Know exactly which samples Keras' `model.fit()` trained on.

Importing this package imports no framework: each name is loaded when it is first used.
"""

import importlib

__version__ = "0.1.0"
"""The version of this package."""

_HOMES = {
    "BalancedSampler": "epochwatch.samplers",
    "BatchCounter": "epochwatch.watching.batch_counter",
    "ExposureLog": "epochwatch.exposures.log",
    "ExposureRecorder": "epochwatch.watching.recorder",
    "assert_sound": "epochwatch.auditing.audit",
    "audit": "epochwatch.auditing.audit",
    "explain": "epochwatch.auditing.audit",
    "load_mnist": "epochwatch.datasets",
    "one_vs_rest": "epochwatch.datasets",
    "small_cnn": "epochwatch.models",
    "unwatch": "epochwatch.watching.watch",
    "watch": "epochwatch.watching.watch",
    "with_index": "epochwatch.feeds.with_index",
}
_MODULES = ("feeds", "figures")

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
