"""The real notebook with small parameters, through every feed, and by hand."""

import json
import typing

import nbformat
import papermill
import pytest

from epochwatch_lab.runs import project
from epochwatch_lab.runs import DoesFitResume
from tests.notebooks.conftest import NOTEBOOK

SMALL = {"epochs": 3, "steps_per_epoch": 34, "positive_digit": 7, "batch_size": 32}
SEVENS = 6265
FEEDS = typing.get_args(DoesFitResume.model_fields["feed"].annotation)


@pytest.mark.parametrize("feed", FEEDS)
def test_every_feed_resumes_at_the_same_samples(feed, epochwatch_run, tmp_path):
    done = epochwatch_run(**SMALL, feed=feed, run_name="small", seed=3)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "outputs" / NOTEBOOK / "small"
    findings = json.loads((folder / "findings.json").read_text())
    assert findings["parameters"]["feed"] == feed
    assert findings["findings"]["verdict"] == "resumes"
    trained = {s: counts["trained"] for s, counts in findings["findings"]["streams"].items()}
    assert trained == {"minority": 3 * 34 * 16, "majority": 3 * 34 * 16}
    assert findings["findings"]["streams"]["minority"]["samples"] == SEVENS
    last = [epoch["last_batch"] for epoch in findings["findings"]["epochs"]]
    for number, batch in enumerate(last, start=1):
        wanted = list(range(number * 34 * 16 - 16, number * 34 * 16))
        assert batch == {"minority": wanted, "majority": wanted}
    assert not (tmp_path / "outputs" / "blog").exists(), "only default runs are published"
    assert f"epochwatch post {folder}" in done.stdout


def test_a_single_epoch_says_that_it_cannot_tell(epochwatch_run, tmp_path):
    done = epochwatch_run(epochs=1, steps_per_epoch=2, batch_size=2, run_name="one")
    assert done.returncode == 0, done.stderr
    findings = json.loads((tmp_path / "outputs" / NOTEBOOK / "one" / "findings.json").read_text())
    assert findings["findings"]["verdict"] is None
    assert "It cannot be told" in done.stdout
    assert "a single epoch has no boundary to judge" in " ".join(done.stdout.split())


def by_hand(tmp_path, **parameters):
    """Run the notebook by plain papermill, its outputs in a folder of the test."""
    notebook = nbformat.read(project.notebook_path(NOTEBOOK), as_version=4)
    elsewhere = (
        "from pathlib import Path\nfrom epochwatch_lab.runs import project\n"
        f"project.ROOT / "outputs" = Path({str(tmp_path)!r})"
    )
    notebook.cells.insert(2, nbformat.v4.new_code_cell(elsewhere))
    nbformat.write(notebook, tmp_path / "copy.ipynb")
    source, executed = tmp_path / "copy.ipynb", tmp_path / "executed.ipynb"
    papermill.execute_notebook(source, executed, parameters=parameters, progress_bar=False)


def test_run_by_hand_it_moves_its_own_folder_into_place(tmp_path):
    by_hand(tmp_path, epochs=2, steps_per_epoch=4)
    run = tmp_path / NOTEBOOK / "interactive"
    record = json.loads((run / "run.json").read_text())
    assert record["run"] == "interactive"
    assert (run / "figures" / "order.svg").stat().st_size == record["files"]["figures/order.svg"]
    assert [p.name for p in run.parent.iterdir() if not p.name.startswith(".")] == ["interactive"]


def test_run_by_hand_a_bad_parameter_is_one_line_without_a_traceback(tmp_path):
    with pytest.raises(papermill.PapermillExecutionError):
        by_hand(tmp_path, batch_size=15)
    cells = nbformat.read(tmp_path / "executed.ipynb", as_version=4).cells
    (error,) = [o for c in cells for o in c.get("outputs", []) if o.output_type == "error"]
    (line,) = error.traceback
    assert line.startswith("BadInput: batch_size: got 15, allowed: an even integer")
    assert not (tmp_path / NOTEBOOK).exists()
