"""What of a tf.data.Dataset outlives its iterators: seeds of shuffles, and what a map changes.

A shuffle has one source of seeds for all its iterators: each draws its own there, as it is made.
Most nodes of a pipeline make the iterators of their inputs when theirs is made; some later, and
some again. What a map draws is not among it: every iterator begins it anew. But a map may change a
variable, as the seed of a Keras layer is, or call Python, which may hold a random generator.
"""

import importlib
from collections.abc import Iterator
from typing import Any

# Their iterators make those of their inputs at once, and once.
_PLAIN = (
    *("AssertCardinality", "Batch", "Filter", "FlatMap", "Interleave", "Map", "Options"),
    *("Prefetch", "Range", "Shard", "Skip", "Take", "Tensor", "TensorSlice", "Unbatch", "Zip"),
)

CALLS_PYTHON = ("PyFunc", "EagerPyFunc")
CHANGES_VARIABLES = ("Assign", "ResourceScatter")


def datasets_in(dataset: Any) -> Iterator:
    """Walk through a pipeline of tf.data; TensorFlow has no public way."""
    yield dataset
    for each in getattr(dataset, "_inputs", list)():
        yield from datasets_in(each)


def nodes_of(dataset: Any) -> Iterator:
    """Walk through the operations in a dataset's functions, and in those that they call."""
    for wrapped in getattr(dataset, "_functions", list)():
        yield from wrapped.function.function_def.node_def
        for called in wrapped.function.graph.as_graph_def().library.function:
            yield from called.node_def


def seeds_of(dataset: Any) -> list[list[int]]:
    """List the pairs of seeds that a pipeline draws by, each of its script's or its process'."""
    pairs = []
    for each in datasets_in(dataset):
        if hasattr(each, "_seed"):
            pairs.append([int(each._seed), int(getattr(each, "_seed2", 0))])
        for node in nodes_of(each):
            if "seed" in node.attr:
                pairs.append([node.attr["seed"].i, node.attr["seed2"].i])
    return pairs


def has_outer_state(dataset: Any, of: tuple = CALLS_PYTHON + CHANGES_VARIABLES) -> bool:
    """Whether a pipeline may change what is not its own; not where its options deny it."""
    tensorflow = importlib.import_module("tensorflow")
    policy = tensorflow.data.experimental.ExternalStatePolicy
    if dataset.options().experimental_external_state_policy == policy.IGNORE:
        return False
    return any(node.op.startswith(of) for each in datasets_in(dataset) for node in nodes_of(each))


def batches_until_drawn(dataset: Any) -> int | None:
    """Return how many batches an iterator has to give out until it has drawn all its seeds.

    Returns:
        0 or 1; None where it may draw, or change something else, as long as it goes on.
    """
    if has_outer_state(dataset):
        return None
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
