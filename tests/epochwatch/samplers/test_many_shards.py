"""A sampler of 10^12 samples in 4,096 shards: none left out and none twice, on samples of steps.

That every sample has its place cannot be seen from batches, for nobody can go through them. So
the permutation is taken back here, in Python's own integers: a sample's position in its pass says
which shard must train it, and in which step.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochwatch import BalancedSampler
from epochwatch._samplers.permutation import ROUNDS, bases_of, key_of
from epochwatch._splitmix import INCREMENT
from tests.epochwatch.samplers.test_permutation import MASK, mixed

SAMPLES, SHARDS, BATCH_SIZE, SEED = 10**12, 4_096, 16, 7
OF_A_STEP = SHARDS * BATCH_SIZE  # samples that all shards train together
STEPS = SAMPLES // OF_A_STEP  # whole ones of a pass; the next begins in the middle of one


def shard_of(number):
    return BalancedSampler([SAMPLES], BATCH_SIZE, SEED, shard=(number, SHARDS))


def position_of(sample, number_of_pass):
    """Take the permutation back: where in a pass a sample stands."""
    base_left, base_right = bases_of(SAMPLES)
    key, number = key_of(SEED, 0, number_of_pass), sample
    while True:
        left, right = divmod(number, base_right)
        for turn in range(ROUNDS, 0, -1):
            round_key = key ^ (turn * INCREMENT & MASK)
            if turn % 2:
                left = (left - (mixed((right * INCREMENT + round_key) & MASK) >> 1)) % base_left
            else:
                right = (right - (mixed((left * INCREMENT + round_key) & MASK) >> 1)) % base_right
        number = left * base_right + right
        if number < SAMPLES:
            return number


@settings(deadline=None)
@given(st.integers(0, SAMPLES - 1), st.integers(0, 3))
def test_every_sample_of_a_pass_is_trained_by_one_shard_in_one_step(sample, number_of_pass):
    place = number_of_pass * SAMPLES + position_of(sample, number_of_pass)
    step, in_step = divmod(place, OF_A_STEP)
    shard, slot = divmod(in_step, BATCH_SIZE)
    assert shard_of(shard)[step][slot] == sample


@pytest.fixture(scope="module")
def together():
    """What all shards train in two steps; in the second a pass ends, and the next begins."""
    shards = [shard_of(number) for number in range(SHARDS)]
    return {step: np.concatenate([shard[step] for shard in shards]) for step in (10**6, STEPS)}


def test_all_shards_together_train_the_one_sequence(together):
    one = BalancedSampler([SAMPLES], OF_A_STEP, SEED)
    assert all(np.array_equal(samples, one[step]) for step, samples in together.items())


def test_no_sample_comes_twice_in_a_pass_whatever_shard_and_step(together):
    of_last = SAMPLES - STEPS * OF_A_STEP
    assert 0 < of_last < OF_A_STEP
    a_pass = np.append(together[10**6], together[STEPS][:of_last])
    assert len(np.unique(a_pass)) == len(a_pass)
    assert a_pass.min() >= 0
    assert a_pass.max() < SAMPLES
