"""Every feed delivers what a plain Python loop over the two streams delivers."""

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import feeds
from epochwatch.errors import BadInput
from epochwatch.feeds import balanced_slots

BATCHES = 40

# Ways to feed fit whose package need not be here.
LOADERS = {"torch_loader": "torch", "grain_loader": "grain"}


def oracle(streams, batch_size):
    """Take a minority sample, a majority sample, and so on, as a person would by hand."""
    minority = itertools.cycle(streams.minority.index.tolist())
    majority = itertools.cycle(streams.majority.index.tolist())
    in_turn = (next(stream) for stream in itertools.cycle((minority, majority)))
    while True:
        yield list(itertools.islice(in_turn, batch_size))


def delivered(feed, streams, batch_size):
    """The first batches of a balanced feed, iterated plainly."""
    balanced = feeds.balanced(feed, streams, batch_size)
    return itertools.islice(feeds.batches(balanced, batch_size), BATCHES)


@pytest.fixture(params=[name for name in feeds.NAMES if name not in LOADERS])
def feed(request):
    """The name of each way to feed fit that needs no extra package."""
    return request.param


@pytest.mark.parametrize("batch_size", [2, 4, 16])
def test_every_feed_delivers_the_oracles_samples_in_the_oracles_order(
    feed, batch_size, tiny_streams
):
    indices = [y["index"].tolist() for _, y, _ in delivered(feed, tiny_streams, batch_size)]
    majority_epoch = {2: 12, 4: 6, 16: 2}[batch_size]  # of 12 samples, and 12 more beside them
    assert len(indices) == (majority_epoch if feed == "arrays" else BATCHES)
    assert indices == list(itertools.islice(oracle(tiny_streams, batch_size), len(indices)))


def test_every_feed_delivers_the_image_and_the_label_that_belong_to_the_index(feed, tiny_streams):
    for images, targets, _ in delivered(feed, tiny_streams, 6):
        assert (images[:, 0, 0] == targets["index"]).all()
        assert (targets["label"] == np.isin(targets["index"], tiny_streams.minority.index)).all()


def test_indices_are_int64_and_images_keep_their_dtype(feed, tiny_streams):
    images, targets, _ = next(delivered(feed, tiny_streams, 4))
    assert targets["index"].dtype == np.int64
    assert images.dtype == np.uint8


def test_two_feeds_made_from_the_same_streams_do_not_share_their_progress(feed, tiny_streams):
    first, second = (delivered(feed, tiny_streams, 4) for _ in range(2))
    next(first)
    assert next(second)[1]["index"].tolist() == [2, 0, 5, 1]


def test_a_balanced_feed_is_of_the_kind_that_its_name_says(feed, tiny_streams):
    facts = feeds.describe(feeds.balanced(feed, tiny_streams, 4), batch_size=4)
    assert facts.kind == feed
    assert facts.length == (6 if feed == "arrays" else None)


def test_arrays_are_laid_out_to_the_end_of_the_majority_and_of_the_batch(tiny_streams):
    _, targets = feeds.balanced("arrays", tiny_streams, 10)
    assert len(targets["index"]) == 30
    assert np.isin(tiny_streams.majority.index, targets["index"]).all()


def test_an_unknown_feed_is_told_with_those_there_are(tiny_streams):
    with pytest.raises(BadInput, match=r"feed: got 'tfdata', allowed: one of tf_data, generator"):
        feeds.balanced("tfdata", tiny_streams)


@given(st.integers(0, 10**12), st.integers(1, 64), st.integers(1, 50), st.integers(1, 10**9))
def test_a_batch_needs_none_of_the_batches_before_it(place, half, minority, majority):
    stream, position = balanced_slots(place, 2 * half, (minority, majority))
    rank = [place * half + i for i in range(half)]
    assert position[stream == 0].tolist() == [r % minority for r in rank]
    assert position[stream == 1].tolist() == [r % majority for r in rank]


@pytest.mark.parametrize(("feed", "package"), [*LOADERS.items(), ("tf_data", "tensorflow")])
def test_a_package_that_is_not_installed_is_told_with_the_extra_that_installs_it(
    feed, package, monkeypatch, tiny_streams
):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"epochwatch.feeds.{feed}", raising=False)
    with pytest.raises(BadInput) as caught:
        feeds.balanced(feed, tiny_streams)
    assert str(caught.value) == (
        f"feed: got '{feed}': {package} is not installed; pip install 'epochwatch[{package}]'"
    )
    assert not feeds.is_installed(feed)
    assert feeds.is_installed("arrays")
