"""Each kind of feed is told from the others, and what cannot be fed is refused in one line."""

import itertools
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from epochwatch import feeds
from epochwatch.errors import BadInput
from epochwatch.feeds._facts import FeedFacts

ROWS, BATCH_SIZE = 34, 16


class Items(keras.utils.PyDataset):
    """Three items of sixteen, sixteen and two samples; sample i is i."""

    def __len__(self):
        return 3

    def __getitem__(self, place):
        rows = np.arange(ROWS)[place * BATCH_SIZE : (place + 1) * BATCH_SIZE]
        return rows[:, None], rows


class EndlessItems(Items):
    """The same items for ever."""

    @property
    def num_batches(self):
        return None


class LengthlessItems(keras.utils.PyDataset):
    """Items of which nobody said how many there are."""

    def __getitem__(self, place):
        return np.zeros((2, 1)), np.zeros(2)


def dataset():
    return tf.data.Dataset.range(ROWS).map(lambda i: (i, i)).batch(BATCH_SIZE)


def generator():
    yield np.zeros((2, 1)), np.zeros(2)


ARRAYS = (np.zeros((ROWS, 3)), np.zeros(ROWS))


@pytest.mark.parametrize(
    ("feed", "facts"),
    [
        (ARRAYS, FeedFacts("arrays", 3, False, True, 0, False, ROWS)),
        (ARRAYS[0], FeedFacts("arrays", 3, False, True, 0, False, ROWS)),
        ((*ARRAYS, np.ones(ROWS)), FeedFacts("arrays", 3, False, True, 0, False, ROWS)),
        (({"a": ARRAYS[0]}, [ARRAYS[1]]), FeedFacts("arrays", 3, False, True, 0, False, ROWS)),
        ((tf.zeros((ROWS, 2)), None), FeedFacts("arrays", 3, False, True, 0, False, ROWS)),
        (dataset(), FeedFacts("tf_data", 3, False, True, 0, False)),
        (dataset().repeat(), FeedFacts("tf_data", None, True, True, 0, False)),
        (
            dataset().filter(lambda x, y: True),
            FeedFacts("tf_data", None, None, True, 0, False),
        ),
        (generator(), FeedFacts("generator", None, None, False, 0, False)),
        (Items(), FeedFacts("py_dataset", 3, False, True, 0, False)),
        (EndlessItems(), FeedFacts("py_dataset", None, True, True, 0, False)),
        (Items(workers=2), FeedFacts("py_dataset", 3, False, True, 2, False)),
        (
            Items(workers=1, use_multiprocessing=True),
            FeedFacts("py_dataset", 3, False, True, 1, True),
        ),
        (
            Items(workers=0, use_multiprocessing=True),
            FeedFacts("py_dataset", 3, False, True, 0, False),
        ),
    ],
)
def test_a_feed_says_what_it_is_before_anything_is_taken_from_it(feed, facts):
    assert feeds.describe(feed, BATCH_SIZE) == facts
    assert feeds.kind_of(feed) == facts.kind
    assert feeds.can_be_iterated_again(feed) == facts.can_be_iterated_again


def choose(*datasets, by=None, **options):
    """Choose from datasets in turn."""
    by = tf.data.Dataset.range(len(datasets)).repeat() if by is None else by
    return tf.data.Dataset.choose_from_datasets(datasets, by, **options)


STOPS, GOES_ON = {"stop_on_empty_dataset": True}, {"stop_on_empty_dataset": False}
FEW, FOREVER = tf.data.Dataset.range(3), tf.data.Dataset.range(9).repeat()


