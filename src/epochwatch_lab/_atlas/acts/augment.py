"""Random ops in the `map` of a tf.data.Dataset: whether each epoch draws anew."""

from collections.abc import Callable, Iterator

import numpy as np

from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model, phases
from epochwatch_lab._atlas.cells import GLOBAL, AtlasCell, toy_call
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS, SEED, ToyFeed

LARGEST = 1_000_000  # of what is drawn: twice the same by chance is rare among so few
EPOCHS, FITS = 3, 2
OF_FEED = "finite"


def drawn_by_op(seed: int | None) -> Callable:
    """Draw with `tf.random.uniform`."""
    import tensorflow as tf

    return lambda place: tf.random.uniform([], 0, LARGEST, tf.int64, seed=seed)


def drawn_by_generator(seed: int | None) -> Callable:
    """Draw with a generator that keeps its state outside the pipeline."""
    import tensorflow as tf

    made = tf.random.Generator.from_seed(SEED if seed is None else seed)
    return lambda place: made.uniform([], 0, LARGEST, tf.int64)


WAYS = {
    "tf.random.uniform": (drawn_by_op, None),
    "tf.random.uniform(seed=1)": (drawn_by_op, SEED),
    "tf.random.Generator": (drawn_by_generator, SEED),
}


def cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Ask for each way to draw, with a global seed and without, before `repeat` and after."""
    if feed.options.get("pipeline") != OF_FEED:
        return
    for op in WAYS:
        for steps in (None, BATCHES // 2):
            for seeded in (None, GLOBAL):
                call = toy_call(steps, fits=FITS, epochs=EPOCHS)
                yield AtlasCell(feed.kind, feed.options, call, seeded, "augment", {"op": op})


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Note what is drawn for each row, in two fits of the same feed."""
    import tensorflow as tf

    notes = RowNotes()
    model = noting_model(keras, notes)
    make, seed = WAYS[cell.how["op"]]
    draw = make(seed)

    def augmented(place):
        return tf.zeros([1]), {"index": draw(place)}

    data = tf.data.Dataset.range(BATCHES * ROWS).map(augmented).batch(ROWS)
    steps = cell.call.steps_per_epoch
    for _ in range(FITS):
        model.fit(
            data,
            steps_per_epoch=steps,
            epochs=EPOCHS,
            callbacks=[phases(keras, notes)],
            verbose=0,
        )
    return {"drawn": numbered(notes.trained)}


def numbered(epochs: list) -> list:
    """Number what was drawn in the order it first came: what counts is whether it came again."""
    flat = np.array([number for epoch in epochs for batch in epoch for number in batch])
    _, first, which = np.unique(flat, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[which].tolist()
    return [[[rank.pop(0) for _ in batch] for batch in epoch] for epoch in epochs]
