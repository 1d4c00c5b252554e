"""The balanced streams as a Python generator."""

import itertools
from collections.abc import Iterator

from epochwatch._samplers.streams import Streams
from epochwatch.feeds._order import Table


def balanced(streams: Streams, batch_size: int = 16) -> Iterator[tuple]:
    """Yield balanced batches without end: images and `{"label", "index"}`."""
    table = Table.of(streams)
    return (table.batch(place, batch_size) for place in itertools.count())
