"""Any tf_keras.utils.Sequence with indices: the PyDataset of Keras 2."""

from collections.abc import Callable

import tf_keras

from epochwatch.feeds.items import index_of_items, indexed_item


class IndexedItems(tf_keras.utils.Sequence):
    """Another Sequence's items, with the indices of their samples in their targets."""

    def __init__(self, feed: tf_keras.utils.Sequence, index: Callable):
        self.feed = feed
        self.index = index

    def __len__(self) -> int:
        return len(self.feed)

    def __getitem__(self, place: int) -> tuple:
        return indexed_item(self.feed[place], place, self.index)

    def on_epoch_end(self) -> None:
        """Let the other end its epoch."""
        self.feed.on_epoch_end()


def indexed(feed: tf_keras.utils.Sequence, index: Callable | None = None) -> IndexedItems:
    """Number the samples of a Sequence.

    Args:
        feed: its items are `(x, y[, sample_weight])`.
        index: from an item's number to the indices of its samples; None counts through.

    Returns:
        A Sequence of `(x, targets[, sample_weight])`, the index in the targets.

    Raises:
        BadInput: its items cannot have indices.
    """
    return IndexedItems(feed, index_of_items(feed, tf_keras.utils.Sequence, index))
