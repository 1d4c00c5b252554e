"""Notebook 07: what it may be given."""

from typing import ClassVar

from pydantic import Field, ValidationInfo, field_validator

from epochwatch_lab._runs.notebooks.mnist import Digit, OnMnist
from epochwatch_lab._runs.parameters import Parameters, RunName


class ManyDevices(OnMnist, Parameters):
    """Parameters of `07_many_devices`."""

    notebook: ClassVar[str] = "07_many_devices"
    uses_keras: ClassVar[bool] = False  # the processes that it starts do

    positive_digit: Digit = 1
    samples: int = Field(
        30_000, ge=200, le=60_000, description="training samples, from the beginning of MNIST"
    )
    batch_size: int = Field(
        120, ge=2, le=4096, multiple_of=2, description="samples per step, half on each device"
    )
    epochs: int = Field(2, ge=1, le=100, description="epochs to train")
    shuffle: bool = Field(True, description="whether the feeds shuffle their samples")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of the weights and the shuffles")
    run_name: RunName = "interactive"

    @field_validator("batch_size")
    @classmethod
    def _divides_the_samples(cls, size: int, checked: ValidationInfo) -> int:
        samples = checked.data.get("samples", size)
        if samples % size:
            raise ValueError(
                f"got {size:,}, allowed: an even divisor of samples ({samples:,}), so that each "
                "epoch ends with a full batch"
            )
        return size
