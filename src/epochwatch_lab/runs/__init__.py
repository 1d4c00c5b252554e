"""Runs of the notebooks: what they are given, where they are kept, what is known of them.

A notebook begins with `run = Run.start(DoesFitResume, globals())` and ends with `run.finish`.

    parameters   what all notebooks' parameters have in common
    notebooks/   the parameters of each notebook
    project      where notebooks and outputs are, in a clone and beside an installed wheel
    environment  what a run's numbers depend on besides, and the id made from it all
    folder       the folder of a run: made aside, moved into place
    record       run.json: what "finished and whole" means
    run          a run as its notebook sees it
    execute      one run, headless
    ledger       what has been run
    sweep        many runs, written down in a file
    driver       the runs of a sweep, made
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
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
