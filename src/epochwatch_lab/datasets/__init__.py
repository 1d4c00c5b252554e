"""Samples, each with its index."""

from epochwatch._samplers.streams import Stream, Streams
from epochwatch_lab.datasets._data_set import DataSet
from epochwatch_lab.datasets._imbalance import at_ratio, one_vs_rest
from epochwatch_lab.datasets._look_up import BatchSamples, look_up
from epochwatch_lab.datasets._mnist import MNIST, Mnist, Split, load_mnist
from epochwatch_lab.datasets._tfds.streams import from_tfds, tfds_id_of

__all__ = [
    "MNIST",
    "BatchSamples",
    "DataSet",
    "Mnist",
    "Split",
    "Stream",
    "Streams",
    "at_ratio",
    "from_tfds",
    "load_mnist",
    "look_up",
    "one_vs_rest",
    "tfds_id_of",
]
