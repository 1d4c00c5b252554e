"""The samples that a run could have trained on: its streams, their labels and images."""

from typing import NamedTuple

import numpy as np

from epochwatch._exposures.log import ExposureLog
from epochwatch_lab.datasets import load_mnist, one_vs_rest

OTHER = "in no stream"


class Samples(NamedTuple):
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

    streams: dict[str, Samples]
    label_names: list[str]
    complete: bool

    @classmethod
    def from_log(cls, parameters: dict, log: ExposureLog) -> "Population":
        """Find the samples of a run: one with `positive_digit` is of MNIST.

        Of a log alone, what was trained is one stream.
        """
        trained = log.counts().index
        if "positive_digit" not in parameters:
            return cls({"trained samples": Samples(trained)}, [], complete=False)
        population = cls(_mnist(parameters["positive_digit"]), [str(d) for d in range(10)], True)
        known = np.concatenate([samples.index for samples in population.streams.values()])
        if len(foreign := np.setdiff1d(trained, known)):
            population.streams[OTHER] = Samples(foreign)
        return population


def _mnist(positive_digit: int) -> dict[str, Samples]:
    images, labels = load_mnist().train
    streams = one_vs_rest(images, labels, positive=positive_digit)._asdict()
    return {
        name: Samples(stream.index, labels[stream.index], stream.images)
        for name, stream in streams.items()
    }
