"""The parameters of each notebook: one model for the notebook and the command line."""

import difflib
import re
import reprlib
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from epochwatch.errors import BadInput

LARGEST_EXECUTION = 125
RUN_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
# What is given is written down in plain text: run.json, the notebook, perhaps a post.
SECRET = re.compile(
    r"passw|passphrase|secret|token|credential|api_?key|private_?key", re.IGNORECASE
)


class Parameters(BaseModel):
    """What all notebooks share.

    Attributes:
        notebook: name of the notebook, and of the folder of its runs.
        promised: what a run must leave in its folder to be finished.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    notebook: ClassVar[str]
    promised: ClassVar[tuple[str, ...]] = ("findings.json", "exposures/manifest.json", "figures")

    @classmethod
    def from_names(cls, names: Mapping[str, object]):
        """Check the `globals()` of a notebook's `parameters` cell; None stands for the default.

        Raises:
            BadInput: a value is not allowed.
        """
        given = {name: names[name] for name in cls.model_fields if names.get(name) is not None}
        return cls.checked(given)

    @classmethod
    def from_text(cls, texts: Mapping[str, str]):
        """Check values given as text, on a command line.

        Raises:
            BadInput: a name is unknown, or a value is not allowed.
        """
        return cls.checked(texts, as_text=True)

    @classmethod
    def checked(cls, values: Mapping[str, object], *, as_text: bool = False):
        """Check values, and turn what pydantic says into one line.

        Raises:
            BadInput: a name is unknown, or a value is not allowed.
        """
        try:
            return cls.model_validate_strings(values) if as_text else cls.model_validate(values)
        except ValidationError as error:
            raise BadInput(_one_line(cls, error.errors()[0])) from None

    @classmethod
    def allowed(cls, name: str) -> str:
        """Say in words what a parameter may be.

        Returns:
            For example `an integer from 0 to 9`.
        """
        schema = cls.model_json_schema()["properties"][name]
        if "allowed" in schema:
            return schema["allowed"]
        if "enum" in schema:
            return "one of " + ", ".join(schema["enum"])
        if schema["type"] == "string" and "pattern" not in schema:
            return "a text" + " that is not empty" * ("minLength" in schema)
        if schema["type"] == "string":
            return "a name of up to 64 letters, digits, - and _ that begins with one of the former"
        if schema["type"] == "number":
            return f"a number from {schema['minimum']} to {schema['maximum']}"
        even = schema.get("multipleOf") == 2
        kind = "an even integer" if even else "an integer"
        reason = " (an odd batch cannot be balanced)" if name == "batch_size" else ""
        return f"{kind} from {schema['minimum']:,} to {schema['maximum']:,}{reason}"


def _one_line(model: type[Parameters], error: dict) -> str:
    name = error["loc"][0]
    if error["type"] == "value_error":
        return f"{name}: {error['ctx']['error']}"
    if error["type"] == "extra_forbidden":
        return unknown_parameter(name, model.model_fields)
    return f"{name}: got {reprlib.repr(error['input'])}, allowed: {model.allowed(name)}"


def unknown_parameter(name: str, known) -> str:
    """Say that there is no parameter of a name, and which was probably meant."""
    if SECRET.search(name):
        return f"{name}: looks like a secret, which a run would write down; leave it out"
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    shown = name if name.isprintable() else repr(name)
    return f"{shown}: unknown parameter, allowed: {', '.join(known)}{meant}"


def largest_divisor(number: int, at_most: int) -> int:
    """Find the largest divisor within a bound.

    Example:
        >>> largest_divisor(625, 125), largest_divisor(127, 125)
        (125, 1)
    """
    return next(d for d in range(min(number, at_most), 0, -1) if number % d == 0)


def varied(runs: Sequence[Mapping]) -> list[str]:
    """List the parameters in which runs differ; where a run is kept does not count.

    Example:
        >>> varied([{"seed": 0, "epochs": 1}, {"seed": 0, "epochs": 2}])
        ['epochs']
    """
    names = dict.fromkeys(name for values in runs for name in values if name != "run_name")
    return [n for n in names if any(values.get(n) != runs[0].get(n) for values in runs)]


Steps = Annotated[int, Field(ge=1, le=1_000_000)]
Digit = Annotated[int, Field(ge=0, le=9, description="the digit that is the rare class")]
RunName = Annotated[
    str, Field(pattern=f"^{RUN_NAME}$", description="the run's folder under outputs")
]


def _default_execution(checked: dict) -> int:
    return largest_divisor(checked.get("steps_per_epoch", 1), LARGEST_EXECUTION)


class DoesFitResume(Parameters):
    """Parameters of `01_does_fit_resume`."""

    notebook: ClassVar[str] = "01_does_fit_resume"

    positive_digit: Digit = 1
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples a batch, half of either class"
    )
    steps_per_epoch: Steps = Field(625, description="steps after which fit calls it an epoch")
    epochs: int = Field(10, ge=1, le=10_000, description="epochs to train")
    feed: Literal["tf_data", "generator", "py_dataset"] = Field(
        "tf_data", description="how fit is fed"
    )
    steps_per_execution: Steps = Field(
        default_factory=_default_execution,
        description="steps a call of the training function; must divide steps_per_epoch",
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="of the weights and their training")
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


LARGEST_RATIO = 50_000
MOST_RATIOS = 12
RATIOS = (
    f"one to {MOST_RATIOS} whole numbers from 2 to {LARGEST_RATIO:,} without repeats, with commas "
    "between them, such as 5,50,500"
)


class MinorityOrMajorityEpoch(Parameters):
    """Parameters of `02_minority_or_majority_epoch`."""

    notebook: ClassVar[str] = "02_minority_or_majority_epoch"

    positive_digit: Digit = 1
    samples: int = Field(
        60_000, ge=200, le=60_000, description="training samples, the first so many of MNIST"
    )
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples a batch, half of either class"
    )
    majority_epochs: int = Field(
        2, ge=1, le=100, description="times that the training goes through the majority"
    )
    decay: float = Field(
        0.9, ge=0.01, le=0.99, description="factor of the learning rate after each epoch"
    )
    patience: int = Field(
        2, ge=1, le=1_000, description="epochs without improvement that callbacks wait for"
    )
    validations: int = Field(
        10, ge=1, le=1_000, description="validations wanted while the majority is gone through once"
    )
    ratios: str = Field(
        "5,10,50,100,500,1000,5000",
        description="imbalances to compare",
        json_schema_extra={"allowed": RATIOS},
    )
    simulations: int = Field(
        100, ge=10, le=10_000, description="simulated runs of either way of drawing at random"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="of the weights and of all that is drawn")
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


class WaysToFeedFit(Parameters):
    """Parameters of `03_ways_to_feed_fit`."""

    notebook: ClassVar[str] = "03_ways_to_feed_fit"
    promised: ClassVar[tuple[str, ...]] = ("findings.json", "figures")

    backend: Literal["tensorflow", "jax", "torch", "tf_keras"] = Field(
        "tensorflow", description="whose fit is run"
    )
    steps_per_epoch: int = Field(3, ge=1, le=30, description="of fit on a feed of ten batches")
    steps_per_execution: int = Field(
        1, ge=1, le=30, description="steps a call of the training function, on the ten batches"
    )
    epochs: int = Field(5, ge=1, le=10, description="epochs of the one fit")
    fits: int = Field(2, ge=2, le=4, description="calls of fit, where it is called again")
    epochs_each: int = Field(3, ge=1, le=10, description="epochs of each of them")
    positive_digit: Digit = 1
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples a batch of MNIST, half of each class"
    )
    mnist_steps: Steps = Field(625, description="steps_per_epoch on MNIST")
    run_name: RunName = "interactive"

    @field_validator("steps_per_execution")
    @classmethod
    def _is_there_on_the_backend(cls, steps: int, checked: ValidationInfo) -> int:
        if steps > 1 and checked.data.get("backend") == "torch":
            raise ValueError(f"got {steps}, allowed on torch: 1; Keras makes single steps there")
        return steps


class WhatTheModelNeverSaw(Parameters):
    """Parameters of `04_what_the_model_never_saw`."""

    notebook: ClassVar[str] = "04_what_the_model_never_saw"
    promised: ClassVar[tuple[str, ...]] = (
        "findings.json",
        "exposures_resume/manifest.json",
        "figures",
    )

    positive_digit: Digit = 1
    ratio: int = Field(
        1_000, ge=8, le=50_000, description="majority samples to one of the minority"
    )
    batch_size: int = Field(32, ge=2, le=1024, multiple_of=2, description="samples a batch")
    updates: Steps = Field(3_375, description="weight updates of each training")
    precision: float = Field(0.99, ge=0.5, le=1.0, description="at which recall is told")
    sweep: str = Field(
        "never_saw", pattern=f"^{RUN_NAME}$", description="runs to compare; none for this one alone"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="of the weights, samples and their order")
    run_name: RunName = "interactive"


class SatelliteScaleImbalance(Parameters):
    """Parameters of `05_satellite_scale_imbalance`."""

    notebook: ClassVar[str] = "05_satellite_scale_imbalance"

    export: str = Field("", description="folder of an export of one's own; none writes one")
    label_band: str = Field("landcover", min_length=1, description="the band that is the label")
    positive: int = Field(
        1, ge=-(10**6), le=10**6, description="value of the rare class in the label band"
    )
    patches: int = Field(48_016, ge=60, le=10_000_000, description="patches to write")
    ratio: int = Field(3_000, ge=2, le=50_000, description="patches without the rare class to one")
    bands: int = Field(12, ge=1, le=100, description="spectral bands to write")
    patch: int = Field(8, ge=8, le=1_024, description="pixels along an edge of a patch")
    kernel: int = Field(
        2, ge=0, le=256, multiple_of=2, description="pixels by which patches overlap"
    )
    files: int = Field(8, ge=2, le=1_000, description="files of the majority")
    batch_size: int = Field(
        16, ge=2, le=4096, multiple_of=2, description="samples a batch, half of either class"
    )
    epochs: int = Field(25, ge=2, le=10_000, description="minority epochs to train")
    buffer: int = Field(1_000, ge=2, le=1_000_000, description="records in a shuffle buffer")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="of the weights and of all that is drawn")
    run_name: RunName = "interactive"

    @field_validator("kernel")
    @classmethod
    def _is_a_margin(cls, kernel: int, checked: ValidationInfo) -> int:
        most = checked.data.get("patch", 8) // 4
        if kernel > most:
            raise ValueError(
                f"got {kernel}, allowed: an even integer to a quarter of patch, {most}"
            )
        return kernel


class SweepSummary(Parameters):
    """Parameters of the notebook that sums up a sweep."""

    notebook: ClassVar[str] = "sweeps"
    promised: ClassVar[tuple[str, ...]] = ("findings.json", "figures")

    sweep_file: str = Field("digits.yaml", description="the sweep's file")
    run_name: str = Field(
        "interactive", pattern=f"^{RUN_NAME}$", description="the summary's folder under outputs"
    )


NOTEBOOKS: dict[str, type[Parameters]] = {
    model.notebook: model
    for model in (
        DoesFitResume,
        MinorityOrMajorityEpoch,
        WaysToFeedFit,
        WhatTheModelNeverSaw,
        SatelliteScaleImbalance,
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
