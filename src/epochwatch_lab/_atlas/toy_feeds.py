"""Feeds small enough to be read by eye: ten batches, whose rows carry their own index.

Batch 0 holds the rows 0 and 1, batch 1 the rows 2 and 3, and so on; a generator or a PyDataset
without end goes on with batch 10, so that what is skipped is never taken for a new pass. Where two
streams are balanced, each batch has one row of either: the majority's are 0 to 9, the minority's
10 and 11.
"""

import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

BATCHES = 10
ROWS = 2  # of a batch
MAJORITY, MINORITY = 10, 2  # rows
SEED = 1
AHEAD = 4  # batches
WORKERS = (1, 2, 4)


class ToyFeed(NamedTuple):
    """One way to feed `fit`.

    Attributes:
        kind: one of `feeds.NAMES`.
        options: what tells it from the others of its kind, as the atlas has it.
        make: returns it, new at each call.
        fit_options: what `fit` is given besides.
        ends: whether a pass of it has an end.
        many_workers: whether several threads or processes make its batches.
    """

    kind: str
    options: dict[str, Any]
    make: Callable[[], Any]
    fit_options: dict[str, Any]
    ends: bool = True
    many_workers: bool = False

    @property
    def name(self) -> str:
        """The feed as in a line of code; see `name_of`."""
        return name_of(self.kind, self.options)


def name_of(kind: str, options: dict[str, Any]) -> str:
    """Name a feed by its kind and options.

    Example:
        >>> name_of("py_dataset", {"workers": 2}), name_of("tf_data", {"pipeline": "cache"})
        ('py_dataset(workers=2)', 'tf_data(cache)')
    """
    parts = (value if key == "pipeline" else f"{key}={value}" for key, value in options.items())
    return f"{kind}({', '.join(parts)})" if options else kind


