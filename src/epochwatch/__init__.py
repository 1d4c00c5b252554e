"""Know exactly which samples Keras' `model.fit()` trained on.

Importing this package imports no framework: each name is loaded when it is first used.
"""

import importlib

__version__ = "0.1.0"
"""The version of this package."""

# Where each name is loaded from.
_HOMES = {
    "BalancedSampler": "epochwatch._samplers",
    "BatchCounter": "epochwatch._watching.batch_counter",
    "ExposureLog": "epochwatch._exposures.log",
    "ExposureRecorder": "epochwatch._watching.recorder",
    "assert_sound": "epochwatch._report.audit",
    "audit": "epochwatch._report.audit",
    "explain": "epochwatch._report.audit",
    "unwatch": "epochwatch._watching.watch",
    "watch": "epochwatch._watching.watch",
    "with_index": "epochwatch.feeds._with_index",
}
_MODULES = ("errors", "exposures", "feeds")

__all__ = ["__version__", *_HOMES, *_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
