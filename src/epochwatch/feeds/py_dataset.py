"""The balanced streams as a keras.utils.PyDataset, and any PyDataset with indices.

The balanced one has no length: Keras shuffles the batches of a PyDataset that has one
(`fit` defaults to `shuffle=True`), and asks an endless one for items 0, 1, 2, … in turn.
"""

from collections.abc import Callable
from typing import Any

import keras

from epochwatch.datasets import Streams
from epochwatch.feeds import items
from epochwatch.feeds.lookup import Batches
from epochwatch.feeds.order import Table
from epochwatch.samplers import BalancedSampler


class BalancedBatches(keras.utils.PyDataset):
    """Item i is batch i of the balanced feed, for any i."""

    def __init__(self, table: Table, batch_size: int):
        super().__init__()
        self.table = table
        self.batch_size = batch_size

    @property
    def num_batches(self) -> None:
        """None: there is no end."""
        return None

    def __getitem__(self, place: int) -> tuple:
        return self.table.batch(place, self.batch_size)


def balanced(streams: Streams, batch_size: int = 16) -> BalancedBatches:
    """Make a PyDataset of balanced batches without end: images and `{"label", "index"}`."""
    return BalancedBatches(Table.of(streams), batch_size)


class SampledBatches(keras.utils.PyDataset):
    """Item i is the batch of step `start + i` of a sampler, for any i.

    It has no length either: one with as many items as an epoch has steps would have to be told
    when an epoch has ended. Keras calls `on_epoch_end` when it has looked at a feed, too.
    """

    def __init__(self, batches: Batches, start: int, **options: Any):
        super().__init__(**options)
        self.batches = batches
        self.start = start

    @property
    def num_batches(self) -> None:
        """None: there is no end."""
        return None

    def __getitem__(self, place: int) -> tuple:
        return self.batches[self.start + int(place)]


def sampled(sampler: BalancedSampler, samples: Any, start: int, **options: Any) -> SampledBatches:
    """Make a PyDataset of the batches of a sampler; see `feeds.sampled`."""
    return SampledBatches(Batches(sampler, samples), start, **options)


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
