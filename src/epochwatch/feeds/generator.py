"""The balanced streams as a Python generator."""

import itertools
from collections.abc import Iterator

from epochwatch.datasets import Streams
from epochwatch.feeds.order import Table


def balanced(streams: Streams, batch_size: int = 16) -> Iterator[tuple]:
    """Yield balanced batches without end.

    Args:
        streams: the minority and the majority, as `one_vs_rest` gives them.
        batch_size: samples in a batch.

    Yields:
        Images and `{"label", "index"}`, one batch at a time.
    """
    table = Table.of(streams)
    return (table.batch(place, batch_size) for place in itertools.count())
