"""What a batch's targets hold besides what the model is to be trained on."""

import numpy as np

from epochwatch.errors import BadInput
from epochwatch.feeds._structures import INDEX, LABEL, leaves, unpack_batch


def without_index(targets):
    """Set the index of targets, or of sample weights, aside.

    What is left is what the model is to be trained on: the value of "label" if it is alone,
    else the rest of the dictionary, None if nothing is left; anything without an index as it
    stands.

    Example:
        >>> without_index({"label": "y", "index": "i"})
        'y'
        >>> without_index({"mask": "m", "kind": "k", "index": "i"})
        {'mask': 'm', 'kind': 'k'}
    """
    if not isinstance(targets, dict) or INDEX not in targets:
        return targets
    rest = {key: value for key, value in targets.items() if key != INDEX}
    # A model with one output takes its target bare, and not in a dictionary.
    return rest[LABEL] if list(rest) == [LABEL] else rest or None


def has_index(data) -> bool:
    """Whether a batch has an index among its targets."""
    _, y, _ = unpack_batch(data)
    return isinstance(y, dict) and INDEX in y


def set_index_aside(data):
    """Set the index aside in a whole batch; it stays the same data where there is none."""
    if not has_index(data):
        return data
    x, *rest = data
    return x, *map(without_index, rest)


def index_target(data):
    """Return the indices of a training batch, as they came; there must be some."""
    _, y, _ = unpack_batch(data)
    if not has_index(data):
        got = f"a dictionary of {sorted(y)}" if isinstance(y, dict) else "no dictionary"
        raise BadInput(
            f'the targets of a watched model: got {got}, allowed: {{"label": …, "index": …}} '
            "with one int64 index per sample; or `unwatch` the model"
        )
    return y[INDEX]


def check_index(index, samples: int | None = None) -> None:
    """Refuse indices that cannot identify the samples of a batch: an integer to each."""
    # NumPy, TensorFlow and JAX name a dtype by `.name`, torch by its text.
    dtype = str(getattr(index.dtype, "name", index.dtype)).removeprefix("torch.")
    if "int" not in dtype or dtype == "uint64":
        raise BadInput(
            f'the target "index": got {dtype}, allowed: integers that int64 can hold; '
            "a float would lose digits (float32 cannot hold 16,777,217)"
        )
    rank = rank_of(index)
    if rank == 0:
        raise BadInput(
            'the target "index": got one number, allowed: a batch of them; `.batch(…)` the feed'
        )
    if rank != 1:
        shape = "an unknown shape" if rank is None else f"the shape {tuple(index.shape)}"
        raise BadInput(
            f'the target "index": got {shape}, allowed: (batch,), one integer per sample'
        )
    if samples is not None and index.shape[0] not in (None, samples):
        raise BadInput(
            f'the target "index": got {index.shape[0]} for a batch of {samples} samples, '
            "allowed: one integer per sample"
        )


def samples_in(x) -> int | None:
    """Count the samples of a batch by its first array; None where that is not known."""
    first = next(leaves(x), None)
    return first.shape[0] if hasattr(first, "shape") and rank_of(first) else None


def rank_of(array) -> int | None:
    """Count the dimensions of an array; None where TensorFlow does not know them."""
    return array.shape.rank if hasattr(array.shape, "rank") else len(array.shape)


def weights_beside(y, sample_weight):
    """Give the index a weight, where Keras wants weights of the very structure of the targets.

    It is set aside with the index. Weights stay as they are where there is no index, or where
    Keras itself gives one array to all targets.
    """
    if not isinstance(y, dict) or INDEX not in y or sample_weight is None:
        return sample_weight
    is_nested = isinstance(sample_weight, (dict, list, tuple))
    if not is_nested and len(sample_weight.shape) == 1:
        return sample_weight
    # It is never multiplied with anything: Keras only compares the structures.
    unused = np.zeros(len(y[INDEX]), np.float32)
    named = sample_weight if without_index(y) is not y.get(LABEL) else {LABEL: sample_weight}
    return {**named, INDEX: unused}


def class_table(class_weight: dict) -> np.ndarray:
    """Write class weights as a table, float64 (classes + 1,), by class number.

    A class that is not named has 1; the last is for all classes past the table.
    """
    classes = range(int(max(class_weight)) + 1)
    return np.array([class_weight.get(number, 1.0) for number in classes] + [1.0])


def check_weighable(y, sample_weight) -> None:
    """Refuse class weights where Keras would: without one target, or beside sample weights."""
    if y is None:
        raise BadInput(
            "class_weight: got targets without a label, allowed: one; leave class_weight out"
        )
    if isinstance(y, (dict, list, tuple)):
        raise BadInput(
            "class_weight: got several targets, allowed: one (Keras has no class weights for "
            "more); give the weights as sample_weight"
        )
    if sample_weight is not None:
        raise BadInput(
            "class_weight: got sample weights as well, allowed: one of the two; multiply the "
            "class weights into sample_weight yourself"
        )


def check_arguments(y, sample_weight, class_weight, batch_size) -> None:
    """Refuse what `fit` was given beside a feed, before anything is built for it."""
    # Sample weights as the third argument, which they are of `train_on_batch`.
    if getattr(batch_size, "shape", ()) or isinstance(batch_size, (dict, list, tuple)):
        raise BadInput(
            "fit: got an array as batch_size, which is its third argument, allowed: a whole "
            "number; name the weights: fit(x, targets, sample_weight=weights)"
        )
    if y is not None:
        index_target((None, y))
        if class_weight is not None:
            check_weighable(without_index(y), sample_weight)
