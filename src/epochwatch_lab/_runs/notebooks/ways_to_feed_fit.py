"""Notebook 03: what it may be given."""

from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from epochwatch_lab._runs.notebooks.mnist import Digit, OnMnist
from epochwatch_lab._runs.parameters import Parameters, RunName, Steps


class WaysToFeedFit(OnMnist, Parameters):
    """Parameters of `03_ways_to_feed_fit`."""

    notebook: ClassVar[str] = "03_ways_to_feed_fit"
    promised: ClassVar[tuple[str, ...]] = ("findings.json", "figures")

    backend: Literal["tensorflow", "jax", "torch", "tf_keras"] = Field(
        "tensorflow", description="backend whose fit is run"
    )
    steps_per_epoch: int = Field(3, ge=1, le=30, description="steps per epoch, on ten batches")
    steps_per_execution: int = Field(
        1, ge=1, le=30, description="steps per call of the training function, on ten batches"
    )
    epochs: int = Field(5, ge=1, le=10, description="epochs, where fit is called once")
    fits: int = Field(2, ge=2, le=4, description="calls of fit, where it is called more than once")
    epochs_each: int = Field(3, ge=1, le=10, description="epochs of each of these calls")
    positive_digit: Digit = 1
    batch_size: int = Field(
        16,
        ge=2,
        le=4096,
        multiple_of=2,
        description="samples per batch on MNIST, half of each class",
    )
    mnist_steps: Steps = Field(625, description="steps per epoch on MNIST")
    run_name: RunName = "interactive"

    @field_validator("steps_per_execution")
    @classmethod
    def _is_there_on_the_backend(cls, steps: int, checked: ValidationInfo) -> int:
        if steps > 1 and checked.data.get("backend") == "torch":
            raise ValueError(f"got {steps}, allowed on torch: 1; Keras runs single steps there")
        return steps
