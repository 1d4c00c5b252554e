"""Figures: data and Axes in, Axes out. They draw and never compute.

Each module has `draw`, `describe`, which puts what is drawn into words, and `picture`, which makes
of both a `Picture` that shows itself.
"""

import importlib

from epochwatch._extras import missing_extras_named

_OWN = (
    "after_kill",
    "batch",
    "blocks",
    "collecting",
    "coverage",
    "differences",
    "explorer",
    "exposures",
    "feed_order",
    "gallery",
    "order",
    "outcomes",
    "quality",
    "repeated_order",
    "scene",
    "schedule",
    "shares",
    "sweep",
)
_HOMES = {name: f"{__name__}.{name}" for name in _OWN} | {
    "audit": "epochwatch._report.figure",
    "style": "epochwatch._report.style",
}
_OF_PICTURE = ("Picture", "is_narrow")
__all__ = sorted([*_HOMES, *_OF_PICTURE])


def __getattr__(name: str):
    if name in (*_HOMES, *_OF_PICTURE):
        with missing_extras_named("figures"):
            if name in _OF_PICTURE:
                return getattr(importlib.import_module(f"{__name__}.picture"), name)
            return importlib.import_module(_HOMES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
