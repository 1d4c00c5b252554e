"""What a notebook takes from its run: its parameters, and where its results go.

A notebook begins with `run = Run.start(DoesFitResume, globals())` and ends with `run.finish`.
"""

import importlib

_HOMES = {
    "DoesFitResume": "notebooks",
    "MinorityOrMajorityEpoch": "notebooks",
    "Run": "run",
    "SatelliteScaleImbalance": "notebooks",
    "SweepSummary": "notebooks.sweep_summary",
    "WaysToFeedFit": "notebooks",
    "WhatTheModelNeverSaw": "notebooks",
    "carried": "project",
    "largest_divisor": "parameters",
    "read_sweep": "sweep",
}
_MODULES = {"sweep_summary": "notebooks.sweep_summary"}

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"epochwatch_lab._runs.{_MODULES[name]}")
    if name in _HOMES:
        return getattr(importlib.import_module(f"epochwatch_lab._runs.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
