"""What cannot be asked of an audit is refused in one line, before anything is imported for it."""

import numpy as np
import pytest

from epochwatch._auditing.request import FAIL_ON, FINDINGS, FitCall, Gate
from epochwatch.errors import BadInput

BAD_CALLS = [
    ({"epochs": 0}, "epochs: got 0, allowed: a whole number, 1 or more"),
    ({"steps_per_epoch": 2.0}, "steps_per_epoch: got 2.0, allowed: a whole number, 1 or more"),
    ({"steps_per_epoch": 0}, "steps_per_epoch: got 0, allowed: a whole number, 1 or more"),
    ({"fits": True}, "fits: got True, allowed: a whole number, 1 or more"),
    ({"batch_size": "4"}, "batch_size: got '4', allowed: a whole number, 1 or more"),
    (
        {"steps_per_execution": None},
        "steps_per_execution: got None, allowed: a whole number, 1 or more",
    ),
    (
        {"options": {"initial_epoch": 1}},
        "initial_epoch: got 1, allowed: less than epochs, which is 1",
    ),
    (
        {"options": {"initial_epoch": -1}},
        "initial_epoch: got -1, allowed: a whole number, 0 or more",
    ),
    ({"options": {"shuffle": "maybe"}}, "shuffle: got 'maybe', allowed: True, False or 'batch'"),
]
BAD_GATES = [
    ({"min_coverage": 1.5}, "min_coverage: got 1.5, allowed: a share from 0 to 1"),
    ({"min_coverage": "all"}, "min_coverage: got 'all', allowed: a share from 0 to 1"),
    ({"min_coverage": float("nan")}, "min_coverage: got nan, allowed: a share from 0 to 1"),
    (
        {"fail_on": ("resumes",)},
        "fail_on: got 'resumes', allowed: hangs, dies, unequal steps, restarts, skips, replays, "
        "runs dry, overruns, loses, doubles, alike, unmeasured, disagrees, passed over, index "
        "conflict, coverage, not resumable, reshuffles, never trained, ragged",
    ),
    ({"fail_on": "skips"}, "fail_on: got the text 'skips', allowed: a tuple, ('skips',)"),
    ({"fail_on": "skip"}, f"fail_on: got 'skip', allowed: {', '.join(FAIL_ON)}"),
]


@pytest.mark.parametrize(("given", "refusal"), BAD_CALLS, ids=str)
def test_a_call_that_cannot_be_made_is_refused(given, refusal):
    with pytest.raises(BadInput) as refused:
        FitCall(**given)
    assert str(refused.value) == refusal


@pytest.mark.parametrize(("given", "refusal"), BAD_GATES, ids=str)
def test_a_gate_that_cannot_be_set_is_refused(given, refusal):
    with pytest.raises(BadInput) as refused:
        Gate(**given)
    assert str(refused.value) == refusal


def test_integers_and_shares_of_numpy_are_taken():
    assert FitCall(epochs=np.int64(3)).epochs_begun == 3
    assert Gate(min_coverage=np.float32(0.5)).min_coverage == 0.5
    assert Gate().fail_on == FINDINGS


def test_calls_are_compared_and_looked_up_by_all_that_can_be():
    data = (np.zeros(2), np.zeros(2))
    with_data = FitCall(3, options={"validation_data": data})
    assert with_data == FitCall(3, options={"validation_data": data})
    assert len({with_data, FitCall(3), FitCall(3), FitCall(3, fits=2)}) == 3


def test_a_call_is_written_for_a_log_with_the_types_of_what_is_no_plain_value():
    call = FitCall(3, epochs=5, options={"shuffle": False, "callbacks": [object()]})
    assert call.as_json() == {
        "epochs": 5,
        "steps_per_epoch": 3,
        "fits": 1,
        "steps_per_execution": 1,
        "shuffle": False,
        "callbacks": "list",
    }
