"""A Sequence of tf_keras is a py_dataset, and can be given indices."""

import pickle

import numpy as np
import pytest

from epochwatch import feeds, with_index
from epochwatch.errors import BadInput
from epochwatch.feeds._plain_iteration import before_first_pass, between_passes

tf_keras = pytest.importorskip("tf_keras")

ROWS, BATCH_SIZE = 34, 16


class Items(tf_keras.utils.Sequence):
    """Three items of sixteen, sixteen and two samples; sample i is i."""

    def __len__(self):
        return 3

    def __getitem__(self, place):
        rows = np.arange(ROWS)[place * BATCH_SIZE : (place + 1) * BATCH_SIZE]
        return rows[:, None].astype("float32"), rows


class Shuffled(Items):
    """Items that may hold other samples after an epoch."""

    def on_epoch_end(self):
        """Do what it likes."""


def test_a_sequence_is_told_described_and_iterated():
    assert feeds.describe(Items())[:6] == ("py_dataset", 3, False, True, 0, False)
    ids = [y.tolist() for _, y, _ in feeds.batches(Items())]
    assert ids == [list(range(16)), list(range(16, 32)), [32, 33]]


def test_a_sequence_with_indices_is_a_sequence_and_survives_pickling():
    feed = pickle.loads(pickle.dumps(with_index(Items())))
    assert isinstance(feed, tf_keras.utils.Sequence)
    assert len(feed) == 3
    for place in range(3):
        _, targets = feed[place]
        assert (targets["index"] == targets["label"]).all()


def test_fit_of_tf_keras_takes_it_and_ends_its_epochs():
    ended = []
    items = Shuffled()
    items.on_epoch_end = lambda: ended.append(True)
    inputs = tf_keras.Input((1,))
    dense = tf_keras.layers.Dense
    outputs = {"label": dense(1, name="label")(inputs), "index": dense(1, name="index")(inputs)}
    model = tf_keras.Model(inputs, outputs)
    model.compile("sgd", {"label": "mse", "index": "mse"})
    indices = [np.arange(ROWS)[i * 16 : (i + 1) * 16] for i in range(3)]
    model.fit(with_index(items, index=indices.__getitem__), epochs=2, verbose=0)
    assert len(ended) == 2


def test_plain_passes_of_a_sequence_end_an_epoch_between_them_and_none_before():
    ended = []
    items = Shuffled()
    items.on_epoch_end = lambda: ended.append(True)
    before_first_pass(items)
    assert ended == []
    between_passes(items)
    assert ended == [True]


def test_a_sequence_with_its_own_epoch_hook_needs_indices():
    with pytest.raises(BadInput, match="Shuffled with its own on_epoch_end"):
        with_index(Shuffled())
