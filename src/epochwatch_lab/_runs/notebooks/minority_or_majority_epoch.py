"""Notebook 02: what it may be given."""

import reprlib
from typing import ClassVar

from pydantic import Field, field_validator

from epochwatch_lab._runs.notebooks.mnist import Digit, OnMnist
from epochwatch_lab._runs.parameters import Parameters, RunName

LARGEST_RATIO = 50_000
MOST_RATIOS = 12
RATIOS = (
    f"one to {MOST_RATIOS} whole numbers from 2 to {LARGEST_RATIO:,} without repeats, with commas "
    "between them, such as 5,50,500"
)


class MinorityOrMajorityEpoch(OnMnist, Parameters):
    """Parameters of `02_minority_or_majority_epoch`."""

    notebook: ClassVar[str] = "02_minority_or_majority_epoch"

    positive_digit: Digit = 1
    samples: int = Field(
        60_000, ge=200, le=60_000, description="training samples, from the beginning of MNIST"
    )
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples per batch, half of each class"
    )
    majority_epochs: int = Field(2, ge=1, le=100, description="passes over the majority to train")
    decay: float = Field(
        0.9, ge=0.01, le=0.99, description="factor on the learning rate after each epoch"
    )
    patience: int = Field(
        2, ge=1, le=1_000, description="epochs without improvement that callbacks wait for"
    )
    validations: int = Field(
        10, ge=1, le=1_000, description="validations in one pass over the majority"
    )
    ratios: str = Field(
        "5,10,50,100,500,1000,5000",
        description="imbalances to compare",
        json_schema_extra={"allowed": RATIOS},
    )
    simulations: int = Field(
        100, ge=10, le=10_000, description="simulated runs of each way of random drawing"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of the weights and all random draws")
    run_name: RunName = "interactive"

    @field_validator("ratios")
    @classmethod
    def _are_ratios(cls, text: str) -> str:
        words = [word.strip() for word in text.split(",")]
        numbers = [int(w) if w.isascii() and w.isdigit() and len(w) < 9 else 0 for w in words]
        repeated = len(set(numbers)) < len(numbers)
        if (
            repeated
            or len(numbers) > MOST_RATIOS
            or not 2 <= min(numbers) <= max(numbers) <= LARGEST_RATIO
        ):
            raise ValueError(f"got {reprlib.repr(text)}, allowed: {RATIOS}")
        return text

    @property
    def each_ratio(self) -> list[int]:
        """The ratios as numbers, ascending."""
        return sorted(map(int, self.ratios.split(",")))
