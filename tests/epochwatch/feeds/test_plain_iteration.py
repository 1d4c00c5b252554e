"""A feed iterated plainly delivers what a plain loop over its rows delivers."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import feeds
from epochwatch.errors import BadInput
from epochwatch.feeds._plain_iteration import before_first_pass, between_passes
from tests.epochwatch.feeds.test_facts import BATCH_SIZE, ROWS, EndlessItems, Items

BEYOND_FLOATS = 2**62 + 1


def ids(batches):
    return [np.asarray(y).tolist() for _, y, _ in batches]


@given(st.integers(1, 70), st.integers(1, 40))
def test_arrays_come_row_by_row_and_the_last_batch_may_be_short(rows, batch_size):
    y = np.arange(rows) + BEYOND_FLOATS
    delivered = list(feeds.batches((np.zeros((rows, 2)), y, np.ones(rows)), batch_size))
    one_by_one = iter(y.tolist())
    assert ids(delivered) == list(iter(lambda: list(itertools.islice(one_by_one, batch_size)), []))
    assert len(delivered) == feeds.describe((y,), batch_size).length
    assert all(len(x) == len(y) == len(weight) for x, y, weight in delivered)


@pytest.mark.parametrize("make", [Items, lambda: tf.data.Dataset.range(ROWS).batch(BATCH_SIZE)])
def test_34_samples_in_batches_of_16_end_with_one_of_2(make):
    batches = list(feeds.batches(make()))
    assert [len(x) for x, _, _ in batches] == [16, 16, 2]


def test_a_py_dataset_comes_item_by_item_and_an_endless_one_without_end():
    assert ids(feeds.batches(Items())) == [
        list(range(16)),
        list(range(16, 32)),
        [32, 33],
    ]
    assert len(list(itertools.islice(feeds.batches(EndlessItems()), 9))) == 9


def test_what_is_not_there_is_none_and_a_dictionary_of_inputs_stays_one():
    x = np.zeros((2, 3))
    for feed in ((x,), x, [x]):
        assert [batch[1:] for batch in feeds.batches(feed)] == [(None, None)]
    for made in (lambda: x, lambda: (x,), lambda: [x], lambda: {"a": x}):
        [batch] = feeds.batches(made() for _ in range(1))
        assert batch[1:] == (None, None)
    assert batch[0].keys() == {"a"}


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float16", "bfloat16", "string", "bool"])
def test_leaves_are_numpy_arrays_of_the_dtype_that_was_delivered(dtype):
    column = tf.zeros((3,), "int64") if dtype != "string" else tf.constant(["a", "b", "c"])
    column = column if dtype == "string" else tf.cast(column, dtype)
    feed = tf.data.Dataset.from_tensor_slices(({"a": column}, (column, column))).batch(2)
    for x, y, _ in feeds.batches(feed):
        for leaf in (x["a"], *y):
            assert isinstance(leaf, np.ndarray)
            assert leaf.dtype == (object if dtype == "string" else dtype)


def test_what_has_no_dense_array_is_handed_on_as_it_is():
    ragged = tf.ragged.constant([[1], [2, 3], [4]])
    feed = tf.data.Dataset.from_tensor_slices((ragged, [0, 1, 2])).batch(2)
    for x, y, _ in feeds.batches(feed):
        assert isinstance(x, tf.RaggedTensor)
        assert isinstance(y, np.ndarray)


def test_a_batch_nested_in_another_way_is_named_with_its_place():
    a = np.zeros(2)
    feed = iter([(a, {"label": a, "index": a}), (a, {"index": a, "label": a}), (a, {"label": a})])
    batches = feeds.batches(batch for batch in feed)
    assert len(list(itertools.islice(batches, 2))) == 2
    with pytest.raises(BadInput) as caught:
        next(batches)
    assert str(caught.value) == (
        "batch 2 of the feed: got (x, y, sample_weight) nested as (array, {label: array}, None), "
        "allowed: as in batch 0, (array, {index: array, label: array}, None); give every batch "
        "the same parts and keys"
    )


def test_a_batch_of_four_parts_is_refused():
    a = np.zeros(2)
    batches = feeds.batches((a, a, a, a) for _ in range(1))
    with pytest.raises(BadInput, match="batch 0 of the feed: got 4 parts, allowed"):
        next(batches)


def test_a_bad_feed_is_refused_before_the_first_batch_is_asked_for():
    with pytest.raises(BadInput, match="feed: got None"):
        feeds.batches(None)


class Told(Items):
    """Items that write down which of their hooks were called."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def test_the_hooks_of_two_plain_passes_are_those_that_fit_calls_before_each_epoch():
    fed, plain = Told(), Told()
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.build((None, 1))
    model.fit(fed, epochs=2, shuffle=False, verbose=0)
    before_first_pass(plain)
    list(feeds.batches(plain))
    between_passes(plain)
    list(feeds.batches(plain))
    # What is left is called after the last epoch.
    assert fed.calls == [*plain.calls, "end"]
    assert plain.calls == ["end", "begin"] * 2


@pytest.mark.parametrize("feed", [(np.zeros((2, 1)), np.zeros(2)), (b for b in [])])
def test_other_feeds_have_no_hooks(feed):
    before_first_pass(feed)
    between_passes(feed)
