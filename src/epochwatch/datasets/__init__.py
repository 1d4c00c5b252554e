"""Samples, each with its index."""

from epochwatch.datasets.mnist import Mnist, Split, load_mnist
from epochwatch.datasets.one_vs_rest import Stream, Streams, one_vs_rest

__all__ = ["Mnist", "Split", "Stream", "Streams", "load_mnist", "one_vs_rest"]
