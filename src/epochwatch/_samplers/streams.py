"""The two sides of a class: what is sampled, fed and counted, each sample with its index."""

from typing import NamedTuple

import numpy as np


class Stream(NamedTuple):
    """The samples of one class side, in their original order.

    Attributes:
        images: (samples, …) in the dtype of the data.
        label: 1 for the minority, 0 for the majority.
        index: int64 (samples,), the row of each sample in the data, ascending.
    """

    images: np.ndarray
    label: int
    index: np.ndarray

    @property
    def samples(self) -> int:
        """How many samples there are (`len` of a tuple counts its fields)."""
        return len(self.index)


class Streams(NamedTuple):
    """Both class sides: a sample is in exactly one of them.

    Attributes:
        minority: the samples of the positive class.
        majority: all others.
    """

    minority: Stream
    majority: Stream
