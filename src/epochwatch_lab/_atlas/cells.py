"""The cells of the atlas: each one way of calling `fit` on one of the toy feeds."""

import itertools
from typing import Any, NamedTuple

from epochwatch._auditing.request import FitCall
from epochwatch_lab._atlas.toy_feeds import BATCHES, ToyFeed, held_out, name_of

# One pass an epoch; less than a pass, dividing it; one pass; more; not dividing it.
STEPS_PER_EPOCH = (None, BATCHES // 2, BATCHES, BATCHES + BATCHES // 2, 3)
STEPS_PER_EXECUTION = (1, 3)
EPOCHS = {1: 5, 2: 3}  # of each fit, by the number of fits
VALIDATION = "validation_data"


def toy_call(
    steps_per_epoch: int | None = None,
    steps_per_execution: int = 1,
    fits: int = 1,
    validation: bool = False,
    epochs: int | None = None,
) -> FitCall:
    """Make a call of `fit` on a toy feed, as a file of the atlas names it.

    Args:
        steps_per_epoch: as of `fit`.
        steps_per_execution: as of `compile`.
        fits: calls of `fit` with the same feed.
        validation: whether `fit` has `validation_data`.
        epochs: of each fit; None for those of the atlas.

    Returns:
        The call; equal arguments make equal calls.
    """
    return FitCall(
        steps_per_epoch,
        steps_per_execution,
        EPOCHS[fits] if epochs is None else epochs,
        fits,
        options={VALIDATION: held_out()} if validation else {},
    )


def call_as_json(call: FitCall) -> dict[str, Any]:
    """Name what tells the calls of the atlas apart, as in its files: arguments of `toy_call`."""
    return {
        "steps_per_epoch": call.steps_per_epoch,
        "steps_per_execution": call.steps_per_execution,
        "fits": call.fits,
        "validation": VALIDATION in call.options,
    }


class AtlasCell(NamedTuple):
    """One way of calling `fit` on one toy feed.

    Attributes:
        feed: kind of the feed, one of `feeds.NAMES`.
        options: what tells it from the others of its kind.
        call: how `fit` is called.
    """

    feed: str
    options: dict[str, Any]
    call: FitCall

    @classmethod
    def from_json(cls, cell: dict[str, Any]) -> "AtlasCell":
        """Read which cell it is that something was observed of.

        Args:
            cell: as in a file of the atlas; `epochs` may be given besides.
        """
        call = toy_call(
            cell["steps_per_epoch"],
            cell["steps_per_execution"],
            cell["fits"],
            cell["validation"],
            cell.get("epochs"),
        )
        return cls(cell["feed"], cell["options"], call)

    def as_json(self) -> dict[str, Any]:
        """Return how a cell begins in a file of the atlas."""
        return {"feed": self.feed, "options": self.options} | call_as_json(self.call)

    @property
    def feed_name(self) -> str:
        """The feed with its options, as in a line of code."""
        return name_of(self.feed, self.options)

    @property
    def name(self) -> str:
        """The cell in one line, unique in its file."""
        call = self.call
        parts = [f"{self.feed_name}: steps_per_epoch={call.steps_per_epoch}"]
        if call.steps_per_execution > 1:
            parts.append(f"steps_per_execution={call.steps_per_execution}")
        if call.fits > 1:
            parts.append(f"fits={call.fits}")
        if VALIDATION in call.options:
            parts.append("validation")
        return ", ".join(parts)


def cells_of(feed: ToyFeed, backend: str) -> list[AtlasCell]:
    """List the cells of a feed on a backend: every combination that can be asked for.

    Without steps_per_epoch a feed without end would never end its first epoch; and torch has
    single steps only.
    """
    steps = STEPS_PER_EPOCH if feed.ends else STEPS_PER_EPOCH[1:]
    executions = STEPS_PER_EXECUTION[:1] if backend == "torch" else STEPS_PER_EXECUTION
    combinations = itertools.product(steps, executions, EPOCHS, (False, True))
    return [AtlasCell(feed.kind, feed.options, toy_call(*each)) for each in combinations]
