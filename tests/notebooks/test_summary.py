"""The notebook that sums a sweep up, whatever of the sweep there is."""

import json

import pytest

from epochwatch_lab._runs.sweep import read_sweep
from tests.notebooks.conftest import run_cells


@pytest.fixture
def summed_up(tmp_path):
    """Sum up a sweep of two feeds and two seeds, of which these runs are finished."""

    def sum_up(found):
        file = tmp_path / "two.yaml"
        file.write_text(
            "name: two\nnotebook: 01_does_fit_resume\n"
            "grid: {feed: [tf_data, generator]}\nseeds: [0, 1]\n"
        )
        for run, findings in zip(
            read_sweep(file, tmp_path / "outputs").planned, found, strict=True
        ):
            if findings is not None:
                finished(tmp_path / "outputs" / run.parameters.notebook / run.id, run, findings)
        return run_cells("sweeps", tmp_path, sweep_file=str(file), run_name="two")

    return sum_up


def finished(folder, run, findings):
    """Leave what a finished run leaves, as far as a summary reads it."""
    folder.mkdir(parents=True)
    text = json.dumps({"answer": "", "findings": findings})
    (folder / "findings.json").write_text(text)
    record = {"id": run.id, "parameters": {}, "begun": "now", "files": {"findings.json": len(text)}}
    (folder / "run.json").write_text(json.dumps(record))


def found(trained, **more):
    """What a run found."""
    streams = {"minority": {"samples": 10, "trained": trained}}
    return {"verdict": "resumes", "streams": streams, **more}


def test_a_sweep_of_which_nothing_is_finished_says_so(summed_up):
    made = summed_up([None] * 4)
    assert "0 of 4 runs are finished; `epochwatch sweep two.yaml` makes the others" in made.answer
    assert "There is nothing to compare yet." in made.answer
    assert [run["state"] for run in made.findings["runs"]] == ["missing"] * 4
    assert made.findings["groups"] == []


def test_a_sweep_of_which_a_part_is_finished_is_summed_up_as_far_as_it_is(summed_up):
    made = summed_up([found(5), found(5), None, found(10)])
    assert "3 of 4 runs are finished; `epochwatch sweep two.yaml` makes the others" in made.answer
    compared = "`feed` alone changes all that is compared; `seed` alone changes nothing."
    assert compared in made.answer
    assert (made.folder / "figures" / "sweep.svg").is_file()


def test_what_only_some_runs_have_found_is_not_compared(summed_up):
    made = summed_up([found(5, test={"pr_auc": 0.5}), found(5), found(5), found(5)])
    assert list(made.findings["groups"][0]["means"]) == ["minority coverage"]
    assert "4 of 4 runs are finished; the verdict is *resumes* in 4" in made.answer
