"""The balanced streams as a tf.data.Dataset, chosen from in turn as in the original post."""

import tensorflow as tf

from epochwatch.datasets import Streams
from epochwatch.feeds.order import Table

BATCHES_AHEAD = 2


def balanced(streams: Streams, batch_size: int = 16) -> tf.data.Dataset:
    """Make a dataset of balanced batches without end.

    What `choose_from_datasets` chooses between are row numbers; the images are looked up
    a batch at a time, which is several times faster than slicing them one by one.

    Args:
        streams: the minority and the majority, as `one_vs_rest` gives them.
        batch_size: samples in a batch.

    Returns:
        The dataset; its elements are images and `{"label", "index"}`.
    """
    table = Table.of(streams)
    images, label, index = (tf.constant(column) for column in table[:3])

    def look_up(rows: tf.Tensor) -> tuple:
        targets = {"label": tf.gather(label, rows), "index": tf.gather(index, rows)}
        return tf.gather(images, rows), targets

    boundary = table.sizes[0]
    minority = tf.data.Dataset.range(boundary).repeat()
    majority = tf.data.Dataset.range(boundary, sum(table.sizes)).repeat()
    in_turn = tf.data.Dataset.range(2).repeat()
    rows = tf.data.Dataset.choose_from_datasets([minority, majority], in_turn)
    return rows.batch(batch_size).map(look_up).prefetch(BATCHES_AHEAD)
