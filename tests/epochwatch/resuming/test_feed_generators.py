"""Another feed draws what the first would have drawn, from the states of its generators on."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._resuming.feed_generators import generator_states, set_generator_states


class Part:
    def __init__(self, **attributes):
        vars(self).update(attributes)


def feed(seed):
    """One that holds generators of all kinds, some of them in its parts, one of them twice."""
    shared = np.random.default_rng(seed)
    transform = Part(python=random.Random(seed + 1))
    dataset = Part(legacy=np.random.RandomState(seed + 2), _transform=transform, rng=shared)
    return Part(rng=shared, dataset=dataset, sampler=None, size=7)


def draw(feed):
    dataset = feed.dataset
    return (
        feed.rng.integers(2**62),
        dataset.legacy.standard_normal(),
        dataset._transform.python.gauss(0, 1),
        dataset.rng.random(dtype=np.float32),
    )


@given(st.integers(0, 99), st.integers(0, 99), st.lists(st.booleans(), max_size=4))
def test_another_feed_draws_the_same_from_the_states_on(seed, other_seed, draws):
    one, other = feed(seed), feed(other_seed)
    for draws_first in draws:
        draw(one if draws_first else other)
    states = generator_states(one)
    expected = [draw(one) for _ in range(3)]
    set_generator_states(other, states)
    assert [draw(other) for _ in range(3)] == expected
    assert len(states) == 3  # the shared one once


def test_each_state_is_as_it_was_then():
    one = feed(0)
    states = generator_states(one)
    expected = draw(one)
    set_generator_states(one, states)
    assert draw(one) == expected


def test_parts_that_hold_each_other_are_met_once():
    one = Part(rng=np.random.default_rng(0))
    one.dataset = Part(sampler=Part(dataset=one))
    assert len(generator_states(one)) == 1


@pytest.mark.parametrize("plain", [None, 3, (np.zeros(3), np.zeros(3)), {"rng": 1}])
def test_feeds_without_generators_have_no_states(plain):
    assert generator_states(plain) == []
    set_generator_states(plain, [])


def test_a_feed_with_other_generators_is_not_set():
    with pytest.raises(ValueError, match="zip"):
        set_generator_states(Part(), generator_states(feed(0)))
