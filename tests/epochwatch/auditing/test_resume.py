"""Which steps a training is killed after, and how it is compared when it has been resumed."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._auditing.request import FAIL_ON, FINDINGS, KILLS, Gate, kills_asked
from epochwatch._auditing.resumption import (
    Deviation,
    PutBack,
    Resumption,
    StepPlace,
    TrainedSteps,
)
from epochwatch._auditing.undisturbed import Comparison, UndisturbedTraining, chosen_kills
from epochwatch.errors import BadInput

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=8)


@given(LENGTHS, st.integers(1, 60))
def test_kills_are_as_many_as_asked_and_begin_next_to_epochs_ends(lengths, at_most):
    kills, total = chosen_kills(lengths, at_most), sum(lengths)
    assert len(kills) == len({*kills} & {*range(total)}) == min(at_most, total)
    assert kills == sorted(kills)
    begins = np.cumsum([0, *lengths])
    near = {rank for begin in begins for rank in (begin - 1, begin) if 0 <= rank < total}
    if len(near) <= at_most // 2:
        assert near <= {*kills}
        # What is left between two kills is as much as anywhere, but where others are in between.
        even = total / (at_most - len(near)) if at_most > len(near) else total
        assert max(np.diff(kills), default=0) <= 2 * even + len(near)


def columns_of(*samples):
    """Make the columns of a step: identity, content and label."""
    ids = np.array(samples, np.int64)
    return np.stack([ids, ids + 100, ids % 2])


def executions_of(epochs, at_once=1):
    """Make the executions of some epochs, each a list of samples, one a step."""
    return [
        TrainedSteps(
            StepPlace(fit, epoch, step), [columns_of(s) for s in samples[step : step + at_once]]
        )
        for fit, epoch, samples in epochs
        for step in range(0, len(samples), at_once)
    ]


def deviation_of(undisturbed, trained, killed_after=None):
    """Compare a whole training, and return where it deviates."""
    compared = Comparison(UndisturbedTraining(undisturbed), killed_after)
    for each in trained:
        compared.add(each)
    compared.end()
    return compared.deviation


def same(one, other):
    """Compare executions without the code under test."""
    return [(e.first, [c.tolist() for c in e.columns]) for e in one] == [
        (e.first, [c.tolist() for c in e.columns]) for e in other
    ]


EPOCHS = [(1, 1, [3, 1, 2, 0, 4]), (1, 2, [0, 4, 1, 3, 2]), (2, 1, [3, 1, 2, 0, 4])]


@given(st.data(), st.integers(1, 2))
def test_only_the_rest_of_the_undisturbed_training_is_taken_for_it(data, at_once):
    whole = executions_of(EPOCHS, at_once)
    killed_after = data.draw(st.integers(0, len(whole) - 1))
    begin = data.draw(st.integers(0, len(whole) - 1))
    trained = list(whole[begin:])
    change = data.draw(st.sampled_from(["none", "drop", "double", "swap", "other", "contents"]))
    if change != "none":
        at = data.draw(st.integers(0, len(trained) - 1))
        first, columns = trained[at]
        changed = [np.array(each) for each in columns]
        if change == "drop":
            del trained[at]
        elif change == "double":
            trained.insert(at, trained[at])
        elif change == "swap":
            trained[at], trained[-1] = trained[-1], trained[at]
        elif change == "other":
            changed[-1][0] += 1
            trained[at] = TrainedSteps(first, changed)
        else:
            changed[-1][1] += 1
            trained[at] = TrainedSteps(first, changed)
    # By itself: what was trained is the end of the whole, from the kill or before.
    is_exact = any(same(trained, whole[rank:]) for rank in range(killed_after + 2))
    assert (deviation_of(whole, trained, killed_after) is None) == is_exact


@given(st.integers(0, 14), st.integers(0, 14), st.integers(0, 14))
def test_what_deviates_is_named_by_its_first_step(killed_after, begin, changed_at):
    whole = executions_of(EPOCHS)
    begin = min(begin, killed_after + 1)
    trained = list(whole[begin:])
    if changed_at < begin:
        return
    first, [columns] = whole[changed_at]
    trained[changed_at - begin] = TrainedSteps(first, [columns + 7])
    killed = whole[killed_after].first
    assert deviation_of(whole, trained, killed_after) == Deviation(
        killed, first, columns[0].tolist(), (columns[0] + 7).tolist()
    )


def test_steps_that_are_missing_or_too_many_deviate():
    whole = executions_of(EPOCHS)
    killed = StepPlace(1, 2, 1)
    assert deviation_of(whole, whole[8:], 6) == Deviation(killed, StepPlace(1, 2, 2), [1], None)
    assert deviation_of(whole, whole[7:-1], 6) == Deviation(killed, StepPlace(2, 1, 4), [4], None)
    more = executions_of([(2, 2, [5])])
    assert deviation_of(whole, whole[7:] + more, 6) == Deviation(
        killed, StepPlace(2, 2, 0), None, [5]
    )
    assert deviation_of(whole, [], 14) is None  # killed after its last step, with nothing left


def test_a_training_that_will_be_killed_is_compared_from_its_begin():
    whole = executions_of(EPOCHS)
    assert deviation_of(whole, whole) is None
    assert deviation_of(whole, whole[1:]) == Deviation(None, StepPlace(1, 1, 0), [3], None)


SKIPPED = Resumption(9, 9, 9, put_back=[PutBack(None), PutBack("passing over", 0.5, 4)])
PLACE = StepPlace(1, 2, 3)


@pytest.mark.parametrize(
    ("changes", "outcome", "why"),
    [
        ({}, "exact by skipping", None),
        ({"put_back": [PutBack("item"), PutBack("own state"), PutBack("step")]}, "exact", None),
        ({"put_back": []}, "exact", None),
        ({"refused": "fit: no"}, "not", "fit: no"),
        (
            {"deviation": Deviation(None, PLACE, [1], [2])},
            "not",
            "other samples are trained each time",
        ),
        (
            {"deviation": Deviation(PLACE, PLACE, [1], [2])},
            "not",
            "other samples are trained after a kill",
        ),
        ({"deviation": Deviation(PLACE, PLACE, [1], [1])}, "not", "other contents after a kill"),
        (
            {"deviation": Deviation(PLACE, PLACE, [1], None)},
            "not",
            "other samples are trained after a kill",
        ),
    ],
)
def test_the_outcome_says_how_exact_it_is_and_why_not(changes, outcome, why):
    resumption = dataclasses.replace(SKIPPED, **changes)
    assert (resumption.outcome, resumption.is_exact) == (outcome, outcome != "not")
    assert resumption.as_json()["outcome"] == outcome
    if why is None:
        assert resumption.why_not is None
    else:
        assert why in resumption.why_not


def test_the_ways_are_counted_and_the_longest_named():
    several = dataclasses.replace(
        SKIPPED, put_back=[PutBack("passing over", 0.5, 4), PutBack("item", 0.7), PutBack(None)] * 2
    )
    told = several.as_json()
    assert told["put_back_by"] == {"passing over": 2, "item": 2}
    assert (told["passed_over"], told["seconds"]) == (4, 0.7)


def test_kills_are_for_resume_and_a_gate_passes_nothing_that_was_not_tried():
    assert kills_asked(False, None, Gate()) == 0
    assert kills_asked(False, None, Gate(fail_on=FAIL_ON)) == 0
    assert kills_asked(True, None, Gate()) == KILLS
    assert kills_asked(True, 7, Gate(fail_on=("not resumable",))) == 7
    with pytest.raises(BadInput, match="^kills: got 7 without resume, allowed: with resume=True"):
        kills_asked(False, 7, Gate())
    with pytest.raises(BadInput, match="^kills: got 0, allowed: a whole number, 1 or more$"):
        kills_asked(True, 0, Gate())
    with pytest.raises(BadInput, match="^fail_on: got 'not resumable' without resume, allowed"):
        kills_asked(False, None, Gate(fail_on=("restarts", "not resumable")))
    assert "not resumable" in FINDINGS
