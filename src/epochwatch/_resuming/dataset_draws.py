"""When an iterator of a tf.data.Dataset draws the seeds of its shuffles.

A shuffle has one source of seeds for all its iterators: each draws its own there, as it is made.
Most nodes of a pipeline make the iterators of their inputs when theirs is made; some later, and
some again. What a map draws is not among it: every iterator begins it anew.
"""

from typing import Any

# Their iterators make those of their inputs at once, and once.
_PLAIN = (
    *("AssertCardinality", "Batch", "Filter", "FlatMap", "Interleave", "Map", "Options"),
    *("Prefetch", "Range", "Shard", "Skip", "Take", "Tensor", "TensorSlice", "Unbatch", "Zip"),
)


def batches_until_drawn(dataset: Any) -> int | None:
    """Return how many batches an iterator has to give out until it has drawn all its seeds.

    Returns:
        0 or 1; None where it may draw as long as it goes on.
    """
    return None if (latest := _latest_draw(dataset, 0)) == float("inf") else int(latest)


def _latest_draw(dataset: Any, made_at: float) -> float:
    """Return at which batch the last seed is drawn; the iterator is made at `made_at`."""
    name = type(dataset).__name__
    shuffles = "ShuffleDataset" in name
    if shuffles:
        inputs_at = max(made_at, 1)  # which has its input's made when it is asked for a batch
    elif _is_plain(dataset, name):
        inputs_at = made_at
    else:
        inputs_at = float("inf")
    inputs = [_latest_draw(each, inputs_at) for each in getattr(dataset, "_inputs", list)()]
    return max([made_at if shuffles else 0, *inputs])


def _is_plain(dataset: Any, name: str) -> bool:
    captured = [
        tensor
        for wrapped in getattr(dataset, "_functions", list)()
        for tensor in wrapped.function.captured_inputs
    ]
    # A function may iterate another dataset, as often as it is called.
    return any(f"{each}Dataset" in name for each in _PLAIN) and not any(
        tensor.dtype.name == "variant" for tensor in captured
    )
