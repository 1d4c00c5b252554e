"""Any tf_keras.utils.Sequence with indices: the PyDataset of Keras 2."""

from collections.abc import Callable

import tf_keras

from epochwatch.feeds import _items as items


class IndexedItems(items.IndexedItems, tf_keras.utils.Sequence):
    """Another Sequence's items, with the indices of their samples in their targets."""

    def __init__(self, feed: tf_keras.utils.Sequence, index: Callable):
        self.feed = feed
        self.index = index

    def __len__(self) -> int:
        return len(self.feed)


def indexed(feed: tf_keras.utils.Sequence, index: Callable | None = None) -> IndexedItems:
    """Number the samples of a Sequence; see `with_index`."""
    return IndexedItems(feed, items.index_of_items(feed, tf_keras.utils.Sequence, index))
