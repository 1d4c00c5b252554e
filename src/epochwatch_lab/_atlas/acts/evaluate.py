"""Which rows `evaluate` takes, called twice with the same feed."""

from collections.abc import Iterator

from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model
from epochwatch_lab._atlas.cells import AtlasCell, seeds_of, toy_call
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS, ToyFeed

CALLS = 2
STEPS = (None, 3)


def cells(feed: ToyFeed, backend: str, act: str = "evaluate") -> Iterator[AtlasCell]:
    """Ask for all of it, and for a part."""
    if feed.batches > BATCHES:
        return
    for steps in STEPS if feed.ends else STEPS[1:]:
        for seeded in seeds_of(feed):
            yield AtlasCell(feed.kind, feed.options, toy_call(), seeded, act, {"steps": steps})


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Note the rows of each call."""
    notes = RowNotes()
    model, made = noting_model(keras, notes), feed.make()
    for _ in range(CALLS):
        notes.begin(notes.tested)
        model.evaluate(**arguments_of(made, feed, cell.how["steps"]))
    return {"tested": notes.tested}


def arguments_of(made, feed: ToyFeed, steps: int | None) -> dict:
    """List what `evaluate` or `predict` is given."""
    size = {"batch_size": ROWS} if feed.kind == "arrays" else {}
    return feed.as_data(made) | size | feed.workers_in_call | {"steps": steps, "verbose": 0}
