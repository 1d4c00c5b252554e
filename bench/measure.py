"""Comparing two things in one run: by turns, medians and spread, ratios and an interval."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

OUTPUTS = Path(__file__).resolve().parent.parent / "outputs" / "bench"
RESAMPLES = 10_000
FEWEST_ROUNDS, MOST_ROUNDS = 11, 201


def untuned(dataset):
    """Keep tf.data from tuning a dataset, of which there is nothing to tune.

    Its tuner sleeps for 10 ms, then 20, 40 and so on, and the end of an iterator often waits for
    it to wake up: what takes 0.7 s then takes 1.27 s, whatever is measured.

    Args:
        dataset: a tf.data.Dataset.

    Returns:
        The same, not tuned.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def rounds_within(seconds: float, *turns: Callable[[], object]) -> int:
    """Count how many rounds fit into a time, having run each thing twice: once to warm it up.

    Args:
        seconds: that the rounds may take.
        turns: the things of a round.

    Returns:
        Rounds, from `FEWEST_ROUNDS` to `MOST_ROUNDS`.
    """
    for turn in turns:
        turn()
    begin = time.perf_counter()
    for turn in turns:
        turn()
    rounds = int(seconds / (time.perf_counter() - begin))
    return min(max(rounds, FEWEST_ROUNDS), MOST_ROUNDS)


def by_turns(
    measured: Callable[[], float], reference: Callable[[], float], rounds: int
) -> tuple[list[float], list[float]]:
    """Take the time of two things alternately; see `all_by_turns`.

    Args:
        measured: takes the time of what is measured, in seconds.
        reference: takes the time of what it is compared with.
        rounds: how often.

    Returns:
        Seconds of the one and of the other, by round.
    """
    return tuple(all_by_turns([reference, measured], rounds))[::-1]


def all_by_turns(turns: list[Callable[[], float]], rounds: int) -> list[list[float]]:
    """Take the time of several things by turns, every other round in the opposite order.

    Args:
        turns: each takes the time of one thing, in seconds.
        rounds: how often.

    Returns:
        Seconds of each, by round.
    """
    times = [[] for _ in turns]
    for turn in range(rounds):
        for which in range(len(turns))[:: -1 if turn % 2 else 1]:
            times[which].append(turns[which]())
        if sys.stderr.isatty():
            print(f"\rround {turn + 1} of {rounds}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return times


def paired_ratio(measured: list[float], reference: list[float]) -> tuple[float, float, float]:
    """Take the median of the rounds' own ratios, and bootstrap it.

    The two of a round follow on each other, so a machine whose speed changes from minute to
    minute changes both alike; a ratio of medians over all rounds does not know of that.

    Args:
        measured: seconds by round.
        reference: seconds by round.

    Returns:
        The median ratio, and the interval that holds 95 % of the resampled ones.
    """
    ratios = np.array(measured) / np.array(reference)
    options = {"n_resamples": RESAMPLES, "method": "percentile", "rng": np.random.default_rng(0)}
    low, high = stats.bootstrap([ratios], np.median, **options).confidence_interval
    return float(np.median(ratios)), float(low), float(high)


def report(
    name: str,
    target: float,
    measured: tuple[str, list[float]],
    reference: tuple[str, list[float]],
) -> None:
    """Print a comparison, and keep it under outputs/bench.

    Args:
        name: of the comparison.
        target: the ratio must not be more.
        measured: what is measured, and its seconds by round.
        reference: what it is compared with, and its seconds by round.
    """
    of_medians = statistics.median(measured[1]) / statistics.median(reference[1])
    paired, low, high = paired_ratio(measured[1], reference[1])
    print(f"{name}: {len(measured[1])} rounds by turns")
    for what, seconds in (measured, reference):
        print(spread_of(what, seconds))
    print(f"  ratio of medians {of_medians:.3f}; target ≤ {target}")
    print(f"  median of the rounds' ratios {paired:.3f} (95 %: {low:.3f} to {high:.3f})\n")
    result = {
        "name": name,
        "ratio_of_medians": round(of_medians, 4),
        "median_of_ratios": round(paired, 4),
        "interval_95": [round(low, 4), round(high, 4)],
        "target": target,
        "seconds": dict((measured, reference)),
    }
    keep(name, result)


def spread_of(what: str, seconds: list[float]) -> str:
    """Write the median and the extremes of some seconds as a line."""
    return (
        f"  {what:<44} median {statistics.median(seconds):7.3f} s"
        f"  ({min(seconds):.3f} to {max(seconds):.3f})"
    )


def keep(name: str, result) -> None:
    """Keep a result under outputs/bench.

    Args:
        name: of the file.
        result: for JSON, its seconds by what was measured.
    """
    seconds = {w: [round(s, 4) for s in given] for w, given in result["seconds"].items()}
    OUTPUTS.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**result, "seconds": seconds}, indent=1)
    (OUTPUTS / f"{name}.json").write_text(text + "\n")
