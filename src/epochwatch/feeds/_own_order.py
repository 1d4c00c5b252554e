"""Whether a feed is seen to shuffle itself, by what it is made of: nothing is taken from it."""

from collections.abc import Iterable
from typing import Any

HOOKS = ("on_epoch_begin", "on_epoch_end")
OF_KERAS = ("keras", "tf_keras")
IN_ORDER = ("SequentialSampler", "_InfiniteConstantSampler")
MAPS = ("_MapDataset", "_ParallelMapDataset")
AT_RANDOM = ("RandomSampler", "WeightedRandomSampler", "SubsetRandomSampler")


def shuffles_itself(feed: Any, kind: str) -> bool | None:
    """Find out whether a feed has another order in each pass; None where that is not seen.

    Of code of the user's own that makes the samples nothing is seen: a generator is taken for
    one in order, and so are iterable datasets.
    """
    return _BY_KIND.get(kind, lambda _: False)(feed)


def _of_tf_data(dataset: Any) -> bool | None:
    name = type(dataset).__name__
    if "Cache" in name:
        return False  # whatever stands before, it is kept
    before = [_of_tf_data(each) for each in getattr(dataset, "_inputs", list)()]
    return _worst([_of_one_dataset(dataset, name), *before])


def _of_one_dataset(dataset: Any, name: str) -> bool | None:
    """Judge one dataset of a pipeline; TensorFlow has no public way to what it is made of."""
    is_seeded = any(int(getattr(dataset, seed, 0)) for seed in ("_seed", "_seed2"))
    if "ShuffleDataset" in name:
        if int(getattr(dataset, "_buffer_size", 0)) == 1:
            return False
        if getattr(dataset, "_reshuffle_each_iteration", None) is not False:
            return True
        return False if is_seeded else None
    if "RandomDataset" in name:
        return False if is_seeded else None
    operations = set(_operations(dataset))
    # A map that draws changes the samples, and not their order, if it does not shuffle.
    draws = {each for each in operations if each.startswith(("Random", "Multinomial", "Stateful"))}
    return None if "RandomShuffle" in draws or (draws and name not in MAPS) else False


def _operations(dataset: Any) -> Iterable[str]:
    """Name the operations in a dataset's functions."""
    for wrapped in getattr(dataset, "_functions", list)():
        yield from (node.op for node in wrapped.function.function_def.node_def)


def _of_torch_loader(loader: Any) -> bool | None:
    if type(loader.batch_sampler).__name__ not in ("BatchSampler", "NoneType"):
        return None  # of the user's own
    sampler = type(loader.sampler).__name__
    return True if sampler in AT_RANDOM else False if sampler in IN_ORDER else None


def _of_py_dataset(items: Any) -> bool | None:
    """Judge a PyDataset: what its hooks do, if it has some, is its own."""
    for hook in HOOKS:
        owner = next((base for base in type(items).__mro__ if hook in vars(base)), None)
        if owner is not None and owner.__module__.partition(".")[0] not in OF_KERAS:
            return None
    return False


def _worst(found: Iterable[bool | None]) -> bool | None:
    found = list(found)
    return True if True in found else None if None in found else False


_BY_KIND = {
    "tf_data": _of_tf_data,
    "torch_loader": _of_torch_loader,
    "py_dataset": _of_py_dataset,
}
