"""The permutation is one, of any size; it shuffles; and it is the network it says it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from epochwatch._samplers import permutation
from epochwatch._samplers.permutation import bases_of, key_of, keys_of, permuted

KEYS = st.integers(0, 2**64 - 1)
SIZES = st.one_of(st.integers(1, 2**62), st.integers(1, 300))

# By chance a test of one of 100 seeds falls below this once in 10^4 runs; seeds are fixed.
UNLIKELY = 1e-6
MASK = 2**64 - 1


def mixed(value):
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & MASK
    return value ^ (value >> 31)


def oracle(number, size, key):
    """The network by hand, in Python's integers, one number at a time."""
    golden = 0x9E3779B97F4A7C15
    a, b = bases_of(size)
    rounds = 24 if size < 256 else 10
    while True:
        left, right = divmod(number, b)
        for turn in range(1, rounds + 1):
            round_key = key ^ (turn * golden & MASK)
            if turn % 2:
                left = (left + (mixed((right * golden + round_key) & MASK) >> 1)) % a
            else:
                right = (right + (mixed((left * golden + round_key) & MASK) >> 1)) % b
        number = left * b + right
        if number < size:
            return number


@given(st.integers(1, 5000), KEYS)
def test_it_is_a_permutation(size, key):
    moved = permuted(np.arange(size), size, key)
    assert (moved.dtype, moved.shape) == (np.int64, (size,))
    assert (np.sort(moved) == np.arange(size)).all()


@pytest.mark.parametrize("size", [1, 2, 3, 34, 255, 256, 257, 2**16 - 1, 2**16, 2**16 + 1, 53258])
def test_it_is_a_permutation_of_sizes_at_the_edge(size):
    assert (np.sort(permuted(np.arange(size), size, 3)) == np.arange(size)).all()


@given(SIZES, KEYS, st.data())
def test_it_is_the_network_of_the_source(size, key, data):
    numbers = data.draw(st.lists(st.integers(0, size - 1), max_size=5))
    expected = [oracle(number, size, key) for number in numbers]
    assert permuted(np.array(numbers, np.int64), size, key).tolist() == expected


def test_an_order_is_the_same_for_ever():
    """Pinned: whoever resumes a run with another release must get the next samples."""
    assert permuted(np.arange(10), 10, key=1).tolist() == [9, 3, 6, 4, 7, 2, 1, 8, 5, 0]
    assert permuted(np.arange(3), 10**9, key_of(5, 1)).tolist() == [
        950203727,
        34646212,
        60457506,
    ]


@given(st.integers(1, 2**62), st.lists(KEYS, min_size=1, max_size=20))
def test_a_key_for_each_position_is_as_good_as_one_by_one(size, keys):
    positions = np.arange(len(keys)) % size
    together = permuted(positions, size, np.array(keys, np.uint64))
    one_by_one = [permuted(positions[i : i + 1], size, key)[0] for i, key in enumerate(keys)]
    assert together.tolist() == one_by_one


@given(st.integers(1, 100), KEYS)
def test_rows_are_worked_on_a_part_at_a_time(size, key):
    whole = permuted(np.arange(size), size, key)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permutation, "ROWS_AT_ONCE", 7)
        assert (permuted(np.arange(size), size, key) == whole).all()


@given(st.integers(1, 2**62))
def test_hardly_any_number_is_outside(size):
    left, right = bases_of(size)
    assert 0 <= left * right - size < left + right
    assert left <= 2**31 + 1


@given(KEYS, st.lists(KEYS, min_size=1, max_size=5))
def test_keys_of_many_are_those_of_each(first, parts):
    assert keys_of(key_of(first), np.array(parts, np.uint64)).tolist() == [
        key_of(first, part) for part in parts
    ]


def keys(count):
    return keys_of(key_of(2026), np.arange(count, dtype=np.uint64))


def likelihood(counts):
    return stats.chisquare(counts).pvalue


@pytest.mark.parametrize("size", [2, 3, 5, 34, 255, 256, 1000])
def test_a_sample_comes_at_every_place_as_often(size):
    many = keys(100 * size)
    for position in (0, 1, size // 2, size - 1):
        place = permuted(np.full(len(many), position), size, many)
        assert likelihood(np.bincount(place, minlength=size)) > UNLIKELY


@pytest.mark.parametrize("size", [3, 7, 34, 100, 300])
def test_where_a_sample_comes_says_nothing_of_where_another_does(size):
    many = keys(20 * size * size)
    for pair in ((0, 1), (0, size // 2), (1, 2), (size - 2, size - 1)):
        one, other = (permuted(np.full(len(many), position), size, many) for position in pair)
        counts = np.bincount(one * size + other, minlength=size * size).reshape(size, size)
        assert likelihood(counts[~np.eye(size, dtype=bool)]) > UNLIKELY


@pytest.mark.parametrize(("size", "orders"), [(3, 6), (4, 24), (5, 120), (6, 720)])
def test_every_order_of_a_few_samples_comes_as_often(size, orders):
    many = keys(200 * orders)
    places = [permuted(np.full(len(many), position), size, many) for position in range(size)]
    counts = np.unique(np.stack(places), axis=1, return_counts=True)[1]
    assert len(counts) == orders
    assert likelihood(counts) > UNLIKELY


@pytest.mark.parametrize("size", [1000, 53258, 10**9, 10**18])
def test_neighbours_do_not_stay_neighbours(size):
    """The steps from one sample to the next are spread over the whole size, and as for chance."""
    moved = permuted(np.arange(min(size, 50_000)), size, 11)
    step = np.diff(moved) % size
    assert likelihood(np.bincount(step * 20 // size if size < 2**58 else step // (size // 20))) > (
        UNLIKELY
    )
    assert abs(np.corrcoef(moved[:-1], moved[1:])[0, 1]) < 5 / np.sqrt(len(moved))


def test_keys_that_are_near_give_orders_that_are_not():
    orders = np.array([permuted(np.arange(1000), 1000, key) for key in range(200)])
    kept = (orders[1:] == orders[:-1]).sum()
    assert abs(kept - 199) < 5 * np.sqrt(199)  # one of a permutation stays in place, on average
