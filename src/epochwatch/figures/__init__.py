"""Figures: data and Axes in, Axes out. They draw and never compute.

Each module has `draw`, and `describe`, which says in words what the picture shows: its
alternative text.
"""

import importlib

NAMES = (
    "audit",
    "batch",
    "blocks",
    "collecting",
    "coverage",
    "differences",
    "exposures",
    "feed_order",
    "gallery",
    "order",
    "outcomes",
    "quality",
    "scene",
    "schedule",
    "style",
    "sweep",
)


def __getattr__(name: str):
    if name in NAMES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
