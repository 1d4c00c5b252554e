"""The laboratory of epochwatch: data sets, models, figures, and the runs of the notebooks.

Importing this package imports no framework: each name is loaded when it is first used.
"""

import importlib

_HOMES = {
    "load_mnist": "epochwatch_lab.datasets",
    "one_vs_rest": "epochwatch_lab.datasets",
    "small_cnn": "epochwatch_lab.models",
}
_MODULES = ("atlas", "datasets", "figures", "models", "runs", "strategies", "tables")

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
