"""A run as its notebook sees it."""

import base64
import json
import shutil

import nbformat
import numpy as np
import pytest

from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._report import style
from epochwatch.errors import BadInput
from epochwatch_lab._runs import environment, project, record, run
from epochwatch_lab._runs.notebooks import NOTEBOOKS, SatelliteScaleImbalance
from epochwatch_lab.runs import DoesFitResume, Run

USUAL = {name: None for name in DoesFitResume.model_fields} | {"run_name": "interactive"}


@pytest.fixture
def by_hand(tmp_path, monkeypatch):
    """Outputs of runs by hand, in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(run.ATTEMPT_VARIABLE, raising=False)
    return tmp_path / "outputs" / "01_does_fit_resume"


def begun(**given):
    """Begin a run, as the second cell of a notebook does."""
    return Run.start(DoesFitResume, USUAL | given)


def test_a_cell_run_again_in_the_same_kernel_begins_a_new_attempt(by_hand):
    first = begun()
    (first.folder / "half").touch()
    second = begun()
    assert second.folder.parent == by_hand
    assert second.folder.name.startswith("interactive.attempt-")
    assert second.folder != first.folder
    assert not (second.folder / "half").exists()
    assert (by_hand / "interactive.failed" / "half").exists()


def test_a_headless_run_writes_where_its_driver_says(by_hand, tmp_path, monkeypatch):
    monkeypatch.setenv(run.ATTEMPT_VARIABLE, str(tmp_path / "attempt"))
    started = begun()
    assert started.folder == tmp_path / "attempt"
    assert not started.interactive
    assert not by_hand.exists()


@pytest.fixture
def attempt_at(by_hand):
    """A run by hand that has begun, with the files that a notebook leaves."""
    return left_by(begun())


def left_by(started):
    """Leave what a notebook leaves, but for an exposure log."""
    record.write_findings(started.folder, started.parameters, "Yes", {})
    (started.folder / "figures" / "order.svg").write_text("<svg/>")
    return started.folder


def logged(folder, *, to_its_end):
    """Leave an exposure log of one epoch."""
    writer = ExposureWriter(folder / "exposures", {})
    writer.append(1, 1, 0, np.array([2]), np.array([0, 1]))
    writer.close(None if to_its_end else "ValueError: stopped")


def test_a_finished_run_says_what_it_is_and_where_it_ran(attempt_at):
    logged(attempt_at, to_its_end=True)
    record.write_record(attempt_at, DoesFitResume(), {"all": 1.5})
    written = json.loads((attempt_at / "run.json").read_text())
    digest = environment.source_digest(project.notebook_path("01_does_fit_resume"))
    assert written["id"] == environment.run_id(digest, DoesFitResume())
    assert written["environment"]["cores"] >= 1
    assert written["environment"]["data_sha256"] == DoesFitResume.data_digest()
    assert None not in written["environment"].values()
    assert written["files"]["figures/order.svg"] == len("<svg/>")
    assert not {"facts.json", "attempt.json"} & set(written["files"])
    assert not (attempt_at / "attempt.json").exists()


def test_no_record_is_written_where_something_promised_is_lacking(attempt_at):
    (attempt_at / "figures" / "order.svg").unlink()
    with pytest.raises(BadInput, match=r"lacks exposures/manifest\.json, figures; the notebook"):
        record.write_record(attempt_at, DoesFitResume(), {})
    assert not (attempt_at / "run.json").exists()


def test_no_record_is_written_where_the_training_was_cut_short(attempt_at):
    logged(attempt_at, to_its_end=False)
    with pytest.raises(BadInput, match="exposures is cut off, as was the training"):
        record.write_record(attempt_at, DoesFitResume(), {})
    assert not (attempt_at / "run.json").exists()


def digest_of(path, source, **metadata):
    """Sum up a notebook of one cell."""
    cell = nbformat.v4.new_code_cell(source, id="one")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=metadata), path)
    return environment.source_digest(path)


def test_a_runs_id_follows_its_parameters_its_source_its_data_and_the_code(tmp_path, monkeypatch):
    digest = digest_of(tmp_path / "one.ipynb", "1")
    one = environment.run_id(digest, DoesFitResume(seed=1, run_name="a"))
    assert environment.run_id(digest, DoesFitResume(seed=1, run_name="b")) == one
    assert environment.run_id(digest, DoesFitResume(seed=2)) != one
    assert digest_of(tmp_path / "two.ipynb", "1", about="opened in Jupyter") == digest
    assert digest_of(tmp_path / "two.ipynb", "2") != digest
    with monkeypatch.context() as other:
        other.setattr(DoesFitResume, "data_digest", classmethod(lambda cls: "other"))
        assert environment.run_id(digest, DoesFitResume(seed=1)) != one
    monkeypatch.setattr(environment, "code_digest", lambda: "other")
    assert environment.run_id(digest, DoesFitResume(seed=1)) != one


def test_the_digest_of_the_code_follows_each_module_and_template(tmp_path, monkeypatch):
    package = tmp_path / "epochwatch_lab"
    for name in ("_site/templates", "_carried"):
        (package / name).mkdir(parents=True)
    monkeypatch.setattr(project, "PACKAGE", package)

    def digest(file, text):
        (package / file).write_text(text)
        return environment.code_digest.__wrapped__()

    seen = [digest("one.py", "1"), digest("one.py", "2"), digest("two.py", "2")]
    seen.append(digest("_site/templates/page.html", "1"))
    assert len(set(seen)) == 4
    assert digest("_carried/notebook.py", "1") == digest("notes.txt", "1") == seen[-1]


def test_a_run_by_hand_is_kept_beside_the_earlier_ones_and_says_where_it_is(by_hand, capsys):
    for name in ("interactive", "interactive-2", "interactive-3"):
        started = begun()
        logged(left_by(started), to_its_end=True)
        started.finish("Yes", {"run": name})
        assert started.folder == by_hand / name
        assert capsys.readouterr().out == f"This run is kept in {by_hand / name}\n"
        assert json.loads((by_hand / name / "run.json").read_text())["run"] == name
    assert [p.name for p in sorted(by_hand.iterdir()) if p.name[0] != "."] == [
        "interactive",
        "interactive-2",
        "interactive-3",
    ]


def test_where_parameters_are_refused_no_later_cell_goes_on_with_an_earlier_run(by_hand):
    names = dict(USUAL)
    names["run"] = Run.start(DoesFitResume, names)
    names["parameters"] = names["run"].parameters
    with pytest.raises(BadInput, match="epochs: got 0"):
        Run.start(DoesFitResume, names := {**names, "epochs": 0})
    for use in (lambda: names["run"].folder, lambda: names["parameters"].epochs):
        with pytest.raises(BadInput, match="^there is no run: epochs: got 0, allowed: an integer"):
            use()


def test_where_parameters_are_refused_what_the_notebook_made_is_gone_and_nothing_else(by_hand):
    names = dict(USUAL, In=["epochs: int = 0", "start()"])
    names["run"] = Run.start(DoesFitResume, names)
    names |= {"trained": {}, "seen": 7, "my_results": [1], "half": 8}  # as cells assign them
    with pytest.raises(BadInput, match="epochs: got 0"):
        Run.start(DoesFitResume, mistaken := {**names, "epochs": 0})
    assert mistaken.keys() == {*names, "my_results"} - {"trained", "seen", "half"}
    with pytest.raises(BadInput, match="seed: got -1"):
        Run.start(DoesFitResume, again := {**mistaken, "epochs": 2, "seed": -1})
    with pytest.raises(BadInput, match="^there is no run: seed: got -1"):
        _ = again["run"].folder


def test_a_misspelt_parameter_is_refused_again_though_a_later_cell_assigns_its_name(by_hand):
    names = dict(USUAL, In=["epochs: int = 3\nepoch = 3", "start()"])
    names["run"] = Run.start(DoesFitResume, names)
    names |= {"epoch": 3}
    for _ in range(2):
        with pytest.raises(BadInput, match="epoch: unknown parameter"):
            Run.start(DoesFitResume, names)


def test_a_log_that_a_notebook_has_read_can_be_read_on_after_the_run_is_finished(by_hand):
    names = dict(USUAL)
    started = Run.start(DoesFitResume, names)
    logged(left_by(started), to_its_end=True)
    names["log"] = ExposureLog.read(started.folder / "exposures")
    names["own"] = own = ExposureLog.read(shutil.copytree(names["log"].folder, by_hand / "own"))
    started.finish("Yes", {})
    assert names["log"].folder == by_hand / "interactive" / "exposures"
    assert dict(names["log"].counts()) == {0: 1, 1: 1}
    assert names["own"] is own


def test_a_run_by_hand_has_the_id_of_the_file_that_is_run_as_far_as_it_can_be_known(
    by_hand, tmp_path, monkeypatch
):
    def id_now():
        return json.loads((begun().folder / "attempt.json").read_text())["id"]

    carried = environment.source_digest(project.notebook_path("01_does_fit_resume"))
    assert id_now() == environment.run_id(carried, DoesFitResume())
    here = digest_of(tmp_path / "01_does_fit_resume.ipynb", "1")
    assert id_now() == environment.run_id(here, DoesFitResume())
    opened = digest_of(tmp_path / "opened.ipynb", "2")
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "opened.ipynb"))
    assert id_now() == environment.run_id(opened, DoesFitResume())


def test_a_notebook_without_data_loads_none_and_stamps_none(by_hand, monkeypatch):
    def load():
        raise AssertionError("MNIST was loaded")

    monkeypatch.setattr("epochwatch_lab.datasets.load_mnist", load)
    monkeypatch.setattr("epochwatch_lab._runs.notebooks.mnist.load_mnist", load)
    assert SatelliteScaleImbalance.check_data() is None
    names = {name: None for name in SatelliteScaleImbalance.model_fields}
    started = Run.start(SatelliteScaleImbalance, names | {"run_name": "none"})
    logged(left_by(started), to_its_end=True)
    started.finish("Yes", {})
    written = json.loads((started.folder / "run.json").read_text())
    assert "data_sha256" not in written["environment"]


def test_outputs_are_the_clones_from_within_it_and_elsewhere_right_here(tmp_path, monkeypatch):
    monkeypatch.chdir(project.ROOT / "notebooks")
    assert project.default_outputs() == project.ROOT / "outputs"
    monkeypatch.chdir(tmp_path)
    assert project.default_outputs() == tmp_path / "outputs"
    monkeypatch.setattr(project, "ROOT", None)  # installed
    monkeypatch.chdir(project.PACKAGE)
    assert project.default_outputs() == project.PACKAGE / "outputs"


def test_what_the_package_carries_is_in_a_clone_the_clones_own():
    assert project.carried("notebooks") == project.ROOT / "notebooks"
    assert project.carried("records.json") == project.ROOT / "bench" / "records.json"
    assert project.carried("sweeps/summary.ipynb").is_file()
    assert list(project.carried("atlas").glob("*.json"))
    assert project.notebook_names() == list(NOTEBOOKS)


def test_a_figure_is_shown_as_pixels_and_as_vectors_with_its_name_and_text(tmp_path, monkeypatch):
    shown = []
    (tmp_path / "figures").mkdir()
    monkeypatch.setattr("IPython.display.display", lambda *a, **more: shown.append((a, more)))
    started = Run(DoesFitResume(), tmp_path, None)
    with style.figure(4, 2) as figure:
        figure.subplots().plot([1, 2])
    started.show(figure, "line", "A line.")
    [((forms,), more)] = shown
    assert base64.b64decode(forms["image/png"]) == (tmp_path / "figures/line.png").read_bytes()
    assert forms["image/svg+xml"] == (tmp_path / "figures/line.svg").read_text()
    assert forms["text/plain"] == "A line."
    pixels = {"alt": "A line.", "width": 384}
    assert more == {"raw": True, "metadata": {"image/png": pixels, "filename": "line"}}
