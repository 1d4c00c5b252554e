"""Notebook 03b: what it may be given."""

from typing import ClassVar, Literal

from pydantic import Field

from epochwatch_lab._runs.parameters import Parameters, RunName
from epochwatch_lab.datasets import MNIST, DataSet


class YourShuffleMayNotShuffle(Parameters):
    """Parameters of `03b_your_shuffle_may_not_shuffle`."""

    notebook: ClassVar[str] = "03b_your_shuffle_may_not_shuffle"
    data_set: ClassVar[DataSet] = MNIST
    promised: ClassVar[tuple[str, ...]] = ("findings.json", "eight_rows/manifest.json", "figures")

    data: Literal["mnist", "spirals"] = Field("mnist", description="data set to train on")
    epochs: int = Field(10, ge=2, le=100, description="epochs of each training")
    seeded: bool = Field(True, description="whether TensorFlow's seed is set while fit trains")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of weights, rows and their order")
    run_name: RunName = "interactive"
