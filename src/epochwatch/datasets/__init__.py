"""Samples, each with its index."""

from epochwatch.datasets.mnist import Mnist, Split, load_mnist
from epochwatch.datasets.one_vs_rest import Stream, Streams, one_vs_rest
from epochwatch.datasets.tfds import from_tfds, tfds_id_of

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
