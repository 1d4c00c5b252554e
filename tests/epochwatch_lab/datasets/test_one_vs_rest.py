import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from epochwatch.errors import BadInput
from epochwatch_lab.datasets import Stream, load_mnist, one_vs_rest

SHAPES = st.sampled_from([(), (2,), (4, 4), (3, 2, 1), (0,)])
DTYPES = st.sampled_from([np.uint8, np.int64, np.float16, np.float64])


@st.composite
def data_and_positive(draw):
    """Row i of the images is filled with i, so that an image says which row it is."""
    labels = draw(hnp.arrays(np.uint8, st.integers(2, 60), elements=st.integers(0, 3)))
    labels[:2] = [0, 1]
    shape = draw(SHAPES)
    rows = np.arange(len(labels)).reshape(-1, *(1 for _ in shape))
    images = np.broadcast_to(rows, (len(labels), *shape)).astype(draw(DTYPES))
    return images, labels, draw(st.sampled_from(sorted(set(labels.tolist()))))


@given(data_and_positive())
def test_every_sample_is_in_exactly_one_stream_with_its_own_index(data):
    _, labels, positive = data
    streams = one_vs_rest(*data)
    both = np.concatenate([stream.index for stream in streams])
    assert sorted(both.tolist()) == list(range(len(labels)))
    assert streams.minority.index.tolist() == [
        row for row, label in enumerate(labels) if label == positive
    ]


@given(data_and_positive())
def test_a_stream_has_its_images_in_their_original_order_and_dtype(data):
    images = data[0]
    for stream in one_vs_rest(*data):
        np.testing.assert_array_equal(stream.images, images[stream.index], strict=True)
        assert stream.index.dtype == np.int64
        assert (np.diff(stream.index) > 0).all()
        assert stream.samples == len(stream.index) == len(stream.images)


def test_the_minority_has_label_one_and_the_majority_zero():
    streams = one_vs_rest(np.zeros(3), np.array([7, 2, 7]), positive=7)
    assert [stream.label for stream in streams] == [1, 0]


def test_labels_may_be_names():
    streams = one_vs_rest(np.zeros(3), np.array(["cat", "dog", "cat"]), positive="dog")
    assert streams.minority.index.tolist() == [1]


def test_plain_lists_will_do():
    assert one_vs_rest([[5], [6]], [0, 1]).minority.images.tolist() == [[6]]


def test_a_stream_cannot_be_changed():
    stream = Stream(np.zeros(1), 1, np.zeros(1, np.int64))
    with pytest.raises(AttributeError):
        stream.label = 0


def test_digit_1_of_mnist_has_the_sizes_of_the_original_post():
    train = load_mnist().train
    minority, majority = one_vs_rest(*train, positive=1)
    assert (minority.samples, majority.samples) == (6_742, 53_258)
    assert (train.labels[minority.index] == 1).all()
    # The labels begin 5 0 4 1 9 2 1 3 1 4.
    assert minority.index[:3].tolist() == [3, 6, 8]
    assert majority.index[:7].tolist() == [0, 1, 2, 4, 5, 7, 9]


SOME_NAN = np.zeros((4, 2, 2))
SOME_NAN[[2, 3], 1, 0] = np.nan


@pytest.mark.parametrize(
    ("images", "labels", "positive", "message"),
    [
        (
            np.zeros((3, 2)),
            [0, 1],
            1,
            "images and labels: got shapes (3, 2) and (2,), allowed: the same number of images "
            "(along the first axis) and labels",
        ),
        (
            np.zeros(()),
            [0, 1],
            1,
            "images and labels: got shapes () and (2,), allowed: the same number of images "
            "(along the first axis) and labels",
        ),
        (
            np.zeros((2, 2)),
            np.eye(2),
            1,
            "labels: got shape (2, 2), allowed: one dimension, a class number for each image "
            "(turn one-hot labels into these by argmax over the last axis)",
        ),
        (np.zeros(3), [0, 4, 2], 10, "positive: got 10, allowed: one of 0, 2, 4"),
        (np.zeros(3), [0, 4, 2], "one", "positive: got 'one', allowed: one of 0, 2, 4"),
        (np.zeros(3), [0, 4, 2], [0, 4], "positive: got [0, 4], allowed: one of 0, 2, 4"),
        (
            np.zeros(0),
            [],
            1,
            "positive: got 1, allowed: one of the labels, but there are none",
        ),
        (
            np.zeros(1_000),
            np.arange(1_000),
            -1,
            "positive: got -1, allowed: one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, "
            "15, 16, 17, 18, 19, …",
        ),
        (
            np.zeros(3),
            [1, 1, 1],
            1,
            "labels: got 1 for all 3 samples, allowed: at least one sample of another class, to "
            "be the majority",
        ),
        (
            SOME_NAN,
            [0, 1, 0, 1],
            1,
            "images: got NaN in 2 of 4 images, the first in row 2, allowed: numbers only; leave "
            "these rows out of images and labels",
        ),
    ],
)
def test_what_cannot_be_split_is_refused_in_one_line(images, labels, positive, message):
    with pytest.raises(BadInput, match=f"^{re.escape(message)}$"):
        one_vs_rest(images, labels, positive)
