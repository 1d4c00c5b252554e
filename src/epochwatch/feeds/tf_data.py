"""The balanced streams as a tf.data.Dataset, and any dataset with its samples' indices."""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from epochwatch._samplers import BalancedSampler
from epochwatch._samplers.streams import Streams
from epochwatch.errors import BadInput
from epochwatch.feeds._balanced_table import BalancedTable
from epochwatch.feeds._facts import is_surely_endless
from epochwatch.feeds._lookup import batch_with_index, checked_arrays, steps_at_once
from epochwatch.feeds._structures import (
    MOST_PARTS,
    add_index,
    leaves,
    map_leaves,
    repack_batch,
    unpack_batch,
)

BATCHES_AHEAD = 2

# Parts of the names of datasets that deliver other samples, or samples again, in each pass.
_OUT_OF_ORDER = {"Shuffle": "shuffle", "Random": "sample_from_datasets", "Repeat": "repeat"}

# Parts of the names of those that deliver elements of their input as they are.
_KEEP_ELEMENTS = ("Prefetch", "Options", "Cache", "Take", "Skip", "Shard")


def balanced(streams: Streams, batch_size: int = 16) -> tf.data.Dataset:
    """Make a dataset of balanced batches without end, chosen in turn as in the original post.

    What `choose_from_datasets` chooses between are row numbers; the images are looked up
    a batch at a time, which is several times faster than slicing them one by one. Elements are
    images and `{"label", "index"}`.
    """
    table = BalancedTable.from_streams(streams)
    images, label, index = (tf.constant(column) for column in table[:3])

    def look_up(rows: tf.Tensor) -> tuple:
        targets = {"label": tf.gather(label, rows), "index": tf.gather(index, rows)}
        return tf.gather(images, rows), targets

    boundary = table.sizes[0]
    minority = tf.data.Dataset.range(boundary).repeat()
    majority = tf.data.Dataset.range(boundary, sum(table.sizes)).repeat()
    in_turn = tf.data.Dataset.range(2).repeat()
    rows = tf.data.Dataset.choose_from_datasets([minority, majority], in_turn)
    return rows.batch(batch_size).map(look_up).prefetch(BATCHES_AHEAD)


def sampled(sampler: BalancedSampler, samples: Any) -> Callable[[int], tf.data.Dataset]:
    """Make what makes datasets of the batches of a sampler; see `feeds.sampled`.

    A batch is a function of its step alone, so an iterator of the dataset can be kept in a
    `tf.train.Checkpoint` too. Which of its batches have been trained it does not know.
    """
    # The samples become tensors here, once for all datasets.
    return functools.partial(_batches_from, sampler, _looked_up(samples))


def _batches_from(sampler: BalancedSampler, look_up: Callable, start: int) -> tf.data.Dataset:
    at_once = steps_at_once(sampler)

    def several(step: np.ndarray) -> np.ndarray:
        return sampler[int(step) : int(step) + at_once]

    def indices(step: tf.Tensor) -> tf.Tensor:
        index = tf.numpy_function(several, [step], tf.int64)
        return tf.ensure_shape(index, (at_once, sampler.batch_size))

    # A block of steps a call, made ahead: NumPy needs Python's lock, and a call is dear.
    steps = tf.data.Dataset.counter(start, at_once)
    batches = steps.map(indices).prefetch(1).unbatch().map(look_up)
    options = tf.data.Options()
    # NumPy is called, of which TensorFlow cannot know that it has no state.
    policy = tf.data.experimental.ExternalStatePolicy
    options.experimental_external_state_policy = policy.IGNORE
    return batches.with_options(options).prefetch(BATCHES_AHEAD)


def _looked_up(samples: Any) -> Callable:
    """Make a function, to be traced, from indices to a batch."""
    if callable(samples):
        look_up = tf.function(samples)
    else:
        tensors = map_leaves(tf.convert_to_tensor, checked_arrays(samples))

        def look_up(index: tf.Tensor) -> tuple:
            return map_leaves(lambda tensor: tf.gather(tensor, index), tensors)

    # Autograph would wrap what is raised here into pages of its own.
    @tf.autograph.experimental.do_not_convert
    def batch(index: tf.Tensor) -> tuple:
        return batch_with_index(look_up(index), index)

    return batch


def indexed(dataset: tf.data.Dataset, batched: bool | None = None) -> tf.data.Dataset:
    """Number the samples of a dataset; `batched` says what it does not tell itself."""
    _check_elements(dataset.element_spec)
    _check_order(dataset)
    if _is_batched(dataset, batched):
        # The last batch may be short, so the count is carried from batch to batch.
        return dataset.scan(np.int64(0), _index_batch)
    return dataset.enumerate().map(_index_sample)


