"""What many trainings have measured, paired within a seed."""

import json

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab.shuffling import ORDERS, TASKS, Evidence
from epochwatch_lab.strategies import mean_interval

KEPT = project.ROOT / "sweeps" / "repeated_order.json"


def run(task, seed, fit, sampler):
    """One pair of trainings."""
    return {"task": task, "seed": seed, "fit": {"accuracy": fit}, "sampler": {"accuracy": sampler}}


def test_a_gain_is_the_mean_difference_within_a_seed():
    runs = [run("a", 1, 0.25, 0.5), run("b", 0, 0.9, 0.1), run("a", 0, 0.5, 0.625)]
    evidence = Evidence(runs)
    assert evidence.tasks == ["a", "b"]
    assert evidence.scores("a", "fit") == [0.5, 0.25]
    assert evidence.gain("a") == mean_interval([0.125, 0.25])
    assert evidence.gain("b").sample_size == 1


def test_a_file_that_is_not_there_or_holds_no_runs_is_told(tmp_path):
    path = tmp_path / "e.json"
    with pytest.raises(BadInput, match=r"^evidence: e\.json does not exist; python scripts/meas"):
        Evidence.read(path)
    path.write_text('{"runs": []}')
    with pytest.raises(BadInput, match=r"^evidence: e\.json holds no runs \(KeyError"):
        Evidence.read(path)


def test_what_is_kept_was_measured_with_the_tasks_as_they_are():
    content = json.loads(KEPT.read_text())
    assert content["parameters"] == {
        name: {"rows": task.rows, "batch_size": task.batch_size, "epochs": task.epochs}
        for name, task in TASKS.items()
    }


def test_what_is_kept_compares_one_order_with_a_new_one_each_epoch_over_twenty_seeds():
    evidence = Evidence.read(KEPT)
    assert evidence.tasks == list(TASKS)
    for name, task in TASKS.items():
        runs = evidence.runs_of(name)
        assert len({one["seed"] for one in runs}) == len(runs) >= 20
        different = [[one[order]["different_orders"] for order in ORDERS] for one in runs]
        assert different == [[1, task.epochs]] * len(runs)
