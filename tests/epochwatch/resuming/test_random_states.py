"""The global generators draw again what they drew, and are named where they were drawn from."""

import random
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._resuming.plain_values import pack, unpack
from epochwatch._resuming.random_states import drawn_from, random_states, set_random_states

DRAWS = {
    "random": lambda: random.random(),
    "random, half of a pair": lambda: random.gauss(0, 1),
    "numpy.random": lambda: np.random.random(),
    "numpy.random, half of a pair": lambda: np.random.standard_normal(),
}


@pytest.fixture(autouse=True)
def _others_draw_as_before():
    states = random_states()
    yield
    set_random_states(states)


@given(st.lists(st.sampled_from(sorted(DRAWS)), max_size=9), st.integers(0, 2**32 - 1))
def test_what_is_drawn_is_drawn_again(before, seed):
    random.seed(seed)
    np.random.seed(seed)
    for name in before:  # so that there may be the half of a pair to come
        DRAWS[name]()
    states = unpack(pack(random_states()))
    expected = [draw() for draw in DRAWS.values()]

    set_random_states(states)

    assert [draw() for draw in DRAWS.values()] == expected


@given(st.lists(st.sampled_from(sorted(DRAWS)), max_size=4))
def test_what_was_drawn_from_is_named(draws):
    before = random_states()
    for name in draws:
        DRAWS[name]()
    named = drawn_from(before, random_states())
    assert set(named) == {name.partition(",")[0] for name in draws}
    assert drawn_from(before, before) == []


def test_a_state_is_a_copy():
    states = random_states()
    before = pack(states)
    np.random.random(700)  # more than it makes at once
    random.sample(range(10**6), 700)
    after = pack(states)
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_another_bit_generator_of_numpy_is_kept():
    own = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(5))
        states = unpack(pack(random_states()))
        expected = np.random.random(5)
        set_random_states(states)
        assert np.random.random(5).tolist() == expected.tolist()
    finally:
        np.random.set_bit_generator(own)


def test_torch_is_left_alone_where_it_is_not_loaded():
    assert ("torch" in random_states()) == ("torch" in sys.modules)
