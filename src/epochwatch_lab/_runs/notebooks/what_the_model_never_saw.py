"""Notebook 04: what it may be given."""

from typing import ClassVar

from pydantic import Field

from epochwatch_lab._runs.notebooks.mnist import Digit, OnMnist
from epochwatch_lab._runs.parameters import RUN_NAME, Parameters, RunName, Steps


class WhatTheModelNeverSaw(OnMnist, Parameters):
    """Parameters of `04_what_the_model_never_saw`."""

    notebook: ClassVar[str] = "04_what_the_model_never_saw"
    promised: ClassVar[tuple[str, ...]] = (
        "findings.json",
        "exposures_resume/manifest.json",
        "figures",
    )

    positive_digit: Digit = 1
    ratio: int = Field(1_000, ge=8, le=50_000, description="majority samples per minority sample")
    batch_size: int = Field(32, ge=2, le=1024, multiple_of=2, description="samples per batch")
    updates: Steps = Field(3_375, description="weight updates of each training")
    precision: float = Field(
        0.99, ge=0.5, le=1.0, description="precision at which to measure recall"
    )
    sweep: str = Field(
        "never_saw",
        pattern=f"^{RUN_NAME}$",
        description="sweep to compare with; none for this run alone",
    )
    seed: int = Field(
        0, ge=0, le=2**32 - 1, description="seed of the weights, samples and their order"
    )
    run_name: RunName = "interactive"
