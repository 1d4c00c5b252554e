"""A sampler over a single stream is a shuffle: each pass whole, in another order, resumable."""

import itertools
import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import BalancedSampler

PASSES = 5

# Ten samples have so many orders that two of them are not the same by chance.
sizes, batch_sizes, seeds = st.integers(10, 60), st.integers(1, 20), st.integers(0, 2**63 - 1)


def passes_of(sampler):
    """The first passes, int64 (PASSES, samples), also where they begin in mid-batch."""
    (size,) = sampler.sizes
    batches = sampler[0 : -(-PASSES * size // sampler.batch_size)]
    return batches.ravel()[: PASSES * size].reshape(PASSES, size)


@given(sizes, batch_sizes, seeds)
def test_every_pass_has_each_sample_once(size, batch_size, seed):
    for one in passes_of(BalancedSampler([size], batch_size, seed=seed)):
        assert sorted(one.tolist()) == list(range(size))


@given(sizes, batch_sizes, seeds)
def test_no_two_passes_have_the_same_order(size, batch_size, seed):
    passes = passes_of(BalancedSampler([size], batch_size, seed=seed))
    assert len(np.unique(passes, axis=0)) == PASSES


@given(sizes, batch_sizes, seeds, st.integers(0, 40))
def test_a_state_goes_on_with_the_next_batch_wherever_it_was_saved(size, batch_size, seed, trained):
    sampler = BalancedSampler([size], batch_size, seed=seed)
    for _ in itertools.islice(sampler, trained):
        pass
    state = json.loads(json.dumps(sampler.state_dict()))
    resumed = BalancedSampler([size], batch_size, seed=seed)
    resumed.load_state_dict(state)
    following = [batch.tolist() for batch in itertools.islice(resumed, 10)]
    assert following == sampler[trained : trained + 10].tolist()


@given(sizes, batch_sizes)
def test_another_seed_is_another_order_and_no_other_seed_has_a_say(size, batch_size):
    one, again, other = (BalancedSampler([size], batch_size, seed=seed) for seed in (1, 1, 2))
    first = passes_of(one)
    np.random.seed(3)  # what `set_random_seed` seeds
    assert passes_of(again).tolist() == first.tolist() != passes_of(other).tolist()


@given(st.permutations(range(100, 130)), batch_sizes, seeds)
def test_the_indices_of_a_stream_are_shuffled_as_their_places_are(index, batch_size, seed):
    index = np.array(index)
    by_place = passes_of(BalancedSampler([len(index)], batch_size, seed=seed))
    by_index = passes_of(BalancedSampler([index], batch_size, seed=seed))
    assert by_index.tolist() == index[by_place].tolist()
