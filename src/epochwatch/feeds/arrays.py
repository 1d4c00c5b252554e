"""The balanced streams as arrays, which end where the others go on."""

import math

import numpy as np

from epochwatch._samplers.streams import Streams
from epochwatch.feeds._balanced_table import STREAM_COUNT, BalancedTable


def balanced(streams: Streams, batch_size: int = 16) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Lay out the balanced batches of one majority epoch, for `fit(…, shuffle=False)`.

    Images and `{"label", "index"}`, as many whole batches as it takes to go once through the
    majority; `fit` must be given the same `batch_size`. Each image stands there as often as it
    is delivered.
    """
    batches = math.ceil(STREAM_COUNT * streams.majority.samples / batch_size)
    return BalancedTable.from_streams(streams).batch(0, batches * batch_size)
