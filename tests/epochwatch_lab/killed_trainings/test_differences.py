"""A killed training against the undisturbed one, on batches that are counted by hand."""

import collections
import itertools

import numpy as np
import pytest

from epochwatch.exposures import TrainedBatch
from epochwatch_lab.killed_trainings import Outcome, Rows, Start, compare, never_trained

WEIGHTS = [np.array([0.25, 0.5], np.float32), np.array([[1.0]], np.float32)]
MINORITY, MAJORITY = np.array([0, 1]), np.arange(2, 14)
STREAMS = {"minority": MINORITY, "majority": MAJORITY}
WHOLE = [[0, 2, 3], [1, 4, 5], [0, 6, 7], [1, 8, 9]]
# Saved after two batches, and from there on the data is started over.
STARTED_OVER = [*WHOLE[:2], *WHOLE[:3]]


def outcome(batches, weights=WEIGHTS, callbacks=("best", 1.0)):
    trained = [TrainedBatch(1, 1, step, np.array(index)) for step, index in enumerate(batches)]
    return Outcome(Start(1, 0, 0), trained, [], weights, len(batches), 0, [1], dict([callbacks]))


UNDISTURBED = outcome(WHOLE)


def test_what_is_the_same_differs_in_nothing():
    difference = compare(outcome(WHOLE), UNDISTURBED, STREAMS)
    assert difference == ({"minority": (0, 0), "majority": (0, 0)}, None, True, 0.0, True)


def test_data_started_over_is_trained_again_and_the_rest_never():
    killed = outcome(STARTED_OVER)
    difference = compare(killed, UNDISTURBED, STREAMS)
    here, there = (collections.Counter(itertools.chain(*b)) for b in (STARTED_OVER, WHOLE))
    for name, index in STREAMS.items():
        again = sum(here[i] > there[i] for i in index.tolist())
        never = sum(there[i] > 0 == here[i] for i in index.tolist())
        assert difference.rows[name] == Rows(again, never)
    assert difference.rows["majority"] == (4, 2)
    assert difference.first_step == 2
    # Neither has trained the last four: the kill is not to blame for those.
    never = never_trained(killed, UNDISTURBED, MAJORITY)
    assert MAJORITY[never].tolist() == [8, 9]


@pytest.mark.parametrize(
    ("batches", "first"),
    [
        (WHOLE[:3], 3),  # it stops early
        ([*WHOLE, [0, 1, 2]], 4),  # it goes on
        ([[2, 0, 3], *WHOLE[1:]], 0),  # the same samples in another order
        ([*WHOLE[:3], [1, 8]], 3),
    ],
)
def test_the_first_step_that_differs_is_found(batches, first):
    assert compare(outcome(batches), UNDISTURBED, STREAMS).first_step == first


def test_weights_are_compared_to_the_bit():
    negative_zero, zero = ([np.array([value], np.float32)] for value in (-0.0, 0.0))
    difference = compare(outcome(WHOLE, negative_zero), outcome(WHOLE, zero), STREAMS)
    assert (difference.weights_alike, difference.largest) == (False, 0.0)
    further = [WEIGHTS[0] + np.float32(0.125), WEIGHTS[1] - np.float32(0.5)]
    difference = compare(outcome(WHOLE, further), UNDISTURBED, STREAMS)
    assert (difference.weights_alike, difference.largest) == (False, 0.5)


def test_callbacks_are_compared():
    other = outcome(WHOLE, callbacks=("best", 0.5))
    assert not compare(other, UNDISTURBED, STREAMS).callbacks_alike


def test_findings_are_plain_numbers():
    found = compare(outcome(STARTED_OVER), UNDISTURBED, STREAMS).findings
    assert found["rows"]["majority"] == {"again": 4, "never": 2}
    kept = outcome(STARTED_OVER).findings
    assert (kept["steps"], kept["lost_steps"]) == (5, 0)
    assert kept["start"] == {"epoch": 1, "step": 0, "trained": 0}
