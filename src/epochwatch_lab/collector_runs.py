"""Random draws simulated until every sample has been seen, beside what theory says of them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from epochwatch.exposures import CouponCollector
from epochwatch_lab.epoch_lengths import epochs_until_all, exposures_by_draw
from epochwatch_lab.figures.collecting import Way

RESAMPLES = 2_000  # of the bootstrap
MIDDLE = [2.5, 50, 97.5]  # percentiles: the median, and where 95 % of the runs lie


class SimulatedRuns(NamedTuple):
    """Several runs, each until every sample has been seen.

    Attributes:
        completed: float64 (runs,), the epochs that each run needed.
        unseen: int64 (runs, n), samples unseen after the epochs asked about.
    """

    completed: np.ndarray
    unseen: np.ndarray


def simulate_draws(samples: int, draws: int, random: np.random.Generator) -> dict[str, list]:
    """Draw with replacement, and compare how evenly the samples are exposed with theory.

    Args:
        samples: in the stream.
        draws: how many.
        random: where chance comes from.

    Returns:
        By `theory` and `simulated`: mean and standard deviation of a sample's exposures, and
        how many samples are never drawn.
    """
    exposures = np.bincount(random.integers(samples, size=draws), minlength=samples)
    never = float(CouponCollector(samples, 1).unseen(draws))
    return {
        "theory": [*exposures_by_draw(samples, draws), never],
        "simulated": [float(exposures.mean()), float(exposures.std()), int((exposures == 0).sum())],
    }


def simulate_runs(
    collector: CouponCollector,
    an_epoch: int,
    after: np.ndarray,
    runs: int,
    random: np.random.Generator,
) -> SimulatedRuns:
    """Simulate how many epochs it takes until every sample has been seen.

    Args:
        collector: who draws.
        an_epoch: draws in an epoch, a multiple of the collector's round.
        after: int64 (n,), the epochs after which the unseen samples are counted.
        runs: how many.
        random: where chance comes from.

    Returns:
        The runs.
    """
    rounds = an_epoch // collector.a_round  # to an epoch
    completed, unseen = [], []
    for _ in range(runs):
        first = collector.first_rounds(random)
        completed.append((first.max() + 1) / rounds)
        unseen.append([(first >= epochs * rounds).sum() for epochs in after])
    return SimulatedRuns(np.array(completed), np.array(unseen))


def beside_theory(
    collector: CouponCollector,
    an_epoch: int,
    completed: np.ndarray,
    random: np.random.Generator,
) -> dict[str, dict[str, float]]:
    """Compare how long simulated runs took with what theory says.

    Args:
        collector: who drew.
        an_epoch: draws in an epoch.
        completed: float64 (runs,), the epochs that each run needed.
        random: where chance comes from.

    Returns:
        For the `mean` and the `spread` of the runs (their standard deviation): `theory`,
        `simulated`, and a 95 % interval of the latter, from `low` to `high`.
    """
    closed = {"mean": collector.rounds_until_all(), "spread": collector.spread_until_all()}
    return {
        name: {"theory": closed[name] * collector.a_round / an_epoch}
        | _estimated(completed, statistic, random)
        for name, statistic in (("mean", np.mean), ("spread", np.std))
    }


def collecting_ways(
    collectors: Mapping[str, CouponCollector],
    simulated: Mapping[str, SimulatedRuns],
    an_epoch: int,
    after: np.ndarray,
    counted: np.ndarray,
) -> dict[str, Way]:
    """Put theory, counts and simulated runs together, as `figures.collecting` draws them.

    Args:
        collectors: by name, who draws at random.
        simulated: by the same names, their runs.
        an_epoch: draws in an epoch.
        after: int64 (n,), the epochs after which the runs were counted.
        counted: float64 (epochs,), what part of the stream a training in order had seen by the
            end of each epoch.

    Returns:
        By name, `in order, or shuffled` first.
    """
    samples = next(iter(collectors.values())).samples
    longest = max(runs.completed.max() for runs in simulated.values())
    epochs = np.linspace(0, max(longest, len(counted)) * 1.02, 1_000)
    ways = {"in order, or shuffled": _way_in_order(samples, an_epoch, epochs, counted)}
    for name, collector in collectors.items():
        rounds = epochs * (an_epoch // collector.a_round)
        spread = np.percentile(simulated[name].unseen, MIDDLE, axis=0).T
        theory = collector.unseen(rounds), 1 - collector.lacking(rounds)
        ways[name] = Way(epochs, *theory, after, spread, simulated[name].completed)
    return ways


def _way_in_order(samples: int, an_epoch: int, epochs: np.ndarray, counted: np.ndarray) -> Way:
    left = np.maximum(samples - epochs * an_epoch, 0)
    unseen = samples * (1 - counted)
    until_all = np.array([epochs_until_all(counted) or np.inf])
    # One training was counted, so low, middle and high are the same.
    counts = np.tile(unseen, (3, 1)).T
    return Way(epochs, left, left == 0, np.arange(1, len(counted) + 1), counts, until_all)


def _estimated(values: np.ndarray, statistic, random: np.random.Generator) -> dict[str, float]:
    from scipy import stats

    options = {"n_resamples": RESAMPLES, "method": "percentile", "rng": random}
    low, high = stats.bootstrap([values], statistic, **options).confidence_interval
    return {"simulated": float(statistic(values)), "low": float(low), "high": float(high)}
