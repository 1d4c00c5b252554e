"""What Keras does with a batch between the feed and the training step."""

from collections.abc import Callable
from typing import Any

import numpy as np

from epochwatch._watching.fingerprint import as_float32, is_ragged
from epochwatch.feeds._structures import map_leaves


def delivery(kind: str, backend: str) -> Callable[[Any], Any]:
    """Make a function from a batch as a feed delivers it to what the step receives.

    Args:
        kind: of the feed, one of `feeds.NAMES`.
        backend: what `fit` runs on, "tf_keras" for Keras 2.
    """
    # Keras 3 casts arrays only, Keras 2 all but tf.data.
    casts = kind == "arrays" or (backend == "tf_keras" and kind != "tf_data")
    fills_up = backend in ("jax", "torch")

    def delivered(leaf: Any) -> Any:
        if fills_up and is_ragged(leaf):
            return leaf.to_tensor()
        if casts and isinstance(leaf, np.ndarray) and leaf.dtype == np.float64:
            return as_float32(leaf)
        return leaf

    return lambda batch: map_leaves(delivered, batch)