def _index_sample(index: tf.Tensor, element: Any) -> tuple:
    x, y, weight = unpack_batch(element)
    return repack_batch(x, add_index(y, index), weight)


def _index_batch(start: tf.Tensor, element: Any) -> tuple:
    x, y, weight = unpack_batch(element)
    first = next(leaves((y, x)))
    end = start + _rows_of(first)
    index = tf.range(start, end)
    index.set_shape(first.shape[:1])
    return end, repack_batch(x, add_index(y, index), weight)


def _rows_of(leaf: Any) -> tf.Tensor:
    if isinstance(leaf, tf.RaggedTensor):
        return leaf.nrows(tf.int64)
    return tf.shape(leaf, out_type=tf.int64)[0]


def _check_elements(spec: Any) -> None:
    parts = len(spec) if isinstance(spec, tuple) else 1
    if not 1 <= parts <= MOST_PARTS:
        raise BadInput(
            f"with_index: got a dataset whose elements have {parts} parts, allowed: x or "
            "(x, y[, sample_weight])"
        )
    add_index(unpack_batch(spec)[1], None)


def _check_order(dataset: tf.data.Dataset) -> None:
    if is_surely_endless(dataset):
        raise BadInput(
            "with_index: got a dataset without an end, allowed: one that ends; add the index "
            "before `repeat`: with_index(dataset).repeat()"
        )
    if dataset.options().deterministic is False:
        raise BadInput(
            "with_index: got a dataset with the option deterministic=False, allowed: one with "
            "the same order in every pass; set that option after with_index"
        )
    for name in _names_upstream(dataset):
        for part, method in _OUT_OF_ORDER.items():
            if part in name:
                raise BadInput(
                    f"with_index: got a dataset behind `{method}`, allowed: one that delivers "
                    "each sample once, in the same order in every pass; add the index first: "
                    f"with_index(dataset).{method}(…)" + _recipe(method)
                )


def _recipe(method: str) -> str:
    if method != "shuffle":
        return ""
    return (
        ".batch(…); list_files and Keras' helpers shuffle by default: with_index("
        "image_dataset_from_directory(…, shuffle=False, batch_size=None)).shuffle(…).batch(…)"
    )


def _names_upstream(dataset: tf.data.Dataset) -> Iterator[str]:
    waiting = [dataset]
    while waiting:
        current = waiting.pop()
        name = type(current).__name__
        yield name
        inputs = _inputs_of(current)
        if "Zip" in name:
            # What is the same beside each sample repeats none: `timeseries_dataset_from_array`
            # has the series there. Beside nothing else it would be the sample itself.
            inputs = [other for other in inputs if not _is_constant(other)] or inputs
        waiting += inputs


def _is_constant(dataset: tf.data.Dataset) -> bool:
    """Whether it is `from_tensors(…).repeat(…)`."""
    names = [type(each).__name__ for each in (dataset, *_inputs_of(dataset))]
    return len(names) == 2 and "Repeat" in names[0] and names[1] == "_TensorDataset"


def _inputs_of(dataset: tf.data.Dataset) -> list:
    # TensorFlow has no public way; where it tells nothing, nothing is refused.
    return getattr(dataset, "_inputs", list)()


def _is_batched(dataset: tf.data.Dataset, batched: bool | None) -> bool:
    # A batch has rows in every leaf, as many in each; a scalar anywhere means samples.
    shapes = [leaf.shape for leaf in leaves(dataset.element_spec) if hasattr(leaf, "shape")]
    is_scalar = any(shape.rank == 0 for shape in shapes)
    lengths = {shape[0] for shape in shapes if shape.rank} - {None}
    can_be = not is_scalar and len(lengths) <= 1
    if batched is None and can_be:
        if _ends_in_batch(dataset):
            return True
        raise BadInput(
            f"with_index: got a dataset whose elements, of shape {', '.join(map(str, shapes))}, "
            "may be batches or samples; say which by batched=True or batched=False"
        )
    if batched and not can_be:
        raise BadInput(
            f"with_index: got batched=True for elements of shape {', '.join(map(str, shapes))}, "
            "allowed: batches, all of one length; leave batched out"
        )
    return bool(batched)


def _ends_in_batch(dataset: tf.data.Dataset) -> bool:
    name = type(dataset).__name__
    if any(part in name for part in _KEEP_ELEMENTS):
        return any(map(_ends_in_batch, _inputs_of(dataset)))
    return name.endswith("BatchDataset")
