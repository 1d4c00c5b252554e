"""Figures: data and Axes in, Axes out. They draw and never compute.

Each module has `draw`, and `describe`, which says in words what the picture shows: its
alternative text.
"""

import importlib

from epochwatch._extras import missing_extras_named

_OWN = (
    "batch",
    "blocks",
    "collecting",
    "differences",
    "feed_order",
    "gallery",
    "order",
    "outcomes",
    "quality",
    "scene",
    "schedule",
    "sweep",
)
_HOMES = {name: f"{__name__}.{name}" for name in _OWN} | {
    "audit": "epochwatch._report.figure",
    "coverage": "epochwatch._report.coverage",
    "exposures": "epochwatch._report.exposures",
    "style": "epochwatch._report.style",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        with missing_extras_named("figures"):
            return importlib.import_module(_HOMES[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
