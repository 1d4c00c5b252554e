"""Every feed delivers what a plain Python loop over the two streams delivers."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import feeds
from epochwatch.errors import BadInput
from epochwatch.feeds.order import slots

BATCHES = 40


def oracle(streams, batch_size):
    """Take a minority sample, a majority sample, and so on, as a person would by hand."""
    minority = itertools.cycle(streams.minority.index.tolist())
    majority = itertools.cycle(streams.majority.index.tolist())
    in_turn = (next(stream) for stream in itertools.cycle((minority, majority)))
    while True:
        yield list(itertools.islice(in_turn, batch_size))


@pytest.fixture(params=feeds.NAMES)
def feed(request):
    """The name of each way to feed fit."""
    return request.param


@pytest.mark.parametrize("batch_size", [2, 4, 16])
def test_every_feed_delivers_the_oracles_samples_in_the_oracles_order(
    feed, batch_size, tiny_streams
):
    delivered = itertools.islice(feeds.balanced(feed, tiny_streams, batch_size), BATCHES)
    indices = [np.asarray(targets["index"]).tolist() for _, targets in delivered]
    assert indices == list(itertools.islice(oracle(tiny_streams, batch_size), BATCHES))


def test_every_feed_delivers_the_image_and_the_label_that_belong_to_the_index(feed, tiny_streams):
    for images, targets in itertools.islice(feeds.balanced(feed, tiny_streams, 6), BATCHES):
        index, label = np.asarray(targets["index"]), np.asarray(targets["label"])
        assert (np.asarray(images)[:, 0, 0] == index).all()
        assert (label == np.isin(index, tiny_streams.minority.index)).all()


def test_indices_are_int64_and_images_keep_their_dtype(feed, tiny_streams):
    images, targets = next(iter(feeds.balanced(feed, tiny_streams, 4)))
    assert np.asarray(targets["index"]).dtype == np.int64
    assert np.asarray(images).dtype == np.uint8


def test_two_feeds_made_from_the_same_streams_do_not_share_their_progress(feed, tiny_streams):
    first, second = (iter(feeds.balanced(feed, tiny_streams, 4)) for _ in range(2))
    next(first)
    assert np.asarray(next(second)[1]["index"]).tolist() == [2, 0, 5, 1]


def test_an_unknown_feed_is_told_with_those_there_are(tiny_streams):
    with pytest.raises(BadInput, match=r"feed: got 'tfdata', allowed: one of tf_data, generator"):
        feeds.balanced("tfdata", tiny_streams)


@given(st.integers(0, 10**12), st.integers(1, 64), st.integers(1, 50), st.integers(1, 10**9))
def test_a_batch_needs_none_of_the_batches_before_it(place, half, minority, majority):
    stream, position = slots(place, 2 * half, (minority, majority))
    rank = [place * half + i for i in range(half)]
    assert position[stream == 0].tolist() == [r % minority for r in rank]
    assert position[stream == 1].tolist() == [r % majority for r in rank]
