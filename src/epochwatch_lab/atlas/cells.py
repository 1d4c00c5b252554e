"""The cells of the atlas: each one way of calling `fit` on one of the toy feeds."""

import itertools
from typing import Any, NamedTuple

from epochwatch_lab.atlas.toy_feeds import BATCHES, ToyFeed, name_of

# One pass an epoch; less than a pass, dividing it; one pass; more; not dividing it.
STEPS_PER_EPOCH = (None, BATCHES // 2, BATCHES, BATCHES + BATCHES // 2, 3)
STEPS_PER_EXECUTION = (1, 3)
EPOCHS = {1: 5, 2: 3}  # of each fit, by the number of fits


class Cell(NamedTuple):
    """One way of calling `fit`.

    Attributes:
        feed: kind of the feed, one of `feeds.NAMES`.
        options: what tells it from the others of its kind.
        steps_per_epoch: as of `fit`.
        steps_per_execution: as of `compile`.
        fits: calls of `fit` with the same feed.
        validation: whether `fit` has `validation_data`.
    """

    feed: str
    options: dict[str, Any]
    steps_per_epoch: int | None
    steps_per_execution: int
    fits: int
    validation: bool

    @property
    def name(self) -> str:
        """The cell in one line, unique in its file."""
        asked = f"steps_per_epoch={self.steps_per_epoch}"
        if self.steps_per_execution > 1:
            asked += f", steps_per_execution={self.steps_per_execution}"
        asked += f", fits={self.fits}" if self.fits > 1 else ""
        asked += ", validation" if self.validation else ""
        return f"{name_of(self.feed, self.options)}: {asked}"


def cells_of(feed: ToyFeed, backend: str) -> list[Cell]:
    """List the cells of a feed on a backend: every combination that can be asked for.

    Without steps_per_epoch a feed without end would never end its first epoch; and torch has
    single steps only.
    """
    steps = STEPS_PER_EPOCH if feed.ends else STEPS_PER_EPOCH[1:]
    executions = STEPS_PER_EXECUTION[:1] if backend == "torch" else STEPS_PER_EXECUTION
    asked = itertools.product(steps, executions, EPOCHS, (False, True))
    return [Cell(feed.kind, feed.options, *cell) for cell in asked]
