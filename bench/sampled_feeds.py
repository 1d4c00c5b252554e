"""Eight ways to balance a rare class, and ours, as `bench_samplers.py` compares them.

Each `Way` makes feeds of the same samples. What tf.data draws from are row numbers, and samples
are looked up a batch at a time: sliced one by one, the images would take all the time.
"""

import dataclasses
import functools
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from epochwatch import BalancedSampler, feeds
from epochwatch.feeds import BalancedTable
from epochwatch_lab import load_mnist, one_vs_rest
from epochwatch_lab.datasets import at_ratio

RATIO = 100
BATCH_SIZE = 16
TRIED_AFTER, TRIED_FOR = 100, 20  # batches: where a resume is tried, and what is compared


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to balance.

    Attributes:
        make: makes a feed.
        resume: tries to begin again from a saved state; says what came of it.
        options: of the audit, beside the epochs.
        steps_per_epoch: None for what the feed itself has in a pass.
        slow: whether it is so slow that fewer steps must do.
        in_graph: whether `fit` takes many of its batches in one graph, to be quicker.
    """

    make: Callable[[], Any]
    resume: Callable[["Way"], str]
    options: dict = dataclasses.field(default_factory=dict)
    steps_per_epoch: int | None = None
    slow: bool = False
    in_graph: bool = False


class Samples:
    """MNIST's training images, the rarer digit thinned; row i of the table has index i here."""

    def __init__(self, digit: int = 1):
        streams = at_ratio(one_vs_rest(*load_mnist().train, positive=digit), RATIO)
        self.table = BalancedTable.from_streams(streams)
        self.minority, self.majority = self.table.sizes
        self.x, self.y = self.table.images, self.table.label
        self.rows = np.arange(len(self.y))
        self.streams = {
            "minority": self.rows[: self.minority],
            "majority": self.rows[self.minority :],
        }

    def sampler(self) -> BalancedSampler:
        """Make the sampler of this project."""
        return BalancedSampler(self.streams, BATCH_SIZE)


def no_state(way: Way) -> str:
    """None: there is no state that could be saved."""
    return "no: no state to save"


def indices_of(batches: Iterator) -> list:
    """Take the indices of some batches."""
    return [np.asarray(targets["index"]).tolist() for _, targets, *_ in batches]


def checkpoint_of_iterator(way: Way) -> str:
    """Keep an iterator in a checkpoint, restore it in a feed made anew, and compare."""
    import tensorflow as tf

    iterator, restored = iter(way.make()), iter(way.make())
    for _ in itertools.islice(iterator, TRIED_AFTER):
        pass
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = tf.train.Checkpoint(iterator=iterator).save(f"{folder}/state")
        except Exception as error:  # whatever TensorFlow raises is the answer
            return f"no: {type(error).__name__} when its iterator is saved"
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
        tf.train.Checkpoint(iterator=restored).restore(path)
        expected = indices_of(itertools.islice(iterator, TRIED_FOR))
        same = indices_of(itertools.islice(restored, TRIED_FOR)) == expected
    if not same:
        return "no: its restored iterator delivers other samples"
    return f"only outside `fit`: its iterator's checkpoint, {size:,} bytes"


def shuffled(rows: tuple[int, int], seed: int):
    """Make a dataset of row numbers without end, all of them shuffled anew in each pass."""
    import tensorflow as tf

    numbers = tf.data.Dataset.range(*rows)
    return numbers.shuffle(rows[1] - rows[0], seed=seed, reshuffle_each_iteration=True).repeat()


def looked_up(rows, samples: Samples):
    """Make batches of the samples in a dataset of row numbers."""
    import tensorflow as tf

    x, y = tf.constant(samples.x), tf.constant(samples.y)

    def look_up(row):
        return tf.gather(x, row), {"label": tf.gather(y, row), "index": row}

    return rows.batch(BATCH_SIZE).map(look_up).prefetch(2)


def chosen(samples: Samples):
    """Choose from two shuffled streams in turn."""
    import tensorflow as tf

    both = shuffled((0, samples.minority), 0), shuffled((samples.minority, len(samples.y)), 1)
    in_turn = tf.data.Dataset.range(2).repeat()
    return looked_up(tf.data.Dataset.choose_from_datasets(both, in_turn), samples)


def drawn(samples: Samples):
    """Draw from two shuffled streams, each as likely."""
    import tensorflow as tf

    both = shuffled((0, samples.minority), 0), shuffled((samples.minority, len(samples.y)), 1)
    return looked_up(tf.data.Dataset.sample_from_datasets(both, [0.5, 0.5], seed=0), samples)


def rejected(samples: Samples):
    """Reject samples of the one shuffled stream until both classes are as likely."""
    import tensorflow as tf

    share = samples.minority / len(samples.y)
    rows = shuffled((0, len(samples.y)), 0).rejection_resample(
        lambda row: tf.cast(row < samples.minority, tf.int64),
        target_dist=[0.5, 0.5],
        initial_dist=[1 - share, share],
        seed=0,
    )
    return looked_up(rows.map(lambda _, row: row), samples)


def of_imblearn_keras(samples: Samples):
    """Feed imbalanced-learn's Sequence, which `fit` of Keras 3 takes as it is, with a warning.

    It takes images as rows only, and puts no index beside the targets; but weights come as they
    are, so they are the row numbers, which are put there by the adapter.
    """
    import imblearn.keras
    import keras

    flat = samples.x.reshape(len(samples.x), -1)
    inner = imblearn.keras.BalancedBatchGenerator(
        flat, samples.y, sample_weight=samples.rows, batch_size=BATCH_SIZE, random_state=0
    )

    class Adapter(keras.utils.PyDataset):
        def __len__(self):
            return len(inner)

        def __getitem__(self, place):
            return with_row(inner[place])

    return Adapter()


