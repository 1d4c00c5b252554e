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
    counted_content,
    epochs_until_all,
    expected_content,
    exposures_by_draw,
    exposures_in_turn,
    recut_epochs,
    same_samples,
    seen_by_epoch,
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


@given(SIZES, SIZES, st.integers(1, 20), st.sampled_from([0.5, 0.9, 0.99]))
def test_the_advice_covers_a_pass_and_decays_by_what_was_meant(minority, majority, times, decay):
    lengths = EpochLengths(minority, majority)
    advice = lengths.advise(times, decay)
    assert advice.steps == lengths.validated_epoch(times)
    assert (advice.patience - 1) * advice.steps < majority <= advice.patience * advice.steps
    assert math.isclose(advice.decay**advice.patience, decay)


@given(SIZES, SIZES, st.integers(1, 9), st.integers(1, 40))
def test_what_an_epoch_in_order_holds_is_what_was_expected(minority, majority, a_step, steps):
    """A record of two streams in order, which begin again at their ends: a plain loop."""
    indices = {"minority": np.arange(minority), "majority": 100 + np.arange(majority)}
    draws = np.arange(steps * a_step).reshape(steps, a_step)
    both = zip(draws % minority, 100 + draws % majority, strict=True)
    batches = [TrainedBatch(1, 1, s, np.concatenate(pair)) for s, pair in enumerate(both)]
    sizes = {"minority": minority, "majority": majority}
    assert counted_content(batches, steps, indices) == expected_content(sizes, steps * a_step)
    seen = seen_by_epoch(batches, 1, indices["majority"])
    needed = -(-majority // a_step)
    assert epochs_until_all(seen) == (needed if needed <= steps else None)


class Log:
    """A record in memory."""

    def __init__(self, *batches):
        self._batches = batches

    def batches(self):
        for step, index in enumerate(self._batches):
            yield TrainedBatch(1, step, step, np.array(index))


@pytest.mark.parametrize(
    ("theirs", "alike"),
    [
        (Log([1, 2], [3, 4]), True),
        (Log([1, 2], [4, 3]), False),
        (Log([1, 2]), False),
        (Log([1, 2], [3, 4], [5, 6]), False),
    ],
)
def test_the_same_samples_in_the_same_order(theirs, alike):
    assert same_samples(Log([1, 2], [3, 4]), theirs) == alike
    assert same_samples(theirs, Log([1, 2], [3, 4])) == alike


def test_lengths_in_findings_say_how_many_minority_epochs_a_pass_takes():
    assert EpochLengths(843, 6658).as_json() == {
        "minority": 843,
        "majority": 6658,
        "minority_epochs": 8,
    }
