"""A run as its notebook sees it."""

import pytest

from epochwatch.errors import BadInput
from epochwatch.runs import environment, project, run
from epochwatch.runs.parameters import DoesFitResume


@pytest.fixture
def by_hand(tmp_path, monkeypatch):
    """Outputs of runs by hand, in a folder of the test."""
    monkeypatch.setattr(project, "OUTPUTS", tmp_path)
    monkeypatch.delenv(run.ATTEMPT_VARIABLE, raising=False)
    return tmp_path / "01_does_fit_resume"


def test_a_cell_run_again_in_the_same_kernel_begins_a_new_attempt(by_hand):
    first = run.Run.start(DoesFitResume())
    (first.folder / "half").touch()
    second = run.Run.start(DoesFitResume())
    assert second.folder == by_hand / "interactive.attempt"
    assert not (second.folder / "half").exists()
    assert (by_hand / "interactive.failed" / "half").exists()


def test_a_headless_run_writes_where_its_driver_says(by_hand, tmp_path, monkeypatch):
    monkeypatch.setenv(run.ATTEMPT_VARIABLE, str(tmp_path / "attempt"))
    started = run.Run.start(DoesFitResume())
    assert started.folder == tmp_path / "attempt"
    assert not started.interactive
    assert not by_hand.exists()


def test_no_record_is_written_where_something_promised_is_lacking(tmp_path):
    (tmp_path / "findings.json").write_text("{}")
    with pytest.raises(BadInput, match="lacks figures; the notebook must write them"):
        run.write_record(
            tmp_path, "01_does_fit_resume", DoesFitResume(), ("findings.json", "figures"), {}
        )
    assert not (tmp_path / "run.json").exists()


def test_a_runs_identity_follows_its_parameters_its_notebook_and_the_version(tmp_path):
    notebook = tmp_path / "notebook.ipynb"
    notebook.write_text("1")
    one = environment.identity(notebook, {"seed": 1}, "0.1.0")
    assert environment.identity(notebook, {"seed": 1}, "0.1.0") == one
    assert environment.identity(notebook, {"seed": 2}, "0.1.0") != one
    assert environment.identity(notebook, {"seed": 1}, "0.2.0") != one
    notebook.write_text("2")
    assert environment.identity(notebook, {"seed": 1}, "0.1.0") != one