def of_imblearn_tensorflow(samples: Samples) -> Iterator[tuple]:
    """Feed imbalanced-learn's generator, with the same adapter."""
    import imblearn.tensorflow

    flat = samples.x.reshape(len(samples.x), -1)
    generator, _ = imblearn.tensorflow.balanced_batch_generator(
        flat, samples.y, sample_weight=samples.rows, batch_size=BATCH_SIZE, random_state=0
    )
    return (with_row(batch) for batch in generator)


def with_row(batch: tuple) -> tuple:
    """Make images of rows, and put the row number beside the label."""
    flat, label, row = batch
    return flat.reshape(-1, 28, 28), {"label": label, "index": row}


def ours(way: Way, samples: Samples, feed: str) -> str:
    """Save the sampler's state, load it into one made anew, and compare what a feed delivers."""
    state = samples.sampler().state_dict(step=TRIED_AFTER)
    sampler = samples.sampler()
    sampler.load_state_dict(state)
    resumed = feeds.batches(feeds.sampled(feed, sampler, (samples.x, samples.y)))
    through = itertools.islice(feeds.batches(way.make()), TRIED_AFTER, TRIED_AFTER + TRIED_FOR)
    if indices_of(itertools.islice(resumed, TRIED_FOR)) != indices_of(through):
        return "no: it delivers other samples"
    return f"yes: {len(state)} integers"


def our(feed: str, samples: Samples, **options) -> Way:
    """Make a way of the sampler of this project."""
    return Way(
        make=lambda: feeds.sampled(feed, samples.sampler(), (samples.x, samples.y)),
        resume=functools.partial(ours, samples=samples, feed=feed),
        **options,
    )


def with_tensorflow(samples: Samples, steps_per_epoch: int) -> dict[str, Way]:
    """Return the ways of this process, by name."""
    in_graph = functools.partial(
        Way, resume=checkpoint_of_iterator, steps_per_epoch=steps_per_epoch, in_graph=True
    )
    fitted = {"batch_size": BATCH_SIZE, "class_weight": {0: 1.0, 1: float(RATIO)}}
    targets = {"label": samples.y, "index": samples.rows}
    return {
        "`choose_from_datasets`, streams shuffled whole": in_graph(lambda: chosen(samples)),
        "`sample_from_datasets`, streams shuffled whole": in_graph(lambda: drawn(samples)),
        "`rejection_resample`, shuffled whole": in_graph(lambda: rejected(samples), slow=True),
        "class weights, arrays shuffled by `fit`": Way(
            lambda: (samples.x, targets), no_state, options=fitted
        ),
        "imbalanced-learn, Keras": Way(lambda: of_imblearn_keras(samples), no_state),
        "imbalanced-learn, TensorFlow": Way(
            lambda: of_imblearn_tensorflow(samples), no_state, steps_per_epoch=steps_per_epoch
        ),
        "`BalancedSampler`, tf.data": our(
            "tf_data", samples, steps_per_epoch=steps_per_epoch, in_graph=True
        ),
        "`BalancedSampler`, PyDataset": our("py_dataset", samples, steps_per_epoch=steps_per_epoch),
    }


def with_torch(samples: Samples, steps_per_epoch: int) -> dict[str, Way]:
    """Return the ways of a process that has torch, by name."""
    return {
        "torch `WeightedRandomSampler`": Way(lambda: weighted(samples)[0], state_of_generator),
        "`BalancedSampler`, torch DataLoader": our(
            "torch_loader", samples, steps_per_epoch=steps_per_epoch
        ),
    }


def weighted(samples: Samples) -> tuple:
    """Make a loader that draws with replacement, both classes as likely, and its generator."""
    import torch

    class Rows(torch.utils.data.Dataset):
        def __getitems__(self, rows):
            rows = np.array(rows)
            return samples.x[rows], {"label": samples.y[rows], "index": rows}

    generator = torch.Generator().manual_seed(0)
    sizes = np.array([samples.majority, samples.minority])
    sampler = torch.utils.data.WeightedRandomSampler(
        1 / sizes[samples.y], num_samples=len(samples.y), generator=generator
    )
    loader = torch.utils.data.DataLoader(
        Rows(), sampler=sampler, batch_size=BATCH_SIZE, collate_fn=as_tensors
    )
    loader.made_of = samples
    return loader, generator


def as_tensors(batch: tuple) -> tuple:
    """Make tensors of a batch that was looked up at once."""
    import torch

    x, targets = batch
    return torch.from_numpy(x), {key: torch.from_numpy(value) for key, value in targets.items()}


def state_of_generator(way: Way) -> str:
    """Save the state of the generator in mid-epoch, set it in a loader made anew, and compare."""
    samples = way.make().made_of
    (loader, generator), (again, other) = weighted(samples), weighted(samples)
    batches = iter(loader)
    for _ in itertools.islice(batches, TRIED_AFTER):
        pass
    other.set_state(generator.get_state())
    expected = indices_of(itertools.islice(batches, TRIED_FOR))
    if indices_of(itertools.islice(iter(again), TRIED_FOR)) == expected:
        return "yes: its generator's state"
    return "no: its generator's state in mid-epoch gives other samples"
