"""Feeds small enough to be read by eye: ten batches, whose rows carry their own index.

Batch 0 holds the rows 0 and 1, batch 1 the rows 2 and 3, and so on; a generator or a PyDataset
without end goes on with batch 10, so that what is skipped is never taken for a new pass. Where two
streams are balanced, each batch has one row of either: the majority's are 0 to 9, the minority's
10 and 11. A feed of 100 batches stands beside some whose workers have queues that ten batches fit
into.
"""

import contextlib
import functools
import io
import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

BATCHES, LONG = 10, 100
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
        is_shuffled: whether it, or `fit`, is to shuffle.
        batches: of a pass.
    """

    kind: str
    options: dict[str, Any]
    make: Callable[[], Any]
    fit_options: dict[str, Any]
    ends: bool = True
    many_workers: bool = False
    is_shuffled: bool = False
    batches: int = BATCHES

    @property
    def name(self) -> str:
        """The feed as in a line of code; see `name_of`."""
        return name_of(self.kind, self.options)

    @property
    def few_calls(self) -> bool:
        """Whether only few ways of calling `fit` are told apart."""
        return has_few_calls(self.kind, self.options)

    @property
    def workers_in_call(self) -> dict[str, Any]:
        """What Keras 2 is told of workers, in `fit` or `evaluate`; the feed's own in Keras 3."""
        told = ("workers", "use_multiprocessing")
        return {name: self.fit_options[name] for name in told if name in self.fit_options}

    def as_data(self, made: Any) -> dict[str, Any]:
        """Name a feed that was made as Keras takes it: arrays are `x` and `y`."""
        return dict(zip("xy", made, strict=True)) if self.kind == "arrays" else {"x": made}


def has_few_calls(kind: str, options: dict[str, Any]) -> bool:
    """Whether a feed stands beside the usual ones, for one question alone."""
    return (
        not {"batches", "shuffled_in", "seed"}.isdisjoint(options)
        or (kind == "torch_loader" and "shuffle" in options)
        or options.get("pipeline") in ("shuffle, seed=1", *HELPERS)
        or options.get("pipeline", "").startswith("tfds")
    )


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
        """Item i is batch i, or is drawn anew where a hook is named."""

        def __init__(self, endless: bool, batches: int, shuffled_in: str | None, **options):
            super().__init__(**options)
            self.endless, self.batches, self.shuffled_in = endless, batches, shuffled_in
            self.generator, self.order = np.random.default_rng(SEED), np.arange(batches)

        # Keras 2 reads this, Keras 3 `num_batches`.
        def __len__(self) -> int:
            return self.batches

        @property
        def num_batches(self) -> int | None:
            """Items in a pass, None where there is no end."""
            return None if self.endless else self.batches

        def __getitem__(self, place: int) -> tuple:
            return batch(place if self.endless else self.order[place])

        def on_epoch_begin(self) -> None:
            """Shuffle, if this is where."""
            self.shuffle_in("on_epoch_begin")

        def on_epoch_end(self) -> None:
            """Shuffle, if this is where."""
            self.shuffle_in("on_epoch_end")

        def shuffle_in(self, hook: str) -> None:
            if hook == self.shuffled_in:
                self.order = self.generator.permutation(self.batches)

    return Items


def items(
    keras,
    endless: bool = False,
    batches: int = BATCHES,
    shuffled_in: str | None = None,
    **options,
):
    """Make a PyDataset; the Sequence of Keras 2 takes no options, its `fit` does."""
    if hasattr(keras.utils, "PyDataset"):
        return items_class(keras.utils.PyDataset)(endless, batches, shuffled_in, **options)
    return items_class(keras.utils.Sequence)(endless, batches, shuffled_in)


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


def shuffled(seed: int | None, again: bool = True):
    """Shuffle the rows, in another order in each pass or in the same."""
    size = BATCHES * ROWS
    return dataset().shuffle(size, seed, reshuffle_each_iteration=again).batch(ROWS)


