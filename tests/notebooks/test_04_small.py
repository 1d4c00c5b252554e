"""What the model never saw, with few updates: the quick setting, and bad parameters."""

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab.strategies import STRATEGIES
from tests.notebooks.conftest import run_cells

NOTEBOOK = "04_what_the_model_never_saw"
SMALL = {"updates": 50, "ratio": 5_000, "run_name": "small"}


@pytest.mark.slow
def test_other_parameters_are_another_answer_and_one_run_tells_nothing_apart(cells_run):
    """Of 53,735 that are no seven, 11 sevens are left: a minority epoch is one step of 16 each."""
    made = cells_run(NOTEBOOK, positive_digit=7, sweep="none", **SMALL)
    assert made.answer.startswith(
        "**The model whose feed restarted saw 16 of 53,735 majority samples; this run alone cannot "
        "tell whether that hurts.** Its PR-AUC, 1 at best, is "
    )
    assert "sweep" not in made.answer
    found = made.findings
    assert found["coverage"]["resume"]["counted"] == 50 * 16
    assert found["measured"]["samples"] == {"minority": 11, "majority": 53735}
    for name, measured in found["measured"]["strategies"].items():
        seen, majority = measured["trained"]["majority"]
        assert found["coverage"][name]["counted"] == seen
        assert seen / majority == pytest.approx(found["coverage"][name]["theory"], rel=0.02)
        assert [of for _, of in measured["errors"].values()] == [seen, majority - seen]
    assert list(found["measured"]["strategies"]) == list(STRATEGIES)
    assert not any(one["differs"] for ones in found["differences"].values() for one in ones)
    assert len(found["never_seen_and_most_wrong"]) <= 16


@pytest.mark.slow
def test_a_sweep_of_longer_trainings_does_not_answer_for_a_short_one(cells_run):
    made = cells_run(NOTEBOOK, ratio=100, updates=60, run_name="small")
    seen = 34 * 16  # a minority epoch of 532 samples
    assert made.answer == (
        f"**The model whose feed restarted saw {seen} of 53,258 majority samples; this run alone "
        "cannot tell whether that hurts.** The published sweep cannot answer for it: `updates` is "
        "60 here and was 3,375 there."
    )
    assert made.findings["runs"] == 40, "the sweep is shown all the same, and named as such"


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"sweep": "../x"}, "sweep: got '../x', allowed: a name of up to 64 letters"),
        ({"ratio": 7}, "ratio: got '7', allowed: an integer from 8 to 50,000"),
        ({"batch_size": 15}, "batch_size: got '15', allowed: an even integer from 2 to 1,024"),
        ({"precision": 1.5}, "precision: got '1.5', allowed: a number from 0.5 to 1.0"),
        ({"update": 5}, "did you mean updates?"),
    ],
)
def test_a_bad_parameter_is_one_line_before_anything_is_trained(
    epochwatch_run, tmp_path, parameters, told
):
    done = epochwatch_run(notebook=NOTEBOOK, **parameters)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_sweep_that_is_not_there_is_told_before_anything_is_trained(tmp_path):
    with pytest.raises(
        BadInput, match=r"^sweep: never_sow\.json does not exist; make sweep SWEEP="
    ):
        run_cells(NOTEBOOK, tmp_path, sweep="never_sow")
