"""Whether a feed is seen to shuffle itself, against two passes over it."""

import numpy as np
import pytest
import tensorflow as tf

from epochwatch import feeds
from tests.backends.small_feeds import Items, Rows

ROWS = 40


def rows():
    return tf.data.Dataset.range(ROWS)


def drawn(row):
    """Add what is drawn anew each time."""
    return row + tf.random.uniform([], maxval=3, dtype=tf.int64)


class Hooked(Items):
    """Items that are shuffled as each epoch ends."""

    def on_epoch_end(self):
        """Leave the order as it is."""


class Derived(Hooked):
    """A class of the user's own in between."""


ORDERS = {
    "in order": (lambda: rows().batch(4), False),
    "shuffled": (lambda: rows().shuffle(ROWS).batch(4).prefetch(1), True),
    "shuffled by a seed": (lambda: rows().shuffle(ROWS, seed=1).repeat(2), True),
    "shuffled in front of a cache": (lambda: rows().shuffle(ROWS).cache().batch(4), False),
    "once": (lambda: rows().shuffle(ROWS, seed=1, reshuffle_each_iteration=False), False),
    "once, without a seed": (lambda: rows().shuffle(ROWS, reshuffle_each_iteration=False), None),
    "a buffer of one": (lambda: rows().shuffle(1), False),
    "augmented": (lambda: rows().map(drawn).batch(4), False),
    "augmented in parallel": (lambda: rows().map(drawn, num_parallel_calls=2), False),
    "a batch shuffled": (lambda: rows().batch(4).map(tf.random.shuffle), None),
    "filtered by chance": (lambda: rows().filter(lambda row: drawn(row) > row), None),
    "filtered": (lambda: rows().filter(lambda row: row > 3), False),
    "sampled": (lambda: tf.data.Dataset.sample_from_datasets([rows(), rows()]), None),
    "sampled by a seed": (
        lambda: tf.data.Dataset.sample_from_datasets([rows(), rows()], seed=1),
        False,
    ),
    "one of two shuffled": (
        lambda: tf.data.Dataset.zip((rows(), rows().shuffle(9))),
        True,
    ),
    "arrays": (lambda: (np.zeros(4), np.zeros(4)), False),
    "items": (Items, False),
    "items with a hook": (Hooked, None),
    "items with a hook inherited": (Derived, None),
    "a generator": (lambda: (row for row in range(3)), False),
}


@pytest.mark.parametrize("name", ORDERS)
def test_what_a_feed_is_made_of_says_whether_it_shuffles(name):
    make, shuffles = ORDERS[name]
    assert feeds.describe(make()).shuffles is shuffles


OF_ORDER = [name for name in ORDERS if "augmented" not in name and "item" not in name]


@pytest.mark.parametrize(
    "name", [name for name in OF_ORDER if name not in ("arrays", "a generator")]
)
def test_two_passes_over_a_dataset_are_no_other_than_is_said(name):
    make, shuffles = ORDERS[name]
    dataset = make()
    first, second = ([np.asarray(each).tolist() for each in dataset] for _ in range(2))
    assert (first != second) is shuffles or shuffles is None


def loaders():
    data = pytest.importorskip("torch").utils.data
    ids = list(range(ROWS))
    return {
        False: [data.DataLoader(Rows(), batch_size=4), data.DataLoader(ids, batch_size=None)],
        True: [
            data.DataLoader(Rows(), batch_size=4, shuffle=True),
            data.DataLoader(Rows(), sampler=data.WeightedRandomSampler([1.0] * ROWS, ROWS)),
        ],
        None: [
            data.DataLoader(Rows(), sampler=ids[::-1]),
            data.DataLoader(Rows(), batch_sampler=[[1, 2], [3]]),
        ],
    }


def test_a_torch_loader_shuffles_as_its_sampler_does():
    for shuffles, of_kind in loaders().items():
        assert [feeds.describe(loader).shuffles for loader in of_kind] == [shuffles] * 2
