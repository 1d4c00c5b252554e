"""`compile(steps_per_execution="auto")`: what `fit` trains, where a release takes it at all."""

from collections.abc import Iterator

from epochwatch_lab._atlas.acts.judged import judged_act
from epochwatch_lab._atlas.acts.row_notes import RowNotes, built_model, noting_class, phases
from epochwatch_lab._atlas.cells import AtlasCell, toy_call
from epochwatch_lab._atlas.toy_feeds import BATCHES, ToyFeed

EPOCHS = 3
OF_FEEDS = ("arrays(shuffle=False)", "generator(endless=True)", "tf_data(finite)")


def cells(feed: ToyFeed, backend: str) -> Iterator[AtlasCell]:
    """Ask for a part of a pass: whether an epoch gets more than its steps is what may go wrong."""
    if feed.name in OF_FEEDS:
        call = toy_call(BATCHES // 2, epochs=EPOCHS)
        yield AtlasCell(feed.kind, feed.options, call, act="auto_execution")


def observe(cell: AtlasCell, feed: ToyFeed, keras) -> dict:
    """Note the rows in a function that is traced: eagerly, every execution is one step."""
    notes = RowNotes()

    def note(index):
        """Note a batch by an op that TensorFlow runs in each step."""
        import tensorflow as tf

        tf.py_function(notes.add, [index], [])

    model = built_model(
        keras, noting_class(keras, note), steps_per_execution="auto", jit_compile=False
    )
    model.fit(
        **feed.as_data(feed.make()) | feed.fit_options,
        steps_per_epoch=cell.call.steps_per_epoch,
        epochs=EPOCHS,
        callbacks=[phases(keras, notes)],
        verbose=0,
    )
    return judged_act(cell, feed, [notes.trained], keras)
