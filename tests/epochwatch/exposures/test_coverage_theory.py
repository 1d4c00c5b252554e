"""The closed forms of the coupon collector, against brute force and against simulation.

Simulations have fixed seeds; their means must lie within four standard errors, which chance
alone misses once in 16,000.
"""

import itertools
import math

import numpy as np
import pytest

from epochwatch.exposures import CouponCollector

STANDARD_ERRORS = 4
RUNS = 4_000
COLLECTORS = [(1, 1), (2, 1), (34, 1), (34, 16), (5, 5), (7, 6)]


def rounds_by_hand(collector, random):
    """Take rounds one by one until every sample has been taken."""
    seen, rounds = set(), 0
    while len(seen) < collector.samples:
        seen.update(random.permutation(collector.samples)[: collector.a_round].tolist())
        rounds += 1
    return rounds


@pytest.mark.parametrize("collector", list(itertools.starmap(CouponCollector, COLLECTORS)), ids=str)
def test_the_simulation_takes_what_a_loop_would(collector):
    """Two simulations of one thing: their means differ by chance only."""
    random = np.random.default_rng(1)
    fast = np.array([collector.first_rounds(random).max() + 1 for _ in range(RUNS)])
    slow = np.array([rounds_by_hand(collector, random) for _ in range(RUNS // 4)])
    error = math.sqrt(fast.var() / len(fast) + slow.var() / len(slow))
    assert abs(fast.mean() - slow.mean()) <= STANDARD_ERRORS * error
    assert fast.min() >= math.ceil(collector.samples / collector.a_round)


@pytest.mark.parametrize("samples", [1, 2, 34, 1_000])
def test_the_coupon_collector_needs_as_many_draws_as_the_closed_form_says(samples):
    collector, random = CouponCollector(samples, 1), np.random.default_rng(2)
    runs = np.array([collector.first_rounds(random).max() + 1 for _ in range(RUNS)])
    mean, spread = collector.rounds_until_all(), collector.spread_until_all()
    assert abs(runs.mean() - mean) <= STANDARD_ERRORS * spread / math.sqrt(RUNS)
    assert runs.std() == pytest.approx(spread, rel=0.1)


def test_the_coupon_collector_by_hand():
    """Two samples: the first draw brings one, and each further draw the other by one half."""
    assert CouponCollector(2, 1).rounds_until_all() == 3
    assert CouponCollector(2, 1).spread_until_all() == pytest.approx(math.sqrt(2))
    assert CouponCollector(1, 1).rounds_until_all() == 1
    assert CouponCollector(1, 1).spread_until_all() == 0


@pytest.mark.parametrize("samples", [1, 2, 34])
def test_a_round_of_all_samples_is_enough(samples):
    collector = CouponCollector(samples, samples)
    assert collector.rounds_until_all() == 1
    assert collector.spread_until_all() == 0
    assert collector.unseen([0, 1, 2]).tolist() == [samples, 0, 0]
    assert collector.lacking([0, 1]).tolist() == [1, 0]
    assert collector.first_rounds(np.random.default_rng(0)).tolist() == [0] * samples


@pytest.mark.parametrize(
    ("samples", "a_round", "too_few"), [(34, 16, 0.02), (340, 160, 0.005), (1_000, 100, 0.002)]
)
def test_rounds_of_many_need_hardly_more_than_if_samples_were_independent(
    samples, a_round, too_few
):
    collector, random = CouponCollector(samples, a_round), np.random.default_rng(3)
    runs = np.array([collector.first_rounds(random).max() + 1 for _ in range(RUNS)])
    error = STANDARD_ERRORS * runs.std() / math.sqrt(RUNS)
    mean = collector.rounds_until_all()
    assert mean - error <= runs.mean() <= mean * (1 + too_few) + error
    assert runs.std() == pytest.approx(collector.spread_until_all(), rel=0.1)
    at = np.arange(1, 20)
    complete = (runs[:, None] <= at).mean(axis=0)
    assert np.abs(1 - collector.lacking(at) - complete).max() < 0.05


@pytest.mark.parametrize("collector", list(itertools.starmap(CouponCollector, COLLECTORS)), ids=str)
def test_unseen_samples_have_the_mean_and_spread_of_the_closed_form(collector):
    random = np.random.default_rng(4)
    first = np.array([collector.first_rounds(random) for _ in range(RUNS)])
    for rounds in (0, 1, 3, 10):
        unseen = (first >= rounds).sum(axis=1)
        spread = float(collector.unseen_spread(rounds))
        error = STANDARD_ERRORS * spread / math.sqrt(RUNS)
        assert abs(unseen.mean() - collector.unseen(rounds)) <= error + 1e-9
        assert unseen.std() == pytest.approx(spread, rel=0.15, abs=0.03)


def test_nothing_has_been_seen_before_the_first_round():
    assert CouponCollector(34, 16).unseen(0) == 34
    assert CouponCollector(34, 16).lacking(0) == 1
