"""The strategies that are compared."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from epochwatch_lab.strategies import _orders as orders

BASELINE = "resume"


class Strategy(NamedTuple):
    """What is done about a rare class.

    Attributes:
        order: called with the sizes of both streams, the samples in a batch, the steps and a
            seed; returns the rows, the minority's first: int64 (steps, batch).
        balanced: whether its batches hold as many samples of either class.
        weighted: whether samples weigh as much as it takes to balance the classes.
        focal: whether the loss is focal, of other strategies it is binary crossentropy.
    """

    order: Callable[[tuple[int, int], int, int, int], np.ndarray]
    balanced: bool = False
    weighted: bool = False
    focal: bool = False

    def trained_share(self, sizes: tuple[int, int]) -> float:
        """How common the minority is in what the loss is a mean of, from 0 to 1.

        Args:
            sizes: samples of the minority and of the majority.
        """
        return 0.5 if self.balanced or self.weighted else sizes[0] / sum(sizes)

    def class_weight(self, sizes: tuple[int, int]) -> dict[int, float] | None:
        """What `fit` takes as `class_weight`, so that both classes weigh the same in sum.

        Args:
            sizes: samples of the minority and of the majority.

        Returns:
            By class number; None for a strategy that does not weigh.

        Example:
            >>> STRATEGIES["class weights"].class_weight((10, 90))
            {0: 0.5555555555555556, 1: 5.0}
        """
        if not self.weighted:
            return None
        minority, majority = sizes
        return {0: sum(sizes) / (2 * majority), 1: sum(sizes) / (2 * minority)}


STRATEGIES = {
    BASELINE: Strategy(orders.resumed_order, balanced=True),
    "restart": Strategy(orders.restarted_order, balanced=True),
    "restart at a tenth": Strategy(orders.tenth_restarted_order, balanced=True),
    "majority epoch": Strategy(orders.sampled_order, balanced=True),
    "with replacement": Strategy(orders.drawn_order, balanced=True),
    "class weights": Strategy(orders.shuffled_order, weighted=True),
    "focal loss": Strategy(orders.shuffled_order, focal=True),
    "plain shuffling": Strategy(orders.shuffled_order),
}