def batch(place: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Make a batch: x float32 (2, 1), and as targets label and index, int64 (2,)."""
    return rows(np.arange(place * ROWS, (place + 1) * ROWS))


def rows(
    index: np.ndarray, label: int | np.ndarray = 0
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Make rows of their indices, int64 (n,)."""
    x = index[:, np.newaxis].astype(np.float32)
    return x, {"label": np.full_like(index, label), "index": index}


def arrays() -> tuple:
    return rows(np.arange(BATCHES * ROWS))


@functools.cache  # the same object: so two calls of `fit` with it are equal
def held_out() -> tuple:
    """Make rows for validation, of which none is trained on."""
    return rows(np.arange(1_000, 1_000 + 2 * ROWS))


def generator(endless: bool):
    """Yield the batches, ten or without end."""
    return (batch(place) for place in (itertools.count() if endless else range(BATCHES)))


@functools.cache
def items_class(base: type) -> type:
    """Make a class of items: a PyDataset of Keras 3, a Sequence of Keras 2."""

    class Items(base):
        """Item i is batch i."""

        def __init__(self, endless: bool, **options):
            super().__init__(**options)
            self.endless = endless

        # Keras 2 reads this, Keras 3 `num_batches`.
        def __len__(self) -> int:
            return BATCHES

        @property
        def num_batches(self) -> int | None:
            """Items in a pass, None where there is no end."""
            return None if self.endless else BATCHES

        def __getitem__(self, place: int) -> tuple:
            return batch(place)

    return Items


def items(keras, endless: bool = False, **options):
    """Make a PyDataset; the Sequence of Keras 2 takes no options, its `fit` does."""
    if hasattr(keras.utils, "PyDataset"):
        return items_class(keras.utils.PyDataset)(endless, **options)
    return items_class(keras.utils.Sequence)(endless)


def dataset(index: np.ndarray | None = None, label: int = 0):
    """Make a tf.data.Dataset of single rows, by default of all."""
    import tensorflow as tf

    index = np.arange(BATCHES * ROWS) if index is None else index
    return tf.data.Dataset.from_tensor_slices(rows(index, label))


def both_streams() -> list:
    """Make the majority's rows and the minority's, without end."""
    majority = dataset(np.arange(MAJORITY), 0)
    minority = dataset(np.arange(MAJORITY, MAJORITY + MINORITY), 1)
    return [majority.repeat(), minority.repeat()]


def from_generator():
    """Make a dataset that draws on a generator, and so does not know its length."""
    import tensorflow as tf

    spec = tf.nest.map_structure(
        lambda part: tf.TensorSpec((None, *part.shape[1:]), part.dtype), batch(0)
    )
    return tf.data.Dataset.from_generator(lambda: generator(False), output_signature=spec)


def in_turn():
    """Choose a row of either stream in turn."""
    import tensorflow as tf

    choice = tf.data.Dataset.range(2).repeat()
    return tf.data.Dataset.choose_from_datasets(both_streams(), choice).batch(ROWS)


def at_random():
    """Choose a row of either stream at random, each as often as the other in the mean."""
    import tensorflow as tf

    return tf.data.Dataset.sample_from_datasets(both_streams(), [0.5, 0.5], seed=SEED).batch(ROWS)


def resampled():
    """Reject rows of the majority at random, until the classes are as frequent."""
    majority, minority = dataset(np.arange(MAJORITY), 0), dataset(np.arange(MAJORITY, 12), 1)
    total = MAJORITY + MINORITY
    return (
        majority.concatenate(minority)
        .repeat()
        .rejection_resample(
            lambda x, targets: targets["label"],
            [0.5, 0.5],
            [MAJORITY / total, MINORITY / total],
            seed=SEED,
        )
        .map(lambda _, row: row)
        .batch(ROWS)
    )


def shuffled(again: bool):
    """Shuffle the rows, in another order in each pass or, by a seed, in the same."""
    size, seed = BATCHES * ROWS, None if again else SEED
    return dataset().shuffle(size, seed, reshuffle_each_iteration=again).batch(ROWS)


def torch_loader(workers: int):
    from torch.utils.data import DataLoader

    return DataLoader(
        [batch(place) for place in range(BATCHES)], batch_size=None, num_workers=workers
    )


def grain_loader():
    import grain

    return grain.MapDataset.range(BATCHES).map(batch)


TF_DATA = {
    "finite": lambda: dataset().batch(ROWS),
    "repeat": lambda: dataset().batch(ROWS).repeat(),
    "shuffle": lambda: shuffled(True),
    "shuffle, reshuffle_each_iteration=False": lambda: shuffled(False),
    "cache": lambda: dataset().batch(ROWS).cache(),
    "prefetch": lambda: dataset().batch(ROWS).prefetch(AHEAD),
    "from_generator": from_generator,
    "choose_from_datasets": in_turn,
    "sample_from_datasets": at_random,
    "rejection_resample": resampled,
}
BALANCED = ("choose_from_datasets", "sample_from_datasets", "rejection_resample")
WITHOUT_END = ("repeat", *BALANCED)


def toy_feeds(keras) -> list[ToyFeed]:
    """List every way to feed the `fit` of a Keras that is installed here.

    Args:
        keras: the module `keras` or `tf_keras`.
    """
    is_keras_3 = hasattr(keras.utils, "PyDataset")
    ways = [
        *(
            ToyFeed("arrays", {"shuffle": on}, arrays, {"shuffle": on, "batch_size": ROWS})
            for on in (True, False)
        ),
        *(
            ToyFeed("generator", {"endless": on}, functools.partial(generator, on), {}, not on)
            for on in (True, False)
        ),
        *py_datasets(keras, is_keras_3),
        *(
            ToyFeed("tf_data", {"pipeline": name}, make, {}, name not in WITHOUT_END)
            for name, make in TF_DATA.items()
        ),
    ]
    # Keras 2 takes neither a DataLoader nor what Grain makes.
    if is_keras_3 and has("torch"):
        ways += [
            ToyFeed(
                "torch_loader",
                {"workers": n},
                functools.partial(torch_loader, n),
                {},
                many_workers=n > 1,
            )
            for n in (0, 2)
        ]
    if is_keras_3 and has("grain"):
        ways.append(ToyFeed("grain_loader", {}, grain_loader, {}))
    return ways


def py_datasets(keras, is_keras_3: bool) -> list[ToyFeed]:
    """List the PyDatasets: shuffled by `fit`, and in order with workers of each kind."""
    feeds = []
    for workers, processes in [(0, False), *itertools.product(WORKERS, (False, True))]:
        threads = {"workers": workers, "use_multiprocessing": processes}
        options = {"workers": workers} | ({"use_multiprocessing": True} if processes else {})
        make = functools.partial(items, keras, **threads)
        # In Keras 2 it is `fit` that is told of workers.
        in_fit = {"shuffle": False} | ({} if is_keras_3 else threads)
        feeds.append(
            ToyFeed("py_dataset", options, make, in_fit, many_workers=workers > 1 or processes)
        )
    make = functools.partial(items, keras)
    feeds.append(ToyFeed("py_dataset", {"shuffle": True}, make, {"shuffle": True}))
    if is_keras_3:
        for workers in (0, 2):
            make = functools.partial(items, keras, endless=True, workers=workers)
            options = {"workers": workers, "endless": True}
            feeds.append(
                ToyFeed("py_dataset", options, make, {"shuffle": False}, False, workers > 1)
            )
    return feeds


def has(package: str) -> bool:
    """Whether a package can be imported here."""
    from importlib.util import find_spec

    return package in sys.modules or find_spec(package) is not None
