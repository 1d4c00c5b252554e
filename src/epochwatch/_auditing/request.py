"""What `fit` is asked for in an audit, and what cannot be asked for."""

import dataclasses

import numpy as np

from epochwatch._auditing.findings import FAIL_ON
from epochwatch.errors import BadInput
from epochwatch.feeds._facts import FeedFacts


@dataclasses.dataclass(frozen=True)
class Request:
    """What `fit` is asked for."""

    epochs: int = 1  # of each call
    steps_per_epoch: int | None = None  # None for one pass of the feed
    steps_per_execution: int = 1
    fits: int = 1  # calls, with the same feed object
    batch_size: int | None = None  # of arrays
    options: dict = dataclasses.field(default_factory=dict)  # further arguments of `fit`


def check(request: Request, min_coverage: float | None, fail_on) -> None:
    """Refuse what cannot be asked for."""
    for name in ("steps_per_epoch", "epochs", "steps_per_execution", "fits", "batch_size"):
        value = getattr(request, name)
        is_left_out = value is None and name in ("steps_per_epoch", "batch_size")
        if not (is_left_out or is_integer(value, least=1)):
            raise BadInput(f"{name}: got {value!r}, allowed: an integer of 1 or more")
    check_initial_epoch(request)
    is_share = isinstance(min_coverage, (int, float, np.number)) and 0 <= min_coverage <= 1
    if min_coverage is not None and not is_share:
        raise BadInput(f"min_coverage: got {min_coverage!r}, allowed: a share from 0 to 1")
    names = [fail_on] if isinstance(fail_on, str) else fail_on
    if names is not fail_on and fail_on in FAIL_ON:
        raise BadInput(f"fail_on: got the text {fail_on!r}, allowed: a tuple, ({fail_on!r},)")
    unknown = [name for name in names if name not in FAIL_ON]
    if unknown:
        raise BadInput(f"fail_on: got {unknown[0]!r}, allowed: {', '.join(FAIL_ON)}")


def is_integer(value, least: int) -> bool:
    """Say whether a value is an integer of so much or more; a truth value is none."""
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return is_whole and value >= least


def check_initial_epoch(request: Request) -> None:
    """Refuse a fit that would have no epoch."""
    first = request.options.get("initial_epoch", 0)
    if not is_integer(first, least=0):
        raise BadInput(f"initial_epoch: got {first!r}, allowed: an integer of 0 or more")
    if first >= request.epochs:
        raise BadInput(
            f"initial_epoch: got {first}, allowed: less than epochs, which is {request.epochs}"
        )


def check_executions(request: Request, facts: FeedFacts, backend: str) -> None:
    """Refuse a `steps_per_execution` that Keras does not have."""
    got = f"steps_per_execution: got {request.steps_per_execution}"
    if request.steps_per_execution > 1 and backend == "torch":
        raise BadInput(f"{got}, allowed on torch: 1; Keras makes single steps there")
    known = request.steps_per_epoch or facts.length
    if request.steps_per_execution > 1 and backend == "tf_keras" and not known:
        raise BadInput(
            f"{got} for a {facts.kind} whose length Keras 2 does not know, allowed: 1, or give "
            "steps_per_epoch"
        )


def spoken(request: Request) -> dict:
    """Write a request for JSON: options that are no plain values by their type."""
    plain = (str, int, float, bool, type(None))
    options = {
        name: value if isinstance(value, plain) else type(value).__name__
        for name, value in request.options.items()
    }
    asked = {name: getattr(request, name) for name in ("epochs", "steps_per_epoch", "fits")}
    return asked | {"steps_per_execution": request.steps_per_execution} | options
