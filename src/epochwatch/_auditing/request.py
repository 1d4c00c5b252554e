"""What is asked of an audit: how `fit` is called, and what counts as a finding.

Of the standard library alone, so that the command line can read it before any framework is there.
"""

import dataclasses
import numbers
from collections.abc import Mapping
from typing import Any

from epochwatch._checks import whole_number
from epochwatch.errors import BadInput

BACKENDS = ("tensorflow", "jax", "torch", "tf_keras")
KINDS = ("arrays", "tf_data", "generator", "py_dataset", "torch_loader", "grain_loader")
ENDLESS = "endless"
# What is said of a feed that is not there, beside its kind.
OF_KIND = ("batches", "uncounted", "shuffles", "workers", "seeded", "keras")

# What can be wrong with a feed, the worst first.
ORDER_FINDINGS = ("restarts", "skips", "replays", "runs dry", "overruns")
LOSES = "loses"
ALIKE = "alike"
UNMEASURED = "unmeasured"
DISAGREES = "disagrees"
PASSED_OVER = "passed over"
INDEX_CONFLICT = "index conflict"
COVERAGE = "coverage"
NOT_RESUMABLE = "not resumable"
# Of several workers alone.
HANGS = "hangs"
DIES = "dies"
UNEQUAL_STEPS = "unequal steps"
DOUBLES = "doubles"
FINDINGS = (
    HANGS,
    DIES,
    UNEQUAL_STEPS,
    *ORDER_FINDINGS,
    LOSES,
    DOUBLES,
    ALIKE,
    UNMEASURED,
    DISAGREES,
    PASSED_OVER,
    INDEX_CONFLICT,
    COVERAGE,
    NOT_RESUMABLE,
)
RESHUFFLES = "reshuffles"
NEVER_TRAINED = "never trained"
RAGGED = "ragged"
FAIL_ON = (*FINDINGS, RESHUFFLES, NEVER_TRAINED, RAGGED)

# What only an audit of several workers looks for, and all that it looks for.
OF_WORKERS = (HANGS, DIES, UNEQUAL_STEPS, DOUBLES, RAGGED)
WITH_WORKERS = (*OF_WORKERS, LOSES, UNMEASURED, INDEX_CONFLICT, COVERAGE, NEVER_TRAINED)

KILLS = 50  # of a training that is to be resumed, if nothing else is asked for


@dataclasses.dataclass(frozen=True)
class FitCall:
    """How `fit` is called: from the command line to the atlas, this is what is asked.

    Attributes:
        steps_per_epoch: as of `fit`; None for one pass of the feed an epoch.
        steps_per_execution: as of `compile`.
        epochs: as of `fit`, in each call.
        fits: calls of `fit`, with the same feed object.
        batch_size: of arrays, as of `fit`; None for Keras' own.
        options: further arguments of `fit`, by name.

    Raises:
        BadInput: there is no such call.

    Example:
        >>> FitCall(epochs=0)
        Traceback (most recent call last):
        epochwatch.errors.BadInput: epochs: got 0, allowed: a whole number, 1 or more
    """

    steps_per_epoch: int | None = None
    steps_per_execution: int = 1
    epochs: int = 1
    fits: int = 1
    batch_size: int | None = None
    # Not hashed: `fit` takes arrays and callbacks.
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    def __post_init__(self):
        for name in ("epochs", "steps_per_execution", "fits"):
            whole_number(name, getattr(self, name), low=1)
        for name in ("steps_per_epoch", "batch_size"):
            if getattr(self, name) is not None:
                whole_number(name, getattr(self, name), low=1)
        whole_number("initial_epoch", self.initial_epoch, low=0)
        shuffle = self.options.get("shuffle")
        if isinstance(shuffle, str) and shuffle != "batch":
            raise BadInput(f"shuffle: got {shuffle!r}, allowed: True, False or 'batch'")
        if self.initial_epoch >= self.epochs:
            raise BadInput(
                f"initial_epoch: got {self.initial_epoch}, allowed: less than epochs, which is "
                f"{self.epochs}"
            )

    @property
    def initial_epoch(self) -> int:
        """Epochs that a fit leaves out at its beginning."""
        return self.options.get("initial_epoch", 0)

    @property
    def epochs_begun(self) -> int:
        """Epochs that a fit has, if nothing ends it early."""
        return self.epochs - self.initial_epoch

    def as_json(self) -> dict[str, Any]:
        """Return the call for JSON: options that are no plain values by their type."""
        plain = (str, int, float, bool, type(None))
        options = {
            name: value if isinstance(value, plain) else type(value).__name__
            for name, value in self.options.items()
        }
        names = ("epochs", "steps_per_epoch", "fits", "steps_per_execution")
        return {name: getattr(self, name) for name in names} | options


