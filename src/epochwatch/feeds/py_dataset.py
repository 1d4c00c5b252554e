"""The balanced streams as a keras.utils.PyDataset, which used to be called Sequence.

It has no length: Keras shuffles the batches of a PyDataset that has one (`fit` defaults
to `shuffle=True`), and asks an endless one for items 0, 1, 2, … in turn.
"""

import keras

from epochwatch.datasets import Streams
from epochwatch.feeds.order import Table


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
    """Make a PyDataset of balanced batches without end.

    Args:
        streams: the minority and the majority, as `one_vs_rest` gives them.
        batch_size: samples in a batch.

    Returns:
        The PyDataset; its items are images and `{"label", "index"}`.
    """
    return BalancedBatches(Table.of(streams), batch_size)
