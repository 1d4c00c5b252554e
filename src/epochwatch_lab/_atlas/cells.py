"""The cells of the atlas: each one way of giving a toy feed to Keras."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from epochwatch._auditing.request import FitCall
from epochwatch_lab._atlas.addresses import address_of
from epochwatch_lab._atlas.toy_feeds import BATCHES, WORKERS, ToyFeed, held_out, name_of

# One pass an epoch; less than a pass, dividing it; one pass; more; not dividing it.
STEPS_PER_EPOCH = (None, BATCHES // 2, BATCHES, BATCHES + BATCHES // 2, 3)
# Of feeds and calls whose other lengths tell nothing new.
FEW_STEPS = (None, BATCHES // 2, 3)
STEPS_PER_EXECUTION = (1, 3)
EPOCHS = {1: 5, 2: 3}  # of each fit, by the number of fits
VALIDATION = "validation_data"
GLOBAL = "global"  # seed: of keras.utils.set_random_seed
FIT, RESTORE = "fit", "restore"


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


def call_on_feed(call: FitCall, feed: ToyFeed) -> FitCall:
    """Add to a call what a feed of its kind needs besides, such as the batch size of arrays."""
    options = dict(feed.fit_options)
    size = options.pop("batch_size", None)
    return dataclasses.replace(call, batch_size=size, options=options | call.options)


def call_as_json(call: FitCall) -> dict[str, Any]:
    """Name what tells the calls of the atlas apart, as in its files: arguments of `toy_call`."""
    return {
        "steps_per_epoch": call.steps_per_epoch,
        "steps_per_execution": call.steps_per_execution,
        "fits": call.fits,
        "validation": VALIDATION in call.options,
    }


class AtlasCell(NamedTuple):
    """One way of giving a toy feed to Keras.

    Attributes:
        feed: kind of the feed, one of `feeds.NAMES`.
        options: what tells it from the others of its kind.
        call: how `fit` is called.
        seeded: "global" where a script first calls `keras.utils.set_random_seed`; else None.
        act: what is done with the feed: "fit", or one of `acts.ACTS`.
        how: what an act needs to be told besides, by name.
    """

    feed: str
    options: dict[str, Any]
    call: FitCall
    seeded: str | None = None
    act: str = FIT
    how: Mapping[str, Any] = {}  # not written into; a mappingproxy could not be sent to a process

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
        more = cell.get("seeded"), cell.get("act", FIT), cell.get("how", {})
        return cls(cell["feed"], cell["options"], call, *more)

    def as_json(self) -> dict[str, Any]:
        """Return how a cell begins in a file of the atlas."""
        described = {"feed": self.feed, "options": self.options} | call_as_json(self.call)
        return described | {"seeded": self.seeded, "act": self.act, "how": dict(self.how)}

    def address(self, environment: dict[str, Any]) -> str:
        """Return the cell's address in the atlas, given the environment of its file."""
        return address_of(environment, self.as_json())

    @property
    def feed_name(self) -> str:
        """The feed with its options, as in a line of code."""
        return name_of(self.feed, self.options)

    @property
    def name(self) -> str:
        """The cell in one line, unique in its file."""
        call = self.call
        subject = self.feed_name if self.act == FIT else f"{self.act} {self.feed_name}"
        parts = [f"{subject}: steps_per_epoch={call.steps_per_epoch}"]
        if call.steps_per_execution > 1:
            parts.append(f"steps_per_execution={call.steps_per_execution}")
        if call.fits > 1:
            parts.append(f"fits={call.fits}")
        if VALIDATION in call.options:
            parts.append("validation")
        if self.seeded:
            parts.append(f"seeded={self.seeded}")
        return ", ".join([*parts, *(f"{key}={value}" for key, value in self.how.items())])


# Feeds whose acts are observed in every environment; the others, where all of it is.
TELLING = (
    "arrays(shuffle=True)",
    "arrays(shuffle=False)",
    "generator(endless=True)",
    "generator(endless=False)",
    "py_dataset(workers=0)",
    "py_dataset(workers=2)",
    "py_dataset(shuffle=True)",
    "tf_data(finite)",
    "tf_data(repeat)",
    "tf_data(shuffle)",
    "torch_loader(workers=0)",
    "grain_loader",
)


def is_short(cell: AtlasCell, feed: ToyFeed) -> bool:
    """Whether a cell is among those of every environment: at most one thing is unusual."""
    if cell.act != FIT:
        return cell.feed_name in TELLING and cell.seeded is None
    unusual = (
        cell.call.steps_per_execution > 1,
        cell.call.fits > 1,
        VALIDATION in cell.call.options,
        cell.seeded is not None,
        cell.options.get("workers") == max(WORKERS),
        "use_multiprocessing" in cell.options,
        feed.few_calls,
    )
    return sum(unusual) <= 1


def cells_of(feed: ToyFeed, backend: str) -> list[AtlasCell]:
    """List the cells of a feed's `fit` on a backend: what is told apart, and can be asked for.

    Without steps_per_epoch a feed without end would never end its first epoch; and torch has
    single steps only.
    """
    return [*plain_cells(feed, backend), *seeded_cells(feed)]


def plain_cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Combine the ways of calling `fit`: all of them, or few where a feed says so."""
    if feed.few_calls:
        scale = feed.batches // BATCHES
        steps = (each and each * scale for each in steps_of(feed, FEW_STEPS))
        combinations = itertools.product(steps, (1,), EPOCHS, (False,))
    else:
        executions = STEPS_PER_EXECUTION[:1] if backend == "torch" else STEPS_PER_EXECUTION
        steps = steps_of(feed, STEPS_PER_EPOCH)
        combinations = itertools.product(steps, executions, EPOCHS, (False, True))
    for each in combinations:
        yield AtlasCell(feed.kind, feed.options, toy_call(*each))


def seeded_cells(feed: ToyFeed) -> Iterator[AtlasCell]:
    """Set the global seed before a feed that is shuffled, by itself or by `fit`."""
    if feed.is_shuffled:
        for steps, fits in itertools.product(steps_of(feed, FEW_STEPS), EPOCHS):
            yield AtlasCell(feed.kind, feed.options, toy_call(steps, fits=fits), GLOBAL)


def seeds_of(feed: ToyFeed) -> tuple[str | None, ...]:
    """List the seeds that tell something: none, and the global one of what is shuffled."""
    return (None, GLOBAL) if feed.is_shuffled else (None,)


def steps_of(feed: ToyFeed, steps: tuple) -> tuple:
    """Choose the numbers of steps that a feed can be asked for."""
    return steps if feed.ends else tuple(filter(None, steps))