@pytest.mark.parametrize(
    ("make", "ends"),
    [
        (lambda: choose(FEW, FOREVER, **STOPS), True),
        (lambda: choose(FOREVER, FOREVER, by=tf.data.Dataset.range(2)), True),
        (lambda: choose(FEW, FOREVER, **STOPS).shuffle(9).batch(2).prefetch(1), True),
        (lambda: choose(FEW, FOREVER, **STOPS).repeat(2), True),
        (lambda: choose(choose(FEW, FOREVER, **STOPS), FOREVER, **STOPS), True),
        (lambda: tf.data.Dataset.zip(choose(FEW, FOREVER, **STOPS), FOREVER), True),
        (lambda: sample(FEW, FOREVER, **STOPS), True),
        (lambda: choose(FOREVER, FOREVER, **STOPS).batch(4), False),
        (lambda: choose(FEW, FOREVER, **GOES_ON), False),
        (lambda: choose(FEW, FOREVER, **STOPS).repeat(), False),
        (lambda: sample(FOREVER, FOREVER, **STOPS).map(lambda i: i), False),
        (lambda: sample(FEW, FOREVER, **GOES_ON), False),
        (lambda: sample(FOREVER, FOREVER, weights=[0.9, 0.1]), False),
        (lambda: tf.data.Dataset.zip(FOREVER, FOREVER).cache().enumerate(), False),
        (lambda: tf.data.Dataset.counter().batch(2), False),
        (lambda: tf.data.Dataset.random(seed=1), False),
        (lambda: FOREVER.filter(lambda i: i > 3).repeat(), False),
        (lambda: FOREVER.interleave(lambda i: FEW), None),
        (lambda: FOREVER.take_while(lambda i: i < 3), True),
        (lambda: FEW.filter(lambda i: True), True),
    ],
)
def test_a_dataset_is_endless_only_where_that_is_certain(make, ends):
    """`ends` is None where it does not, though nobody can know."""
    facts = feeds.describe(make())
    assert facts.length is None
    assert facts.endless == (True if ends is False else None)
    read = sum(1 for _ in itertools.islice(feeds.batches(make()), 200))
    assert (read < 200) == bool(ends)


def sample(*datasets, **options):
    """Choose from datasets by chance."""
    return tf.data.Dataset.sample_from_datasets(datasets, seed=1, **options)


def test_arrays_come_in_batches_of_32_unless_told_as_in_keras():
    assert feeds.describe(ARRAYS).length == 2


def test_describing_a_generator_takes_nothing_from_it():
    feed = generator()
    feeds.describe(feed)
    assert len(list(feed)) == 1


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (None, "feed: got None: make_feed returned None; return the feed it builds"),
        (generator, "feed: got the function 'generator', allowed: a feed; call it"),
        (iter([1]), r"feed: got the iterator list_iterator, .* \(batch for batch in iterator\)"),
        (iter(dataset()), "feed: got the iterator OwnedIterator, which Keras does not take"),
        (7, "feed: got int, allowed: arrays .*, a tf.data.Dataset, a generator"),
        (([1, 2], [3, 4]), r"feed: got a tuple of 2 \(list, list\), allowed: arrays"),
        ((*ARRAYS, *ARRAYS), r"feed: got a tuple of 4 \(ndarray, ndarray, ndarray, ndarray\)"),
        ((), r"feed: got a tuple of 0 \(\), allowed: arrays"),
        ((None, ARRAYS[1]), r"feed: got a tuple of 2 \(NoneType, ndarray\)"),
        ((dataset(), None), r"feed: got a tuple of 2 \(_BatchDataset, NoneType\)"),
        (LengthlessItems(), "feed: got the PyDataset LengthlessItems without a length"),
        ((ARRAYS[0], np.zeros(33)), "arrays: got 34 and 33 rows, allowed: one row per sample"),
        ((np.float32(1), ARRAYS[1]), "arrays: got float32 .*, allowed: arrays with one row"),
        ([], "arrays: got no rows"),
    ],
)
def test_what_cannot_be_fed_is_refused_with_what_can(feed, message):
    with pytest.raises(BadInput, match=message) as caught:
        feeds.describe(feed)
    assert "\n" not in str(caught.value)


def test_a_class_of_the_users_with_a_frameworks_name_is_none_of_the_frameworks():
    impostor = type("PyDataset", (), {"__module__": "keras_of_mine"})()
    with pytest.raises(BadInput, match="feed: got PyDataset"):
        feeds.kind_of(impostor)


def test_telling_a_feed_imports_no_framework():
    script = (
        "import sys, numpy as np; from epochwatch import feeds\n"
        "list(feeds.batches((np.zeros((34, 3)), np.zeros(34))))\n"
        "print(*{'keras', 'tensorflow', 'torch', 'jax', 'grain'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b""
