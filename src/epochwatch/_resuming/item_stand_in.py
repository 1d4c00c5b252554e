"""Passing over items of a PyDataset without loading them."""

from epochwatch._resuming.feed_generators import generator_states
from epochwatch._resuming.random_states import drawn_from, random_states, set_random_states
from epochwatch.feeds._structures import as_numpy, leaves


class ItemStandIn:
    """Stands for a PyDataset in Keras' adapter while its first items are passed over.

    Args:
        adapter: of Keras.
        count: items that are passed over: item 0 is handed out in their places.
    """

    def __init__(self, adapter, count: int):
        self.adapter = adapter
        self.dataset = adapter.py_dataset
        self.left = count
        self.item = self.dataset[0]

    def __getattr__(self, name: str):
        return getattr(self.dataset, name)

    def __getitem__(self, number: int):
        if self.left:
            self.left -= 1
            return self.item
        self.adapter.py_dataset = self.dataset
        return self.dataset[number]


def items_can_be_left_out(adapter) -> bool:
    """Try whether an item is the same whatever was loaded before it: then none need be.

    Workers load items ahead, and an item that draws at random changes the next one.
    """
    dataset = adapter.py_dataset
    if adapter.enqueuer is not None or generator_states(dataset):
        return False
    before = random_states()
    try:
        first, again = dataset[0], dataset[0]
    finally:
        has_drawn = drawn_from(before, random_states())
        set_random_states(before)
    return not has_drawn and all(
        as_numpy(one).tobytes() == as_numpy(other).tobytes()
        for one, other in zip(leaves(first), leaves(again), strict=True)
    )
