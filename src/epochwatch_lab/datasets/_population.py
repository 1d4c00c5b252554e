"""The samples that a run could have trained on, stream by stream."""

from typing import NamedTuple

import numpy as np


class StreamSamples(NamedTuple):
    """The samples of a stream, by position.

    Attributes:
        index: int64 (samples,), ascending.
        labels: uint8 (samples,), ranks in the names of the labels; None where there are none.
        images: uint8 (samples, height, width), 255 is ink; None where there are none.
    """

    index: np.ndarray
    labels: np.ndarray | None = None
    images: np.ndarray | None = None


class Population(NamedTuple):
    """All samples of a run.

    Attributes:
        streams: by name.
        label_names: what the labels are called.
        complete: whether samples never trained are among them.
    """

    streams: dict[str, StreamSamples]
    label_names: list[str]
    complete: bool
