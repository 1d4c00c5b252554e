"""Which rows `predict` takes, called twice with the same feed, in the order of what it returns."""

from collections.abc import Iterator

import numpy as np

from epochwatch_lab._atlas.acts import evaluate
from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.toy_feeds import ROWS, ToyFeed


def cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Ask for all of it, and for a part."""
    return evaluate.cells(feed, backend, "predict")


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Read the rows from the predictions: the model returns what it is given."""
    model, made = noting_model(keras, RowNotes()), feed.make()
    predicted = []
    for _ in range(evaluate.CALLS):
        given = evaluate.arguments_of(made, feed, cell.how["steps"])
        given.pop("y", None)
        returned = np.asarray(model.predict(**given)).ravel().astype(int)
        predicted.append([part.tolist() for part in np.split(returned, returned.size // ROWS)])
    return {"predicted": predicted}
