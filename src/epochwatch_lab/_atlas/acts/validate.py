"""Which rows validate, in each epoch: the feed is the `validation_data` of a `fit`."""

from collections.abc import Iterator

from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model, phases
from epochwatch_lab._atlas.cells import AtlasCell, seeds_of, toy_call
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS, ToyFeed, held_out

EPOCHS = 4
VALIDATION_STEPS = (None, 3, BATCHES + BATCHES // 2)


def cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Ask for all of it, for a part, and for more than there is."""
    if feed.batches > BATCHES:
        return
    for steps in VALIDATION_STEPS if feed.ends else VALIDATION_STEPS[1:]:
        for seeded in seeds_of(feed):
            how = {"validation_steps": steps}
            yield AtlasCell(feed.kind, feed.options, toy_call(), seeded, "validate", how)


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Train on other rows, and note those that validate."""
    notes = RowNotes()
    model = noting_model(keras, notes)
    x, y = held_out()
    # What `fit` is told of shuffling is about training.
    size = {"validation_batch_size": ROWS} if feed.kind == "arrays" else {}
    model.fit(
        x,
        y,
        batch_size=ROWS,
        epochs=EPOCHS,
        validation_data=feed.make(),
        validation_steps=cell.how["validation_steps"],
        callbacks=[phases(keras, notes)],
        verbose=0,
        **feed.workers_in_call | size,
    )
    return {"validated": notes.tested}
