"""What Keras does with a batch between the feed and the training step."""

import sys
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from epochwatch._watching import targets
from epochwatch._watching.fingerprint import as_float32, is_ragged
from epochwatch.feeds._structures import INDEX, map_leaves

WIDE_INTEGERS = ("int64", "uint64")


def delivery(kind: str, backend: str, on_device: bool) -> Callable[[Any], Any]:
    """Make a function from a batch as a feed delivers it to what the step receives.

    Args:
        kind: of the feed, one of `feeds.NAMES`.
        backend: what `fit` runs on, "tf_keras" for Keras 2.
        on_device: whether JAX has the batch on its device before the step: with 32 bits then.
    """
    # Keras 3 casts arrays only, Keras 2 all but tf.data.
    casts = kind == "arrays" or (backend == "tf_keras" and kind != "tf_data")
    fills_up = backend in ("jax", "torch")
    cut = (*WIDE_INTEGERS, "float64") if on_device else WIDE_INTEGERS

    def delivered(leaf: Any) -> Any:
        if fills_up and is_ragged(leaf):
            return leaf.to_tensor()
        if casts and isinstance(leaf, np.ndarray) and leaf.dtype == np.float64:
            return as_float32(leaf)
        return in_32_bits(leaf, cut) if backend == "jax" else leaf

    def deliver(batch: Any) -> Any:
        data = map_leaves(delivered, batch)
        if not targets.has_index(batch):
            return data
        x, y, *rest = data
        return x, {**y, INDEX: targets.index_target(batch)}, *rest  # which stays as it is

    return deliver


def in_32_bits(leaf: Any, cut: Collection[str] = WIDE_INTEGERS) -> Any:
    """Cut numbers down to the 32 bits that JAX keeps, unless it is told to keep 64.

    Args:
        leaf: of a batch.
        cut: dtypes of which that is done.
    """
    name = str(getattr(getattr(leaf, "dtype", None), "name", ""))
    jax = sys.modules.get("jax")
    if name not in cut or (jax is not None and jax.config.jax_enable_x64):
        return leaf
    narrow = name.replace("64", "32")
    if isinstance(leaf, np.ndarray):
        return as_float32(leaf) if name == "float64" else leaf.astype(narrow)
    # Of tf.data, in a graph; what is on a device of JAX has its 32 bits already.
    return sys.modules["tensorflow"].cast(leaf, narrow)
