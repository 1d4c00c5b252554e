"""The notebooks: what each may be given, in a module of its own."""

from epochwatch.errors import BadInput
from epochwatch_lab._runs.notebooks.after_a_crash import AfterACrash
from epochwatch_lab._runs.notebooks.does_fit_resume import DoesFitResume
from epochwatch_lab._runs.notebooks.many_devices import ManyDevices
from epochwatch_lab._runs.notebooks.minority_or_majority_epoch import MinorityOrMajorityEpoch
from epochwatch_lab._runs.notebooks.satellite_scale_imbalance import SatelliteScaleImbalance
from epochwatch_lab._runs.notebooks.ways_to_feed_fit import WaysToFeedFit
from epochwatch_lab._runs.notebooks.what_the_model_never_saw import WhatTheModelNeverSaw
from epochwatch_lab._runs.notebooks.your_shuffle_may_not_shuffle import YourShuffleMayNotShuffle
from epochwatch_lab._runs.parameters import Parameters

NOTEBOOKS: dict[str, type[Parameters]] = {
    model.notebook: model
    for model in (
        DoesFitResume,
        MinorityOrMajorityEpoch,
        WaysToFeedFit,
        YourShuffleMayNotShuffle,
        WhatTheModelNeverSaw,
        SatelliteScaleImbalance,
        AfterACrash,
        ManyDevices,
    )
}


def parameters_of(notebook: str) -> type[Parameters]:
    """Find the parameters of a notebook.

    Raises:
        BadInput: there is no such notebook.
    """
    if notebook not in NOTEBOOKS:
        raise BadInput(f"notebook: got {notebook!r}, allowed: {', '.join(NOTEBOOKS)}")
    return NOTEBOOKS[notebook]
