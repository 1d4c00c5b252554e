"""When a stream has come round, against rounds counted one sample at a time."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._auditing import population as module
from epochwatch._auditing.population import (
    ComingRound,
    StreamRounds,
    samples_of_pass,
    samples_without_end,
)
from epochwatch._auditing.request import Population
from epochwatch._auditing.samples import MetSamples
from epochwatch._watching.fingerprint import NO_LABEL
from epochwatch.errors import BadInput


def population_by_hand(samples):
    """Say how many samples there are if the first rounds hold each of them once; else None."""
    different = len(set(samples))
    if not different:
        return None
    rounds = max(2, -(-16 // different))
    if len(samples) < rounds * different:
        return None
    cut = [samples[i * different : (i + 1) * different] for i in range(rounds)]
    return different if all(len(set(each)) == different for each in cut) else None


def population_in_chunks(samples, chunk):
    stream = StreamRounds()
    for start in range(0, len(samples), chunk):
        stream.add(np.array(samples[start : start + chunk], np.int64))
    return stream.population


@given(st.lists(st.integers(-3, 6), max_size=80), st.integers(1, 40))
def test_any_samples_come_round_as_counted_by_hand(samples, chunk):
    assert population_in_chunks(samples, chunk) == population_by_hand(samples)


@given(st.integers(1, 40), st.integers(0, 2**32), st.integers(1, 70), st.integers(0, 20))
def test_a_stream_that_is_shuffled_anew_each_time_comes_round(size, seed, chunk, more):
    rng = random.Random(seed)
    rounds = [rng.sample(range(size), size) for _ in range(max(2, -(-16 // size)) + more)]
    samples = [sample for each in rounds for sample in each]
    assert population_in_chunks(samples, chunk) == size
    enough = max(2, -(-16 // size)) * size
    assert population_in_chunks(samples[: enough - 1], chunk) is None


@pytest.mark.parametrize("size", [2, 5, 40])
def test_samples_drawn_at_random_do_not_come_round(size):
    """Once in many; of a hundred seeds none here."""
    for seed in range(100):
        drawn = random.Random(seed).choices(range(size), k=40 * size)
        assert population_in_chunks(drawn, 64) is None


def columns(identity, label):
    return np.stack([identity, identity, label]).astype(np.int64)


def test_classes_come_round_by_themselves(monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    rounds = ComingRound()
    for step in range(60):
        identity = np.array([step % 20, 100 + step % 3])
        rounds.add(columns(identity, np.array([0, 1])))
    assert rounds.populations() == {"0": 20, "1": 3, None: 23}
    rounds.add(columns(np.array([500]), np.array([1])))
    assert rounds.populations() == {"0": 20, "1": None, None: None}


def test_without_classes_all_samples_are_one_stream():
    rounds = ComingRound()
    for _ in range(2):
        rounds.add(columns(np.arange(30), np.full(30, NO_LABEL)))
    assert rounds.populations() == {None: 30}
    many = ComingRound()
    for _ in range(2):
        many.add(columns(np.arange(30), np.arange(30)))
    assert many.populations() == {None: 30}


@pytest.mark.parametrize("labels", [[0, 1] * 10, [NO_LABEL] * 20])
@pytest.mark.parametrize("has_end", [True, False])
def test_a_population_of_a_stream_that_there_is_not_names_those_that_there_are(labels, has_end):
    met, rounds = MetSamples(), ComingRound()
    for each in (met, rounds):
        each.add(columns(np.arange(20), np.array(labels)))
    given = Population.from_argument({"rare": 4})
    with pytest.raises(BadInput) as refused:
        samples_of_pass(met, given) if has_end else samples_without_end(met, rounds, given)
    there_are = "'0', '1'" if labels[0] == 0 else "a number: the feed has no classes"
    assert str(refused.value) == f"population: got the stream 'rare', allowed: {there_are}"
