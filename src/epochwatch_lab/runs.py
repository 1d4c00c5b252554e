"""What a notebook takes from its run: its parameters, and where its results go.

A notebook begins with `run = Run.start(DoesFitResume, globals())` and ends with `run.finish`.
"""

from epochwatch._lazy import lazy_names

_HOMES = {
    "AfterACrash": "epochwatch_lab._runs.notebooks",
    "DoesFitResume": "epochwatch_lab._runs.notebooks",
    "ManyDevices": "epochwatch_lab._runs.notebooks",
    "MinorityOrMajorityEpoch": "epochwatch_lab._runs.notebooks",
    "Run": "epochwatch_lab._runs.run",
    "SatelliteScaleImbalance": "epochwatch_lab._runs.notebooks",
    "SweepSummary": "epochwatch_lab._runs.notebooks.sweep_summary",
    "WaysToFeedFit": "epochwatch_lab._runs.notebooks",
    "WhatTheModelNeverSaw": "epochwatch_lab._runs.notebooks",
    "YourShuffleMayNotShuffle": "epochwatch_lab._runs.notebooks",
    "carried": "epochwatch_lab._runs.project",
    "largest_divisor": "epochwatch_lab._runs.parameters",
    "read_sweep": "epochwatch_lab._runs.sweep",
}
_MODULES = {"sweep_summary": "epochwatch_lab._runs.notebooks.sweep_summary"}

__all__ = [*_HOMES, *_MODULES]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, _MODULES)
