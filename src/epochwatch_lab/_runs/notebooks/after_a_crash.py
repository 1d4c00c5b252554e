"""Notebook 06: what it may be given."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from epochwatch_lab._runs.parameters import Parameters, RunName
from epochwatch_lab.datasets import MNIST, DataSet
from epochwatch_lab.killed_trainings import random_step


def _drawn_step(checked: dict) -> int:
    steps = checked.get("epochs", 1) * checked.get("steps_per_epoch", 2)
    return random_step(steps, checked.get("seed", 0))


class AfterACrash(Parameters):
    """Parameters of `06_after_a_crash`."""

    notebook: ClassVar[str] = "06_after_a_crash"
    data_set: ClassVar[DataSet] = MNIST
    uses_keras: ClassVar[bool] = False  # the processes that it starts do

    feed: Literal["tf_data", "generator", "py_dataset"] = Field(
        "tf_data", description="the kind of feed"
    )
    save_freq: Annotated[int, Field(ge=1, le=1_000_000)] | Literal["epoch"] = Field(
        100,
        description="when the training is saved, as BackupAndRestore takes it",
        json_schema_extra={"allowed": "epoch, or a number of steps from 1 to 1,000,000"},
    )
    epochs: int = Field(4, ge=1, le=100, description="epochs to train")
    steps_per_epoch: int = Field(208, ge=2, le=10_000, description="steps per epoch, as in fit")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of weights, Dropout and the kill")
    kill_after: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default_factory=_drawn_step, description="steps trained when the process is killed"
    )
    run_name: RunName = "interactive"

    @field_validator("kill_after")
    @classmethod
    def _kills_before_the_end(cls, step: int, checked: ValidationInfo) -> int:
        steps = checked.data.get("epochs", 1) * checked.data.get("steps_per_epoch", step + 1)
        if step >= steps:
            raise ValueError(
                f"got {step:,}, allowed: an integer from 1 to {steps - 1:,}, because the training "
                f"ends after {steps:,} steps"
            )
        return step