@dataclasses.dataclass(frozen=True)
class Gate:
    """What counts as a finding.

    Attributes:
        fail_on: names, of `FAIL_ON`.
        min_coverage: share of every stream that must have been trained; None for none.

    Raises:
        BadInput: there is no such finding, or the share is none.
    """

    fail_on: tuple[str, ...] = FINDINGS
    min_coverage: float | None = None

    def __post_init__(self):
        share = self.min_coverage
        if share is not None and not (isinstance(share, numbers.Real) and 0 <= share <= 1):
            raise BadInput(f"min_coverage: got {share!r}, allowed: a share from 0 to 1")
        if isinstance(self.fail_on, str) and self.fail_on in FAIL_ON:
            raise BadInput(
                f"fail_on: got the text {self.fail_on!r}, allowed: a tuple, ({self.fail_on!r},)"
            )
        for name in (self.fail_on,) if isinstance(self.fail_on, str) else self.fail_on:
            if name not in FAIL_ON:
                raise BadInput(f"fail_on: got {name!r}, allowed: {', '.join(FAIL_ON)}")


def kills_asked(resume: bool, kills: int | None, gate: Gate) -> int:
    """Return how often at most `fit` is to be killed and resumed; 0 where that is not asked."""
    if kills is not None:
        whole_number("kills", kills, low=1)
    if resume:
        return kills or KILLS
    if kills is not None:
        raise BadInput(f"kills: got {kills} without resume, allowed: with resume=True (--resume)")
    # Nothing is passed that was not looked at; the usual findings are those of any audit.
    if NOT_RESUMABLE in gate.fail_on and not set(FINDINGS) <= set(gate.fail_on):
        raise BadInput(
            f"fail_on: got {NOT_RESUMABLE!r} without resume, allowed: with resume=True (--resume)"
        )
    return 0


def check_looked_for(gate: Gate, with_workers: bool) -> None:
    """Refuse a finding that an audit, of several workers or not, does not look for."""
    if set(FINDINGS) <= set(gate.fail_on):
        return
    for name in gate.fail_on:
        if with_workers and name not in WITH_WORKERS:
            allowed = ", ".join(name for name in FAIL_ON if name in WITH_WORKERS)
            raise BadInput(f"fail_on: got {name!r} with workers, allowed: {allowed}")
        if not with_workers and name in OF_WORKERS:
            raise BadInput(f"fail_on: got {name!r} without workers, allowed: with --workers")


@dataclasses.dataclass(frozen=True)
class Population:
    """How many samples there are, as the user says.

    Attributes:
        whole: of all of them; None where that is not said.
        streams: of each stream, by its name.
    """

    whole: int | None = None
    streams: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @classmethod
    def from_argument(cls, population: Any) -> "Population":
        """Read what `audit` was given: a number, or numbers by the name of a stream."""
        if population is None:
            return cls()
        if not isinstance(population, Mapping):
            whole_number("population", population, low=1)
            return cls(population)
        for name, samples in population.items():
            whole_number(f"population of {name}", samples, low=1)
        return cls(None, {str(name): samples for name, samples in population.items()})
