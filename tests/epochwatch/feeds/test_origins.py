"""A feed of a sampler is made again from any step; it is forgotten with all that it held."""

import gc
import itertools
import weakref

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import BalancedSampler, feeds
from epochwatch.errors import BadInput
from epochwatch.feeds._origins import origin_of

ROWS, BATCH_SIZE = 34, 16
STREAMS = {"minority": np.arange(29, 34), "majority": np.arange(29)}
NAMES = [name for name in feeds.SAMPLED if feeds.is_installed(name)]


def samples():
    return np.arange(ROWS, dtype=np.float32)[:, None], np.arange(ROWS) // 29


def sampler(shard=(0, 1)):
    return BalancedSampler(STREAMS, BATCH_SIZE // shard[1], seed=3, shard=shard)


def indices(feed, count):
    delivered = itertools.islice(feeds.batches(feed), count)
    return [np.asarray(targets["index"]).tolist() for _, targets, _ in delivered]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.parametrize("step", [0, 5, 10**12])
def test_the_feed_is_made_again_from_any_step(name, start, step):
    feed = feeds.sampled(name, sampler(), samples(), start=start)
    origin = origin_of(feed)
    again = origin.at(step)
    assert (type(again), again is feed) == (type(feed), False)
    assert indices(again, 20) == sampler()[step : step + 20].tolist()
    assert indices(feed, 3) == sampler()[start : start + 3].tolist()
    assert (origin.start, origin_of(again).start) == (start, step)
    assert indices(origin_of(again).at(start), 3) == indices(feed, 3)


def test_a_step_is_made_at_the_same_cost_whatever_it_is(name):
    """Nothing is looked up: a function of the user's is not called for what is passed over."""
    looked_up = []

    def look_up(index):
        tf.py_function(lambda values: looked_up.append(len(values)), [index], [])
        return index[:, None], index

    origin = origin_of(feeds.sampled(name, sampler(), look_up))
    again = origin.at(10**15)
    assert indices(again, 1) == sampler()[10**15 : 10**15 + 1].tolist()
    assert len(looked_up) < 10  # a few are read ahead


def test_options_stay():
    feed = feeds.sampled("py_dataset", sampler(), samples(), workers=3, max_queue_size=5)
    again = origin_of(feed).at(4)
    assert (again.workers, again.max_queue_size) == (3, 5)


@given(st.integers(0, 9), st.integers(0, 9), st.sampled_from([1, 2, 4, 8]), st.booleans())
def test_a_state_of_any_shard_leads_to_the_next_step(start, trained, shards, is_saved_by_shards):
    """Saved by one and gone on with by several, or the other way round."""
    shard = shards - 1, shards
    saving, loading = (
        (sampler(shard), sampler()) if is_saved_by_shards else (sampler(), sampler(shard))
    )
    saved = origin_of(feeds.sampled("py_dataset", saving, samples(), start=start))
    state = saved.state(trained)
    origin = origin_of(feeds.sampled("py_dataset", loading, samples()))
    assert origin.step_of(state) == start + trained
    assert (saving.step, loading.step) == (0, 0)
    delivered = indices(origin.at(origin.step_of(state)), 2)
    assert delivered == loading[start + trained : start + trained + 2].tolist()


def test_a_state_of_another_sampler_is_refused(name):
    state = BalancedSampler(STREAMS, BATCH_SIZE, seed=4).state_dict()
    origin = origin_of(feeds.sampled(name, sampler(), samples()))
    with pytest.raises(BadInput, match="state: got seed 4, but this sampler has 3"):
        origin.step_of(state)


@pytest.mark.parametrize("step", [-1, 1.0, 2**63])
def test_what_is_no_step_is_refused(name, step):
    with pytest.raises(BadInput, match="start: got"):
        origin_of(feeds.sampled(name, sampler(), samples())).at(step)


@pytest.mark.parametrize(
    "change",
    [
        lambda feed: feed.map(lambda image, targets: (image, targets)),
        lambda feed: feed.prefetch(1),
        lambda feed: feed.take(3),
        lambda feed: feed.with_options(tf.data.Options()),
    ],
)
def test_what_is_made_of_a_dataset_has_no_origin(change):
    feed = feeds.sampled("tf_data", sampler(), samples())
    assert origin_of(feed) is not None
    assert origin_of(change(feed)) is None


@pytest.mark.parametrize(
    "feed",
    [None, (np.zeros(3), np.zeros(3)), {"x": 1}, np.zeros(3), [1], (batch for batch in [1])],
)
def test_any_other_feed_has_none(feed):
    assert origin_of(feed) is None


def test_a_feed_and_its_samples_are_not_kept_alive(name):
    arrays = samples()
    feed = feeds.sampled(name, sampler(), arrays)
    indices(feed, 2)
    again = origin_of(feed).at(5)
    gone = [weakref.ref(feed), weakref.ref(again), weakref.ref(arrays[0])]
    del feed, arrays, again
    gc.collect()
    assert [reference() for reference in gone] == [None, None, None]
