"""The notebook of the two epochs with small parameters, at its edges, and with bad ones."""

import pytest

NOTEBOOK = "02_minority_or_majority_epoch"
SMALL = {"samples": 600, "majority_epochs": 1, "simulations": 20, "run_name": "small"}


@pytest.mark.slow
def test_other_parameters_are_another_answer_with_other_advice(cells_run):
    """Of the first 600 digits 66 are sevens: 5 and 34 batches of 32, 7 of the one in the other."""
    edges = {"positive_digit": 7, "batch_size": 32, "patience": 1, "validations": 4}
    made = cells_run(NOTEBOOK, **SMALL, **edges, ratios="3,30")
    findings = made.findings
    sizes = {name: stream["samples"] for name, stream in findings["streams"].items()}
    assert sum(sizes.values()) == 600
    steps = {name: -(-samples // 16) for name, samples in sizes.items()}
    epochs = -(-steps["majority"] // steps["minority"])
    assert findings["lengths"] == steps | {"minority_epochs": epochs}
    assert findings["same_training"] == {"samples": True, "state": True, "validation": True}
    for part in ("epochs", "schedules"):
        for one in findings[part].values():
            assert one["theory"] == one.get("counted", one.get("measured"))
    assert all(one["counted"] == one["theory"] for one in findings["ratios"])
    assert [one["ratio"] for one in findings["ratios"]] == [3, 30]
    best = max(steps["minority"], -(-steps["majority"] // 4))
    assert f"{best} steps" in made.answer
    assert "with a patience of 1 epoch `EarlyStopping` could stop" in made.answer


@pytest.mark.slow
def test_where_one_batch_holds_everything_both_epochs_are_one_step(cells_run):
    made = cells_run(NOTEBOOK, **SMALL, batch_size=2048, ratios="50000")
    findings = made.findings
    assert findings["lengths"] == {"minority": 1, "majority": 1, "minority_epochs": 1}
    assert findings["epochs_until_all_at_random"]["anew each epoch"]["mean"]["simulated"] == 1
    assert findings["ratios"][0]["samples"]["minority"] == 1
    assert findings["ratios"][0]["counted"]["exposures"] == [1024, 1024]
    assert "Here one epoch of 1 step goes once through both classes" in made.answer


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"ratios": "5,,10"}, "ratios: got '5,,10', allowed: one to 12 whole numbers from 2 to"),
        ({"ratios": "5,five"}, "ratios: got '5,five', allowed: one to 12 whole numbers"),
        ({"ratios": "5,5"}, "without repeats, with commas between them, such as 5,50,500"),
        ({"ratios": "1"}, "ratios: got '1', allowed:"),
        ({"ratios": "50001"}, "from 2 to 50,000"),
        ({"ratios": ""}, "ratios: got '', allowed:"),
        ({"samples": 100}, "samples: got '100', allowed: an integer from 200 to 60,000"),
        ({"decay": 0}, "decay: got '0', allowed: a number from 0.01 to 0.99"),
        ({"decay": "nan"}, "decay: got 'nan', allowed: a number from 0.01 to 0.99"),
        ({"patience": 0}, "patience: got '0', allowed: an integer from 1 to 1,000"),
        ({"steps_per_epoch": 5}, "steps_per_epoch: unknown parameter"),
    ],
    ids=str,
)
def test_a_bad_parameter_is_one_line_exit_code_2_and_nothing_is_written(
    parameters, told, epochwatch_run, tmp_path
):
    done = epochwatch_run(notebook=NOTEBOOK, **parameters)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert not (tmp_path / "outputs").exists()
