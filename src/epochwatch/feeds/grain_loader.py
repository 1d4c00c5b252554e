"""The balanced streams as a Grain dataset, which answers for any place."""

import functools
import sys

import grain

from epochwatch._samplers.streams import Streams
from epochwatch.feeds._balanced_table import BalancedTable


def balanced(streams: Streams, batch_size: int = 16) -> grain.MapDataset:
    """Make a dataset of balanced batches, images and `{"label", "index"}`.

    It is of the length by which Grain says that there is no end.
    """
    batch = functools.partial(BalancedTable.from_streams(streams).batch, batch_size=batch_size)
    return grain.MapDataset.range(sys.maxsize).map(batch)
