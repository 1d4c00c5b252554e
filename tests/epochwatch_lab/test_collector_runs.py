"""Random draws, simulated: beside a plain loop, and beside theory."""

import numpy as np
import pytest

from epochwatch.exposures import CouponCollector
from epochwatch_lab.collector_runs import (
    SimulatedRuns,
    beside_theory,
    collecting_ways,
    simulate_draws,
    simulate_runs,
)

SAMPLES, AN_EPOCH = 34, 16
AFTER = np.array([3, 6])


@pytest.fixture
def random():
    """Chance, the same each time."""
    return np.random.default_rng(0)


@pytest.mark.parametrize("a_round", [1, AN_EPOCH])
def test_a_run_is_over_when_nothing_is_unseen(a_round, random):
    runs = simulate_runs(CouponCollector(SAMPLES, a_round), AN_EPOCH, np.arange(60), 20, random)
    for completed, unseen in zip(runs.completed, runs.unseen, strict=True):
        assert unseen[0] == SAMPLES
        assert (np.diff(unseen) <= 0).all()
        assert np.flatnonzero(unseen == 0)[0] == np.ceil(completed)


def test_rounds_of_an_epoch_end_runs_at_the_ends_of_epochs(random):
    runs = simulate_runs(CouponCollector(SAMPLES, AN_EPOCH), AN_EPOCH, AFTER, 20, random)
    assert (runs.completed % 1 == 0).all()


def test_a_single_round_that_takes_all_is_one_epoch(random):
    collector = CouponCollector(SAMPLES, SAMPLES)
    runs = simulate_runs(collector, SAMPLES, AFTER, 5, random)
    assert runs.completed.tolist() == [1] * 5
    assert runs.unseen.tolist() == [[0, 0]] * 5
    compared = beside_theory(collector, SAMPLES, runs.completed, random)
    assert compared["mean"] == {"theory": 1, "simulated": 1, "low": 1, "high": 1}


def test_theory_is_told_in_epochs_and_simulation_comes_near_it(random):
    collector = CouponCollector(SAMPLES, 1)
    runs = simulate_runs(collector, AN_EPOCH, AFTER, 400, random)
    compared = beside_theory(collector, AN_EPOCH, runs.completed, random)
    assert compared["mean"]["theory"] == collector.rounds_until_all() / AN_EPOCH
    assert compared["spread"]["theory"] == collector.spread_until_all() / AN_EPOCH
    for one in compared.values():
        assert one["low"] < one["simulated"] < one["high"]
    assert compared["mean"]["simulated"] == pytest.approx(compared["mean"]["theory"], rel=0.1)


def test_draws_are_counted_and_some_are_never_drawn(random):
    found = simulate_draws(SAMPLES, SAMPLES, random)
    assert found["theory"][0] == found["simulated"][0] == 1
    same = np.random.default_rng(0).integers(SAMPLES, size=SAMPLES)
    assert found["simulated"][2] == SAMPLES - len(set(same.tolist()))
    assert found["theory"][2] == pytest.approx(SAMPLES * (1 - 1 / SAMPLES) ** SAMPLES)


@pytest.mark.parametrize(
    ("counted", "completed"), [([0.5, 1.0], [2]), ([0.5, 0.9], [np.inf]), ([1.0], [1])]
)
def test_a_training_in_order_is_drawn_as_it_was_counted(counted, completed, random):
    collector = CouponCollector(SAMPLES, 1)
    simulated = {"with replacement": SimulatedRuns(np.array([4.0, 5.0]), np.zeros((2, 2), int))}
    ways = collecting_ways(
        {"with replacement": collector}, simulated, AN_EPOCH, AFTER, np.array(counted)
    )
    in_order, at_random = ways.values()
    assert list(ways) == ["in order, or shuffled", "with replacement"]
    assert in_order.completed.tolist() == completed
    assert in_order.counted[:, 1] == pytest.approx(SAMPLES * (1 - np.array(counted)))
    assert in_order.epochs[-1] == pytest.approx(5.1)
    assert at_random.unseen[0] == SAMPLES
    assert at_random.complete[0] == 0
    assert at_random.completed.tolist() == [4.0, 5.0]
