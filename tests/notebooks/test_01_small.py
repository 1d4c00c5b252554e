"""The real notebook with small parameters: through every feed, and by hand."""

import typing

import nbformat
import papermill
import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab.runs import DoesFitResume
from tests.notebooks.conftest import NOTEBOOK, run_cells, shell_of

SMALL = {"epochs": 3, "steps_per_epoch": 34, "positive_digit": 7, "batch_size": 32}
SEVENS = 6265
FEEDS = typing.get_args(DoesFitResume.model_fields["feed"].annotation)


@pytest.mark.slow
@pytest.mark.parametrize("feed", FEEDS)
def test_every_feed_resumes_at_the_same_samples(feed, cells_run):
    made = cells_run(NOTEBOOK, **SMALL, feed=feed, run_name="small", seed=3)
    assert made.record["parameters"]["feed"] == feed
    assert made.findings["verdict"] == "resumes"
    trained = {s: counts["trained"] for s, counts in made.findings["streams"].items()}
    assert trained == {"minority": 3 * 34 * 16, "majority": 3 * 34 * 16}
    assert made.findings["streams"]["minority"]["samples"] == SEVENS
    last = [epoch["last_batch"] for epoch in made.findings["epochs"]]
    for number, batch in enumerate(last, start=1):
        wanted = list(range(number * 34 * 16 - 16, number * 34 * 16))
        assert batch == {"minority": wanted, "majority": wanted}


@pytest.mark.slow
def test_run_by_hand_one_epoch_cannot_tell_and_is_kept_beside_the_earlier_runs(cells_run, tmp_path):
    for name in ("interactive", "interactive-2"):
        made = cells_run(NOTEBOOK, epochs=1, steps_per_epoch=1, batch_size=2)
        assert made.folder == tmp_path / "outputs" / NOTEBOOK / name
        assert made.record["run"] == name
        assert made.findings["verdict"] is None
        assert "One epoch cannot tell" in made.answer
        size = (made.folder / "figures" / "order.svg").stat().st_size
        assert made.record["files"]["figures/order.svg"] == size


def test_run_by_hand_a_misspelt_parameter_is_refused_and_nothing_is_run(tmp_path):
    with pytest.raises(BadInput, match=r"^epoch: unknown parameter, .* did you mean epochs\?$"):
        run_cells(NOTEBOOK, tmp_path, epoch=3)
    with pytest.raises(BadInput, match="^batch_size: got 15, allowed: an even integer"):
        run_cells(NOTEBOOK, tmp_path, batch_size=15)
    assert not (tmp_path / "outputs").exists()


@pytest.mark.slow
def test_under_papermill_alone_what_is_refused_is_one_line_without_a_traceback(tmp_path):
    executed = tmp_path / "executed.ipynb"
    options = {"kernel_name": "python3", "progress_bar": False, "cwd": str(tmp_path)}
    with pytest.raises(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            str(project.notebook_path(NOTEBOOK)), str(executed), {"batch_size": 15}, **options
        )
    cells = nbformat.read(executed, as_version=4).cells
    (error,) = [o for c in cells for o in c.get("outputs", []) if o.output_type == "error"]
    (line,) = error.traceback
    assert line.startswith("BadInput: batch_size: got 15, allowed: an even integer")
    assert not (tmp_path / "outputs").exists()


def test_when_cells_are_run_again_what_later_cells_made_is_no_parameter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parameters = "\n".join(f"{name}: int = None" for name in DoesFitResume.model_fields)
    parameters = parameters.replace("run_name: int = None", "run_name: str = 'again'")
    imports = "from epochwatch_lab.runs import DoesFitResume, Run"
    start = f"{imports}\nrun = Run.start(DoesFitResume, globals())"
    with shell_of() as shell:

        def run(*cells):
            for cell in cells:
                shell.run_cell(cell, store_history=True).raise_error()

        run(parameters, start, "half = 8; sizes = {}", parameters, start, "epoch = 3")
        with pytest.raises(BadInput, match="^epoch: unknown"):
            run(start)
        with pytest.raises(BadInput, match="^there is no run: epoch: unknown"):
            run("run.folder")
        run(parameters, start)
