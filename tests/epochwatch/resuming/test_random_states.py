"""Generators draw again what they drew; the global ones are named where they were drawn from."""

import itertools
import random
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._resuming.plain_values import pack, unpack
from epochwatch._resuming.random_states import (
    drawn_from,
    generator_state,
    random_states,
    set_generator_state,
    set_random_states,
)
from epochwatch.errors import BadInput

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


def generator_of(name):
    """Make a function that makes a generator of a seed."""
    return lambda seed: np.random.Generator(getattr(np.random, name)(seed))


BIT_GENERATORS = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]
GENERATORS = {
    **{name: generator_of(name) for name in BIT_GENERATORS},
    "BitGenerator": np.random.PCG64,
    "RandomState": np.random.RandomState,
    "Random": random.Random,
}


def draws(generator):
    """Draw in ways that leave half a draw over: a second normal number, 32 of 64 bits."""
    if isinstance(generator, np.random.BitGenerator):
        return generator.random_raw(3).tolist()
    if isinstance(generator, random.Random):
        return [generator.gauss(0, 1), generator.random(), generator.getrandbits(70)]
    if isinstance(generator, np.random.RandomState):
        return [*generator.standard_normal(3), *generator.randint(0, 9, 3)]
    return [*generator.integers(0, 99, 3, np.int32), *generator.standard_normal(3)]


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_goes_on_where_it_was(name):
    make = GENERATORS[name]
    generator = make(7)
    draws(generator)
    state = unpack(pack(generator_state(generator)))
    expected = [draws(generator) for _ in range(3)]
    other = make(8)
    draws(other)
    assert draws(make(7)) != expected[0]  # so where it was matters
    set_generator_state(other, state)
    assert [draws(other) for _ in range(3)] == expected
    set_generator_state(other, state)  # a state can be put back again
    assert [draws(other) for _ in range(3)] == expected


@pytest.mark.parametrize(
    "value", [None, 1, random, random.SystemRandom(), np.random.SeedSequence(1), []]
)
def test_what_is_no_generator_has_no_state(value):
    assert generator_state(value) is None


KINDS = ["PCG64", "Philox", "BitGenerator", "RandomState", "Random"]


@pytest.mark.parametrize(("there", "kept"), list(itertools.permutations(KINDS, 2)))
def test_a_state_of_another_kind_is_refused_and_changes_nothing(there, kept):
    generator = GENERATORS[there](1)
    before = pack(generator_state(generator))
    with pytest.raises(BadInput, match=r"random generator: got .*, allowed: .*, as in"):
        set_generator_state(generator, generator_state(GENERATORS[kept](2)))
    after = pack(generator_state(generator))
    assert all(np.array_equal(before[name], after[name]) for name in before | after)


def test_a_state_is_for_a_generator_alone():
    with pytest.raises(BadInput, match=r"got no generator, allowed: random.Random,"):
        set_generator_state([], generator_state(random.Random(1)))


def test_a_generator_of_torch_goes_on_where_it_was():
    torch = pytest.importorskip("torch")
    generator = torch.Generator().manual_seed(3)
    torch.rand(5, generator=generator)
    state = unpack(pack(generator_state(generator)))
    expected = torch.rand(5, generator=generator).tolist()
    other = torch.Generator()
    set_generator_state(other, state)
    assert torch.rand(5, generator=other).tolist() == expected
