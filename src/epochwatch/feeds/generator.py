"""The balanced streams as a Python generator."""

import itertools
from collections.abc import Iterator

from epochwatch._samplers.streams import Streams
from epochwatch.feeds._balanced_table import BalancedTable


def balanced(streams: Streams, batch_size: int = 16) -> Iterator[tuple]:
    """Yield balanced batches without end: images and `{"label", "index"}`."""
    table = BalancedTable.from_streams(streams)
    # An expression and no `yield`: the table is made here, and a bad argument is told here.
    return (table.batch(place, batch_size) for place in itertools.count())
