"""A run as its notebook sees it."""

import base64
import json

import nbformat
import numpy as np
import pytest

import epochwatch
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._report import style
from epochwatch.errors import BadInput
from epochwatch_lab.runs import environment, project, run
from epochwatch_lab.runs.parameters import DoesFitResume


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
    assert second.folder.parent == by_hand
    assert second.folder.name.startswith("interactive.attempt-")
    assert second.folder != first.folder
    assert not (second.folder / "half").exists()
    assert (by_hand / "interactive.failed" / "half").exists()


def test_a_headless_run_writes_where_its_driver_says(by_hand, tmp_path, monkeypatch):
    monkeypatch.setenv(run.ATTEMPT_VARIABLE, str(tmp_path / "attempt"))
    started = run.Run.start(DoesFitResume())
    assert started.folder == tmp_path / "attempt"
    assert not started.interactive
    assert not by_hand.exists()


@pytest.fixture
def attempt_at(by_hand):
    """A run by hand that has begun, with the files that a notebook leaves."""
    started = run.Run.start(DoesFitResume())
    run.write_json(started.folder / "findings.json", {})
    run.write_json(started.folder / run.FACTS, {})
    (started.folder / "figures" / "order.svg").write_text("<svg/>")
    return started.folder


def logged(folder, *, to_its_end):
    """Leave an exposure log of one epoch."""
    writer = ExposureWriter(folder / "exposures", {})
    writer.append(1, 1, 0, np.array([2]), np.array([0, 1]))
    writer.close(None if to_its_end else "ValueError: stopped")


def test_a_finished_run_says_what_it_is_and_where_it_ran(attempt_at):
    logged(attempt_at, to_its_end=True)
    run.write_record(attempt_at, DoesFitResume(), {"all": 1.5})
    record = json.loads((attempt_at / "run.json").read_text())
    assert record["id"] == environment.identity(
        environment.source_digest(project.notebook_path("01_does_fit_resume")),
        DoesFitResume().model_dump(),
    )
    assert record["environment"]["cores"] >= 1
    assert record["files"]["figures/order.svg"] == len("<svg/>")
    assert not {"facts.json", "attempt.json"} & set(record["files"])
    assert not (attempt_at / "attempt.json").exists()


def test_no_record_is_written_where_something_promised_is_lacking(attempt_at):
    (attempt_at / "figures" / "order.svg").unlink()
    with pytest.raises(BadInput, match=r"lacks exposures/manifest\.json, figures; the notebook"):
        run.write_record(attempt_at, DoesFitResume(), {})
    assert not (attempt_at / "run.json").exists()


def test_no_record_is_written_where_the_training_was_cut_short(attempt_at):
    logged(attempt_at, to_its_end=False)
    with pytest.raises(BadInput, match="exposures is no complete log; the training was cut short"):
        run.write_record(attempt_at, DoesFitResume(), {})
    assert not (attempt_at / "run.json").exists()


def written(path, source, **metadata):
    """Write a notebook of one cell."""
    cell = nbformat.v4.new_code_cell(source, id="one")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
    return environment.source_digest(path)


def test_a_runs_identity_follows_its_parameters_its_source_and_the_version(tmp_path, monkeypatch):
    digest = written(tmp_path / "one.ipynb", "1")
    one = environment.identity(digest, {"seed": 1, "run_name": "a"})
    assert environment.identity(digest, {"run_name": "b", "seed": 1}) == one
    assert environment.identity(digest, {"seed": 2, "run_name": "a"}) != one
    assert written(tmp_path / "two.ipynb", "1", about="opened in Jupyter") == digest
    assert written(tmp_path / "two.ipynb", "2") != digest
    monkeypatch.setattr(epochwatch, "__version__", "0.2.0")
    assert environment.identity(digest, {"seed": 1}) != one


def test_a_figure_is_shown_as_pixels_and_as_vectors_with_its_name_and_text(tmp_path, monkeypatch):
    shown = []
    (tmp_path / "figures").mkdir()
    monkeypatch.setattr("IPython.display.display", lambda *a, **more: shown.append((a, more)))
    started = run.Run(DoesFitResume(), tmp_path, None)
    with style.figure(4, 2) as figure:
        figure.subplots().plot([1, 2])
    started.show(figure, "line", "A line.")
    [((forms,), more)] = shown
    assert base64.b64decode(forms["image/png"]) == (tmp_path / "figures/line.png").read_bytes()
    assert forms["image/svg+xml"] == (tmp_path / "figures/line.svg").read_text()
    assert forms["text/plain"] == "A line."
    pixels = {"alt": "A line.", "width": 384}
    assert more == {"raw": True, "metadata": {"image/png": pixels, "filename": "line"}}
