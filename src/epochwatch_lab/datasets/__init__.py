"""Samples, each with its index."""

from epochwatch._samplers.streams import Stream, Streams
from epochwatch_lab.datasets.mnist import Mnist, Split, load_mnist
from epochwatch_lab.datasets.one_vs_rest import one_vs_rest
from epochwatch_lab.datasets.tfds import from_tfds, tfds_id_of

__all__ = [
    "Mnist",
    "Split",
    "Stream",
    "Streams",
    "from_tfds",
    "load_mnist",
    "one_vs_rest",
    "tfds_id_of",
]
