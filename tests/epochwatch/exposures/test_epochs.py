"""The closed forms of both epochs, against brute force and against simulation.

Simulations have fixed seeds; their means must lie within four standard errors, which chance
alone misses once in 16,000.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.counts import coverage
from epochwatch._exposures.coverage_theory import Collector, Lengths, draws_of_one, recut, turns

STANDARD_ERRORS = 4
RUNS = 4_000
SIZES = st.integers(1, 40)
COLLECTORS = [(1, 1), (2, 1), (34, 1), (34, 16), (5, 5), (7, 6)]


def in_turn(samples, draws):
    """Count the exposures of a stream that is read in order: a plain loop."""
    exposures = [0] * samples
    for draw in range(draws):
        exposures[draw % samples] += 1
    return exposures


@given(SIZES, st.integers(0, 200))
def test_in_turn_exposures_differ_by_at_most_one(samples, draws):
    exposures = in_turn(samples, draws)
    assert turns(samples, draws) == (min(exposures), max(exposures))


@given(SIZES, SIZES, st.integers(1, 17))
def test_an_epoch_is_the_fewest_steps_that_go_once_through_its_stream(minority, majority, a_step):
    lengths = Lengths.of(minority, majority, a_step)
    for steps, samples in zip(lengths, (minority, majority), strict=True):
        assert (steps - 1) * a_step < samples <= steps * a_step
    seen_by = [min(k * lengths.minority * a_step, majority) for k in range(1, 41)]
    assert seen_by.index(majority) + 1 == lengths.minority_epochs


def test_mnist_with_the_digit_1_in_batches_of_16():
    lengths = Lengths.of(6742, 53258, 8)
    assert lengths == (843, 6658)
    assert lengths.minority_epochs == 8
    assert turns(6742, 6658 * 8) == (7, 8)  # 7.9 on average; the original's drawing says five


@given(SIZES, SIZES, st.integers(1, 100))
def test_a_validated_epoch_is_the_shortest_that_is_no_minority_epoch_cut_short(
    minority, majority, times
):
    long_enough = (n for n in itertools.count(minority) if math.ceil(majority / n) <= times)
    assert Lengths(minority, majority).validated(times) == next(long_enough)


@pytest.mark.parametrize(("samples", "draws"), [(1, 5), (34, 16), (34, 300)])
def test_exposures_drawn_with_replacement_are_binomial(samples, draws):
    random = np.random.default_rng(0)
    exposures = (random.integers(samples, size=(RUNS, draws)) == 0).sum(axis=1)
    mean, spread = draws_of_one(samples, draws)
    assert abs(exposures.mean() - mean) <= STANDARD_ERRORS * spread / math.sqrt(RUNS)
    assert exposures.std() == pytest.approx(spread, rel=0.1)


def rounds_by_hand(collector, random):
    """Take rounds one by one until every sample has been taken."""
    seen, rounds = set(), 0
    while len(seen) < collector.samples:
        seen.update(random.permutation(collector.samples)[: collector.a_round].tolist())
        rounds += 1
    return rounds


@pytest.mark.parametrize("collector", list(itertools.starmap(Collector, COLLECTORS)), ids=str)
def test_the_simulation_takes_what_a_loop_would(collector):
    """Two simulations of one thing: their means differ by chance only."""
    random = np.random.default_rng(1)
    fast = np.array([collector.first_taken(random).max() + 1 for _ in range(RUNS)])
    slow = np.array([rounds_by_hand(collector, random) for _ in range(RUNS // 4)])
    error = math.sqrt(fast.var() / len(fast) + slow.var() / len(slow))
    assert abs(fast.mean() - slow.mean()) <= STANDARD_ERRORS * error
    assert fast.min() >= math.ceil(collector.samples / collector.a_round)


@pytest.mark.parametrize("samples", [1, 2, 34, 1_000])
def test_the_coupon_collector_needs_as_many_draws_as_the_closed_form_says(samples):
    collector, random = Collector(samples, 1), np.random.default_rng(2)
    runs = np.array([collector.first_taken(random).max() + 1 for _ in range(RUNS)])
    mean, spread = collector.rounds_until_all(), collector.spread_until_all()
    assert abs(runs.mean() - mean) <= STANDARD_ERRORS * spread / math.sqrt(RUNS)
    assert runs.std() == pytest.approx(spread, rel=0.1)


def test_the_coupon_collector_by_hand():
    """Two samples: the first draw brings one, and each further draw the other by one half."""
    assert Collector(2, 1).rounds_until_all() == 3
    assert Collector(2, 1).spread_until_all() == pytest.approx(math.sqrt(2))
    assert Collector(1, 1).rounds_until_all() == 1
    assert Collector(1, 1).spread_until_all() == 0


@pytest.mark.parametrize("samples", [1, 2, 34])
def test_a_round_of_all_samples_is_enough(samples):
    collector = Collector(samples, samples)
    assert collector.rounds_until_all() == 1
    assert collector.spread_until_all() == 0
    assert collector.unseen([0, 1, 2]).tolist() == [samples, 0, 0]
    assert collector.lacking([0, 1]).tolist() == [1, 0]
    assert collector.first_taken(np.random.default_rng(0)).tolist() == [0] * samples


@pytest.mark.parametrize(
    ("samples", "a_round", "too_few"), [(34, 16, 0.02), (340, 160, 0.005), (1_000, 100, 0.002)]
)
def test_rounds_of_many_need_hardly_more_than_if_samples_were_independent(
    samples, a_round, too_few
):
    collector, random = Collector(samples, a_round), np.random.default_rng(3)
    runs = np.array([collector.first_taken(random).max() + 1 for _ in range(RUNS)])
    error = STANDARD_ERRORS * runs.std() / math.sqrt(RUNS)
    mean = collector.rounds_until_all()
    assert mean - error <= runs.mean() <= mean * (1 + too_few) + error
    assert runs.std() == pytest.approx(collector.spread_until_all(), rel=0.1)
    at = np.arange(1, 20)
    complete = (runs[:, None] <= at).mean(axis=0)
    assert np.abs(1 - collector.lacking(at) - complete).max() < 0.05


@pytest.mark.parametrize("collector", list(itertools.starmap(Collector, COLLECTORS)), ids=str)
def test_unseen_samples_have_the_mean_and_spread_of_the_closed_form(collector):
    random = np.random.default_rng(4)
    first = np.array([collector.first_taken(random) for _ in range(RUNS)])
    for rounds in (0, 1, 3, 10):
        unseen = (first >= rounds).sum(axis=1)
        spread = float(collector.unseen_spread(rounds))
        error = STANDARD_ERRORS * spread / math.sqrt(RUNS)
        assert abs(unseen.mean() - collector.unseen(rounds)) <= error + 1e-9
        assert unseen.std() == pytest.approx(spread, rel=0.15, abs=0.03)


def test_nothing_has_been_seen_before_the_first_round():
    assert Collector(34, 16).unseen(0) == 34
    assert Collector(34, 16).lacking(0) == 1


def trained(steps, batch):
    """A record of so many steps."""
    return [TrainedBatch(1, 1, s, np.arange(batch) + s * batch) for s in range(steps)]


@given(st.integers(0, 12), st.integers(1, 13))
def test_a_record_cut_anew_has_the_same_samples_in_the_same_order(steps, to_an_epoch):
    epochs = [index for (index,) in recut(trained(steps, 3), to_an_epoch)]
    assert [i for index in epochs for i in index.tolist()] == list(range(steps * 3))
    assert all(len(index) == to_an_epoch * 3 for index in epochs[:-1])


def test_coverage_can_be_counted_by_epochs_that_fit_knew_nothing_of():
    """34 samples in batches of 16: the third batch holds 2 of them."""
    stream = {"all": np.arange(34)}
    by_step = coverage(recut(trained(3, 16), 1), stream)["all"]
    assert by_step.tolist() == [16 / 34, 32 / 34, 1.0]
    assert coverage(recut(trained(3, 16), 2), stream)["all"].tolist() == [32 / 34, 1.0]