def images(keras, shuffle: bool):
    """Let Keras read a folder of pictures; a row's picture has its number for a colour."""
    import tensorflow as tf

    with contextlib.redirect_stdout(io.StringIO()):  # it says how many it has found
        read = keras.utils.image_dataset_from_directory(
            picture_folder(),
            color_mode="grayscale",
            batch_size=ROWS,
            image_size=(1, 1),
            shuffle=shuffle,
            seed=SEED if shuffle else None,
        )
    return read.map(lambda x, label: row_of_number(tf.cast(x[:, 0, 0, 0], tf.int64)))


@functools.cache
def picture_folder() -> str:
    """Write a picture for each row into a folder for the time of this process."""
    import tensorflow as tf

    folder = Path(tempfile.mkdtemp(prefix="epochwatch-")) / "all"
    folder.mkdir()
    for number in range(BATCHES * ROWS):
        picture = np.full((1, 1, 1), number, np.uint8)
        tf.io.write_file(str(folder / f"{number:02}.png"), tf.io.encode_png(picture))
    return str(folder.parent)


def windows(keras):
    """Let Keras cut a series into windows of one row."""
    import tensorflow as tf

    series = np.arange(BATCHES * ROWS)
    cut = keras.utils.timeseries_dataset_from_array(
        series, targets=series, sequence_length=1, batch_size=ROWS
    )
    return cut.map(lambda window, target: row_of_number(tf.cast(target, tf.int64)))


def row_of_number(index):
    """Make rows of their indices, in a graph."""
    import tensorflow as tf

    x = tf.cast(index, tf.float32)[:, tf.newaxis]
    return x, {"label": tf.zeros_like(index), "index": index}


def torch_loader(workers: int, batches: int = BATCHES, shuffle: bool = False, seed=None):
    import torch
    from torch.utils.data import DataLoader

    generator = None if seed is None else torch.Generator().manual_seed(seed)
    rows_of_loader = [batch(place) for place in range(batches)]
    return DataLoader(
        rows_of_loader, None, shuffle or None, num_workers=workers, generator=generator
    )


def grain_loader(seed: int | None = None):
    import grain

    places = grain.MapDataset.range(BATCHES)
    return (places if seed is None else places.shuffle(seed)).map(batch)


TF_DATA = {
    "finite": lambda: dataset().batch(ROWS),
    "repeat": lambda: dataset().batch(ROWS).repeat(),
    "shuffle": lambda: shuffled(None),
    "shuffle, reshuffle_each_iteration=False": lambda: shuffled(SEED, again=False),
    "shuffle, seed=1": lambda: shuffled(SEED),
    "cache": lambda: dataset().batch(ROWS).cache(),
    "prefetch": lambda: dataset().batch(ROWS).prefetch(AHEAD),
    "from_generator": from_generator,
    "choose_from_datasets": in_turn,
    "sample_from_datasets": at_random,
    "rejection_resample": resampled,
}
HELPERS = {  # of Keras, which make a tf.data.Dataset
    "image_dataset_from_directory": functools.partial(images, shuffle=True),
    "image_dataset_from_directory, shuffle=False": functools.partial(images, shuffle=False),
    "timeseries_dataset_from_array": windows,
}
BALANCED = ("choose_from_datasets", "sample_from_datasets", "rejection_resample")
WITHOUT_END = ("repeat", *BALANCED)
SHUFFLED = (
    "shuffle",
    "shuffle, seed=1",
    "sample_from_datasets",
    "rejection_resample",
    "image_dataset_from_directory",
)


def toy_feeds(keras) -> list[ToyFeed]:
    """List every way to feed the `fit` of a Keras that is installed here.

    Args:
        keras: the module `keras` or `tf_keras`.
    """
    is_keras_3 = hasattr(keras.utils, "PyDataset")
    ways = [
        *(
            ToyFeed(
                "arrays",
                {"shuffle": on},
                arrays,
                {"shuffle": on, "batch_size": ROWS},
                is_shuffled=on,
            )
            for on in (True, False)
        ),
        *(
            ToyFeed("generator", {"endless": on}, functools.partial(generator, on), {}, not on)
            for on in (True, False)
        ),
        *py_datasets(keras, is_keras_3),
        *(tf_data(name, make) for name, make in TF_DATA.items()),
        *(tf_data(name, functools.partial(make, keras)) for name, make in HELPERS.items()),
    ]
    if has("tensorflow_datasets"):
        from epochwatch_lab._atlas import toy_tfds

        ways += [tf_data(name, make) for name, make in toy_tfds.WAYS.items()]
    # Keras 2 takes neither a DataLoader nor what Grain makes.
    if is_keras_3 and has("torch"):
        ways += torch_loaders()
    if is_keras_3 and has("grain"):
        ways += grain_loaders()
    return ways


