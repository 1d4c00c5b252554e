"""The balanced streams as a keras.utils.PyDataset, and any PyDataset with indices.

The balanced one has no length: Keras shuffles the batches of a PyDataset that has one
(`fit` defaults to `shuffle=True`), and asks an endless one for items 0, 1, 2, … in turn.
"""

import functools
from collections.abc import Callable
from typing import Any

import keras

from epochwatch._samplers import BalancedSampler
from epochwatch._samplers.streams import Streams
from epochwatch.feeds import _items as items
from epochwatch.feeds._lookup import Batches
from epochwatch.feeds._order import Table


class EndlessBatches(keras.utils.PyDataset):
    """Item i is the batch of place `start + i`, for any i.

    It has no length: one with as many items as an epoch has steps would have to be told when an
    epoch has ended. Keras calls `on_epoch_end` when it has looked at a feed, too.
    """

    def __init__(self, batch_at: Callable[[int], tuple], start: int = 0, **options: Any):
        super().__init__(**options)
        self.batch_at = batch_at
        self.start = start

    @property
    def num_batches(self) -> None:
        """None: there is no end."""
        return None

    def __getitem__(self, place: int) -> tuple:
        return self.batch_at(self.start + int(place))


def balanced(streams: Streams, batch_size: int = 16) -> EndlessBatches:
    """Make a PyDataset of balanced batches without end: images and `{"label", "index"}`."""
    return EndlessBatches(functools.partial(Table.of(streams).batch, batch_size=batch_size))


def sampled(sampler: BalancedSampler, samples: Any, start: int, **options: Any) -> EndlessBatches:
    """Make a PyDataset of the batches of a sampler; see `feeds.sampled`."""
    return EndlessBatches(Batches(sampler, samples).__getitem__, start, **options)


class IndexedItems(items.IndexedItems, keras.utils.PyDataset):
    """Another PyDataset's items, with the indices of their samples in their targets."""

    def __init__(self, feed: keras.utils.PyDataset, index: Callable):
        super().__init__(feed.workers, feed.use_multiprocessing, feed.max_queue_size)
        self.feed = feed
        self.index = index

    @property
    def num_batches(self) -> int | None:
        """Items of the other, None where they have no end."""
        return self.feed.num_batches

    def on_epoch_begin(self) -> None:
        """Let the other begin its epoch."""
        self.feed.on_epoch_begin()


def indexed(feed: keras.utils.PyDataset, index: Callable | None = None) -> IndexedItems:
    """Number the samples of a PyDataset; see `with_index`."""
    return IndexedItems(feed, items.index_of_items(feed, keras.utils.PyDataset, index))
