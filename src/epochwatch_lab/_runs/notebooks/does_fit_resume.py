"""Notebook 01: what it may be given."""

from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from epochwatch_lab._runs.notebooks.mnist import Digit, OnMnist
from epochwatch_lab._runs.parameters import Parameters, RunName, Steps, largest_divisor

LARGEST_EXECUTION = 125


def _default_execution(checked: dict) -> int:
    return largest_divisor(checked.get("steps_per_epoch", 1), LARGEST_EXECUTION)


class DoesFitResume(OnMnist, Parameters):
    """Parameters of `01_does_fit_resume`."""

    notebook: ClassVar[str] = "01_does_fit_resume"

    positive_digit: Digit = 1
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples per batch, half of each class"
    )
    steps_per_epoch: Steps = Field(625, description="steps per epoch, as in fit")
    epochs: int = Field(10, ge=1, le=10_000, description="epochs to train")
    feed: Literal["tf_data", "generator", "py_dataset"] = Field(
        "tf_data", description="the kind of feed"
    )
    steps_per_execution: Steps = Field(
        default_factory=_default_execution,
        description="steps per call of the training function; must divide steps_per_epoch",
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of the weights and the training")
    run_name: RunName = "interactive"

    @field_validator("steps_per_execution")
    @classmethod
    def _divides_the_epoch(cls, steps: int, checked: ValidationInfo) -> int:
        epoch = checked.data.get("steps_per_epoch", steps)
        if epoch % steps:
            raise ValueError(
                f"got {steps:,}, allowed: a divisor of steps_per_epoch ({epoch:,}), "
                "or every epoch would overrun"
            )
        return steps