def tf_data(name: str, make: Callable) -> ToyFeed:
    """Describe the tf.data.Dataset of a name."""
    return ToyFeed(
        "tf_data",
        {"pipeline": name},
        make,
        {},
        name not in WITHOUT_END,
        is_shuffled=name in SHUFFLED or "shuffle_files" in name,
    )


def torch_loaders() -> list[ToyFeed]:
    """List the DataLoaders: in order, in order and long, shuffled, shuffled by a seed."""
    in_order = ({"workers": 0}, {"workers": 2}, {"workers": 2, "batches": LONG})
    drawn = ({"workers": 0, "shuffle": True}, {"workers": 0, "shuffle": True, "seed": SEED})
    return [
        ToyFeed(
            "torch_loader",
            options,
            functools.partial(torch_loader, **options),
            {},
            many_workers=options["workers"] > 1,
            is_shuffled="shuffle" in options,
            batches=options.get("batches", BATCHES),
        )
        for options in (*in_order, *drawn)
    ]


def grain_loaders() -> list[ToyFeed]:
    """List the datasets of Grain: in order, and shuffled by the seed that it must have."""
    return [
        ToyFeed("grain_loader", {}, grain_loader, {}),
        ToyFeed(
            "grain_loader",
            {"seed": SEED},
            functools.partial(grain_loader, SEED),
            {},
            is_shuffled=True,
        ),
    ]


def py_datasets(keras, is_keras_3: bool) -> list[ToyFeed]:
    """List the PyDatasets: in order with workers of each kind, long, and shuffled."""
    feeds = [
        with_workers(keras, is_keras_3, workers, processes, batches)
        for batches in (BATCHES, LONG)
        for workers, processes in [(0, False), *itertools.product(WORKERS, (False, True))]
        if batches == BATCHES or workers > 1
    ]
    make = functools.partial(items, keras)
    feeds.append(
        ToyFeed("py_dataset", {"shuffle": True}, make, {"shuffle": True}, is_shuffled=True)
    )
    feeds += [by_hook(keras, hook) for hook in ("on_epoch_begin", "on_epoch_end")]
    if is_keras_3:
        for workers in (0, 2):
            make = functools.partial(items, keras, endless=True, workers=workers)
            options = {"workers": workers, "endless": True}
            feeds.append(
                ToyFeed("py_dataset", options, make, {"shuffle": False}, False, workers > 1)
            )
    return feeds


def with_workers(keras, is_keras_3: bool, workers: int, processes: bool, batches: int) -> ToyFeed:
    """Make a PyDataset in order; in Keras 2 it is `fit` that is told of workers."""
    threads = {"workers": workers, "use_multiprocessing": processes}
    options = {"workers": workers} | ({"use_multiprocessing": True} if processes else {})
    long = {"batches": batches} if batches != BATCHES else {}
    return ToyFeed(
        "py_dataset",
        options | long,
        functools.partial(items, keras, **threads, **long),
        {"shuffle": False} | ({} if is_keras_3 else threads),
        many_workers=workers > 1 or processes,
        batches=batches,
    )


def by_hook(keras, hook: str) -> ToyFeed:
    """Make a PyDataset that shuffles itself, where Keras calls it between two epochs."""
    return ToyFeed(
        "py_dataset",
        {"shuffled_in": hook},
        functools.partial(items, keras, shuffled_in=hook),
        {"shuffle": False},
        is_shuffled=True,
    )


def has(package: str) -> bool:
    """Whether a package can be imported here."""
    from importlib.util import find_spec

    return package in sys.modules or find_spec(package) is not None
