"""The balanced streams as a torch DataLoader.

It has no length: its dataset answers for any place, and its sampler counts without end.
"""

import itertools
from collections.abc import Iterator

from torch.utils.data import DataLoader, Dataset, Sampler

from epochwatch.datasets import Streams
from epochwatch.feeds.order import Table


class BalancedBatches(Dataset):
    """Item i is batch i of the balanced feed, for any i."""

    def __init__(self, table: Table, batch_size: int):
        self.table = table
        self.batch_size = batch_size

    def __getitem__(self, place: int) -> tuple:
        return self.table.batch(place, self.batch_size)


class Places(Sampler):
    """0, 1, 2, … without end, from 0 in every pass."""

    def __iter__(self) -> Iterator[int]:
        return itertools.count()


def balanced(streams: Streams, batch_size: int = 16) -> DataLoader:
    """Make a loader of balanced batches without end: tensors of images, `{"label", "index"}`."""
    batches = BalancedBatches(Table.of(streams), batch_size)
    return DataLoader(batches, sampler=Places(), batch_size=None)
