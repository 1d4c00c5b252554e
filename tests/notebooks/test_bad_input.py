"""Bad input and broken runs: one line, the right exit code, and nothing lost."""

import errno
import os
import signal

import nbformat
import pytest

from epochwatch.errors import BadInput, DataError, RunFailed
from epochwatch_lab._runs import execute, project
from epochwatch_lab._runs.folder import RunFolder
from epochwatch_lab.datasets import _mnist as mnist
from epochwatch_lab.runs import DoesFitResume
from tests.notebooks.conftest import NOTEBOOK, assert_ended, started_run


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"positive_digit": 10}, "positive_digit: got '10'"),
        ({"positive_digit": "one"}, "positive_digit: got 'one'"),
        ({"batch_size": 15}, "cannot be balanced"),
        ({"batch_size": "1e9"}, "even integer from 2 to 4,096"),
        ({"steps_per_epoch": 0}, "steps_per_epoch: got '0'"),
        ({"feed": "tfdata"}, "feed: got 'tfdata'"),
        ({"DIGT": 7}, "DIGT: unknown parameter"),
        ({"epoch": 7}, "did you mean epochs?"),
        ({"steps_per_execution": 4}, "a divisor of steps_per_epoch (625)"),
    ],
    ids=str,
)
def test_a_bad_parameter_is_one_line_exit_code_2_and_nothing_is_written(
    parameters, told, epochwatch_run, tmp_path
):
    done = epochwatch_run(**parameters)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "no_such_notebook"], "allowed: 01_does_fit_resume"),
        (["run", NOTEBOOK, "-p", "epochs"], "allowed: NAME=VALUE"),
        (["run"], "NOTEBOOK: got none, allowed: 01_does_fit_resume, "),
        (["rum"], "No such command 'rum'"),
        (["run", NOTEBOOK, "--output", "x"], "No such option"),
        (["post", "nowhere"], "nowhere: no finished run"),
    ],
    ids=str,
)
def test_a_bad_command_line_is_one_line_and_exit_code_2(words, told, epochwatch):
    done = epochwatch(*words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_unwritable_outputs_are_told_before_anything_is_run(epochwatch_run, tmp_path):
    (tmp_path / "outputs").touch()
    done = epochwatch_run()
    assert done.returncode == 2
    assert "outputs: cannot write in" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_damaged_data_is_told_before_anything_is_run(tmp_path, monkeypatch):
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(mnist.EMBEDDED.read_bytes()[:-1000])
    monkeypatch.setattr(mnist, "EMBEDDED", damaged)
    with pytest.raises(DataError, match=r"mnist\.npz: cannot be read .*git checkout"):
        execute.execute(DoesFitResume(), tmp_path / "outputs")
    assert not (tmp_path / "outputs").exists()


@pytest.fixture
def notebook_with(tmp_path, monkeypatch):
    """Put a cell of code into the notebook, right behind its parameters."""

    def make(source):
        notebook = nbformat.read(project.notebook_path(NOTEBOOK), as_version=4)
        notebook.cells.insert(2, nbformat.v4.new_code_cell(source))
        (tmp_path / "notebooks").mkdir()
        nbformat.write(notebook, tmp_path / "notebooks" / f"{NOTEBOOK}.ipynb")
        monkeypatch.setattr(project, "NOTEBOOKS", tmp_path / "notebooks")

    return make


@pytest.fixture
def good_run(tmp_path):
    """An earlier good run of the same name."""
    folder = tmp_path / "outputs" / NOTEBOOK / "default"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text("good")
    return folder


def attempt(tmp_path):
    """Run whatever notebook there is."""
    parameters = DoesFitResume(run_name="default")
    return execute.execute(parameters, tmp_path / "outputs")


@pytest.mark.slow
def test_a_failing_cell_keeps_its_traceback_aside_and_the_good_run(
    notebook_with, good_run, tmp_path
):
    notebook_with("1 / 0")
    with pytest.raises(RunFailed, match="ZeroDivisionError: division by zero; the unfinished"):
        attempt(tmp_path)
    failed = good_run.with_name("default.failed")
    outputs = [c.get("outputs") for c in nbformat.read(failed / "notebook.ipynb", 4).cells]
    assert any(o.output_type == "error" for cell in outputs if cell for o in cell)
    assert "ZeroDivisionError" in (failed / "reason.txt").read_text()
    assert (good_run / "run.json").read_text() == "good"
    assert not list(good_run.parent.glob("default.attempt-*"))


@pytest.mark.slow
def test_bad_input_found_by_a_cell_is_bad_input(notebook_with, tmp_path):
    notebook_with("from epochwatch.errors import BadInput\nraise BadInput('the reason')")
    with pytest.raises(BadInput, match="^the reason$"):
        attempt(tmp_path)


@pytest.mark.slow
def test_a_full_disk_is_told_and_costs_no_earlier_run(
    notebook_with, good_run, tmp_path, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    notebook_with("import errno, os\nraise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))")
    monkeypatch.setattr(execute, "write_whole", full)
    with pytest.raises(BadInput, match="outputs: no space left on the disk of .* free some"):
        attempt(tmp_path)
    assert (good_run / "run.json").read_text() == "good"
    assert good_run.with_name("default.failed").exists()


@pytest.mark.slow
def test_a_dead_kernel_is_a_failed_run(notebook_with, good_run, tmp_path):
    notebook_with("import os\nos._exit(9)")
    with pytest.raises(
        RunFailed, match=r"the kernel died, probably out of memory \(exit 138 of papermill\)"
    ):
        attempt(tmp_path)
    assert (good_run / "run.json").read_text() == "good"


@pytest.mark.slow
def test_a_notebook_that_does_not_write_its_findings_is_not_finished(
    notebook_with, good_run, tmp_path
):
    notebook_with("from epochwatch_lab.runs import Run\nRun.finish = lambda *a: None\n")
    notebook = project.NOTEBOOKS / f"{NOTEBOOK}.ipynb"
    short = nbformat.read(notebook, as_version=4)
    short.cells = short.cells[:3]
    nbformat.write(short, notebook)
    with pytest.raises(BadInput, match=r"lacks findings\.json, exposures/manifest\.json, figures"):
        attempt(tmp_path)
    assert (good_run / "run.json").read_text() == "good"


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_leaves_no_kernel_and_says_what_it_keeps(stop, code, tmp_path):
    with started_run(tmp_path, "stopped") as (process, kernels):
        process.send_signal(stop)
        assert process.wait() == code
        assert_ended(kernels)
        said = process.stderr.read()
    folder = RunFolder(tmp_path, NOTEBOOK, "stopped")
    assert said.strip() == f"stopped; the unfinished run is in {folder.failed}"
    assert not folder.final.exists()
    assert (folder.failed / "attempt.json").exists()
    with folder.held():  # the name is free
        assert not list(folder.home.glob("stopped.attempt-*"))


@pytest.mark.slow
def test_an_unfinished_attempt_has_no_record(tmp_path, notebook_with):
    notebook_with("raise SystemExit")
    with pytest.raises((RunFailed, BadInput)):
        attempt(tmp_path)
    assert not list(tmp_path.rglob("run.json"))
    assert os.listdir(tmp_path / "outputs" / NOTEBOOK)
