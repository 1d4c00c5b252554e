"""A run as its notebook sees it."""

import json
import shutil

import nbformat
import numpy as np
import pytest

from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.writer import ExposureWriter
from epochwatch.errors import BadInput
from epochwatch_lab._runs import environment, project, record, run
from epochwatch_lab._runs.notebooks import NOTEBOOKS, SatelliteScaleImbalance
from epochwatch_lab.answers import Answer
from epochwatch_lab.figures import Picture
from epochwatch_lab.runs import DoesFitResume, Run
from tests.epochwatch.exposures.distributed import Training, write_worker
from tests.notebooks.conftest import shell_of

YES = Answer("yes", "**Yes.** All of it.", "Go on.")
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
    record.write_findings(started.folder, started.parameters, YES, {})
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


def test_no_record_is_written_where_one_of_several_workers_was_cut_short(attempt_at):
    training = Training([(1, 1, 0, [[0], [1]])], [1, 1], 1)
    logged(attempt_at, to_its_end=True)
    write_worker(attempt_at / "distributed", training, 0).close()
    writer = write_worker(attempt_at / "distributed", training, 1)
    with pytest.raises(BadInput, match="distributed is cut off, as was the training"):
        record.check_whole(attempt_at, DoesFitResume())
    writer.close()
    record.check_whole(attempt_at, DoesFitResume())


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
        started.finish(YES)
        assert started.folder == by_hand / name
        said = capsys.readouterr().out
        assert said.startswith("**Yes.** All of it.\n\nGo on.\n\n")
        assert f"This run is kept in `{by_hand / name}`.\n\n`epochwatch post " in said
        assert said.endswith("](02_minority_or_majority_epoch.ipynb)\n")
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
    names |= {"trained": {}, "coverage": 7, "my_results": [1], "half": 8}  # as cells assign them
    with pytest.raises(BadInput, match="epochs: got 0"):
        Run.start(DoesFitResume, mistaken := {**names, "epochs": 0})
    assert mistaken.keys() == {*names, "my_results"} - {"trained", "coverage", "half"}
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
    started.finish(YES)
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
    started.finish(YES)
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


def shown_by(shell):
    """Collect what a shell displays, and what it puts in its place."""
    shown = []
    shell.display_pub.publish = lambda data, metadata=None, **more: shown.append(data)
    return shown


def finished(answer, **given):
    """Make a run by hand to its end."""
    started = begun(**given)
    logged(left_by(started), to_its_end=True)
    started.finish(answer)
    return started


def test_a_run_by_hand_is_compared_with_the_last_one(by_hand, capsys):
    finished(YES)
    assert "last run" not in capsys.readouterr().out
    finished(YES)
    same = "The last run by hand (`interactive`, with the same parameters) found the same: *yes*."
    assert same in capsys.readouterr().out
    finished(Answer("no", "**No.** None."), feed="generator")
    other = "(`interactive-2`, with `feed='tf_data'`): *yes*. Now: *no*."
    assert other in capsys.readouterr().out


def test_a_run_that_a_driver_moves_does_not_say_where_it_is(by_hand, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(run.ATTEMPT_VARIABLE, str(tmp_path / "attempt"))
    (tmp_path / "attempt").mkdir()
    begun().finish(YES)
    said = capsys.readouterr().out
    assert said.startswith("**Yes.** All of it.\n\nGo on.\n\nNext: [")
    assert str(tmp_path) not in said


def test_what_was_found_is_written_as_plain_values(by_hand):
    started = begun()
    started.found(seen=np.arange(3), share=np.float64(1) / 3, verdict=None)
    started.found(streams={"minority": (np.int64(2), float("inf"))})
    with pytest.raises(ValueError, match="^seen: has been found already"):
        started.found(seen=1)
    logged(left_by(started), to_its_end=True)
    started.finish(YES)
    written = json.loads((started.folder / "findings.json").read_text())
    assert written["findings"] == {
        "seen": [0, 1, 2],
        "share": 0.333333,
        "verdict": None,
        "streams": {"minority": [2, None]},
    }
    assert [written["answer"], written["short"]] == ["**Yes.** All of it.", "yes"]


def test_a_picture_is_kept_in_the_folder_and_shown(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    picture = Picture.drawn("line", "A line.", lambda figure: figure.subplots().plot([1, 2]))
    Run(DoesFitResume(), tmp_path, None).show(picture)
    assert shown == [picture]
    kept = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert kept == ["line-narrow.png", "line.png", "line.svg"]


def test_at_the_top_stand_the_section_a_run_is_at_and_then_its_answer(by_hand, tmp_path):
    cells = ["start()", "## One", "1", "## Two", "2"]
    kinds = ["markdown" if cell.startswith("#") else "code" for cell in cells]
    notebook = nbformat.v4.new_notebook(
        cells=[getattr(nbformat.v4, f"new_{k}_cell")(c) for k, c in zip(kinds, cells, strict=True)]
    )
    nbformat.write(notebook, tmp_path / "01_does_fit_resume.ipynb")
    with shell_of() as shell:
        shell.user_ns |= {"start": lambda: shell.user_ns.update(run=begun()), "np": np}
        updates = shown_by(shell)
        for cell in ("start()", "1", "np", "2"):
            shell.run_cell(cell).raise_error()
        started = shell.user_ns["run"]
        logged(left_by(started), to_its_end=True)
        started.finish(YES)
        shell.run_cell("1").raise_error()
    waiting = "*The answer appears here when the run has found it."
    texts = [update["text/markdown"] for update in updates]
    assert texts[:4] == [
        f"{waiting}*",
        "",
        f"{waiting} Now at 1 of 2: One.*",
        f"{waiting} Now at 2 of 2: Two.*",
    ]
    assert texts[4] == YES.text
    assert texts[5].startswith(YES.text)
    assert len(texts) == 6
