"""Both epochs of balanced batches, against brute force and, with a fixed seed, simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.exposures import TrainedBatch, coverage
from epochwatch_lab.epoch_lengths import (
    EpochLengths,
    exposures_by_draw,
    exposures_in_turn,
    recut_epochs,
)

STANDARD_ERRORS = 4  # which chance alone misses once in 16,000
RUNS = 4_000
SIZES = st.integers(1, 40)


def in_turn(samples, draws):
    """Count the exposures of a stream that is read in order: a plain loop."""
    exposures = [0] * samples
    for draw in range(draws):
        exposures[draw % samples] += 1
    return exposures


@given(SIZES, st.integers(0, 200))
def test_in_turn_exposures_differ_by_at_most_one(samples, draws):
    exposures = in_turn(samples, draws)
    assert exposures_in_turn(samples, draws) == (min(exposures), max(exposures))


@given(SIZES, SIZES, st.integers(1, 17))
def test_an_epoch_is_the_fewest_steps_that_go_once_through_its_stream(minority, majority, a_step):
    lengths = EpochLengths.from_samples(minority, majority, a_step)
    for steps, samples in zip(lengths, (minority, majority), strict=True):
        assert (steps - 1) * a_step < samples <= steps * a_step
    seen_by = [min(k * lengths.minority * a_step, majority) for k in range(1, 41)]
    assert seen_by.index(majority) + 1 == lengths.minority_epochs


def test_mnist_with_the_digit_1_in_batches_of_16():
    lengths = EpochLengths.from_samples(6742, 53258, 8)
    assert lengths == (843, 6658)
    assert lengths.minority_epochs == 8
    # 7.9 on average; the original's drawing says five.
    assert exposures_in_turn(6742, 6658 * 8) == (7, 8)


@given(SIZES, SIZES, st.integers(1, 100))
def test_a_validated_epoch_is_the_shortest_that_is_no_minority_epoch_cut_short(
    minority, majority, times
):
    long_enough = (n for n in itertools.count(minority) if math.ceil(majority / n) <= times)
    assert EpochLengths(minority, majority).validated_epoch(times) == next(long_enough)


@pytest.mark.parametrize(("samples", "draws"), [(1, 5), (34, 16), (34, 300)])
def test_exposures_drawn_with_replacement_are_binomial(samples, draws):
    random = np.random.default_rng(0)
    exposures = (random.integers(samples, size=(RUNS, draws)) == 0).sum(axis=1)
    mean, spread = exposures_by_draw(samples, draws)
    assert abs(exposures.mean() - mean) <= STANDARD_ERRORS * spread / math.sqrt(RUNS)
    assert exposures.std() == pytest.approx(spread, rel=0.1)


def trained(steps, batch):
    """A record of so many steps."""
    return [TrainedBatch(1, 1, s, np.arange(batch) + s * batch) for s in range(steps)]


@given(st.integers(0, 12), st.integers(1, 13))
def test_a_record_cut_anew_has_the_same_samples_in_the_same_order(steps, to_an_epoch):
    epochs = [index for (index,) in recut_epochs(trained(steps, 3), to_an_epoch)]
    assert [i for index in epochs for i in index.tolist()] == list(range(steps * 3))
    assert all(len(index) == to_an_epoch * 3 for index in epochs[:-1])


def test_coverage_can_be_counted_by_epochs_that_fit_knew_nothing_of():
    """34 samples in batches of 16: the third batch holds 2 of them."""
    stream = {"all": np.arange(34)}
    by_step = coverage(recut_epochs(trained(3, 16), 1), stream)["all"]
    assert by_step.tolist() == [16 / 34, 32 / 34, 1.0]
    assert coverage(recut_epochs(trained(3, 16), 2), stream)["all"].tolist() == [32 / 34, 1.0]
