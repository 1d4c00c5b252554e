"""A run's folder is there whole or not at all, and a good result is never destroyed."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs.folder import BeingMade, RunFolder


@pytest.fixture
def folder(tmp_path):
    """The folder of a run named good."""
    return RunFolder(tmp_path / "outputs", "notebook", "good")


def make(folder, text):
    """Make a run that leaves a text."""
    with folder.held():
        folder.begin()
        (folder.attempt / "result").write_text(text)
        folder.commit()


def names(folder):
    """List what stands beside the run, but for the lock."""
    return sorted(path.name for path in folder.home.iterdir() if not path.name.startswith("."))


def test_nothing_is_in_place_before_the_run_is_finished(folder):
    with folder.held():
        folder.begin()
        assert names(folder) == [folder.attempt.name]
        (folder.attempt / "result").write_text("1")
        folder.commit()
    assert names(folder) == ["good"]
    assert (folder.final / "result").read_text() == "1"


def test_a_finished_run_replaces_the_older_one(folder):
    make(folder, "1")
    make(folder, "2")
    assert names(folder) == ["good"]
    assert (folder.final / "result").read_text() == "2"


def test_a_failed_attempt_is_kept_beside_the_good_run(folder):
    make(folder, "1")
    with folder.held():
        folder.begin()
        (folder.attempt / "result").write_text("half")
        folder.fail()
    assert names(folder) == ["good", "good.failed"]
    assert (folder.final / "result").read_text() == "1"
    assert (folder.failed / "result").read_text() == "half"


def test_what_a_killed_run_left_does_not_confuse_the_next(folder):
    make(folder, "1")
    killed = RunFolder(folder.home.parent, "notebook", "good")
    killed.begin()
    (killed.attempt / "result").write_text("half")
    with folder.held():
        assert names(folder) == ["good", "good.failed"]
        assert (folder.failed / "result").read_text() == "half"


def test_a_kill_between_the_two_renames_loses_nothing(folder):
    make(folder, "1")
    folder.final.rename(folder.replaced)  # as `commit` does before it moves the new run in
    with folder.held():
        assert (folder.final / "result").read_text() == "1"
    assert not folder.replaced.exists()


def test_a_new_run_that_cannot_be_moved_in_leaves_the_old_one_to_come_back(folder, monkeypatch):
    make(folder, "1")
    real = type(folder.attempt).rename

    def rename(path, target):
        if path == folder.attempt:
            raise OSError("killed here")
        return real(path, target)

    with folder.held():
        folder.begin()
        monkeypatch.setattr(type(folder.attempt), "rename", rename)
        with pytest.raises(BadInput, match="killed here"):
            folder.commit()
        monkeypatch.undo()
    with folder.held():
        assert (folder.final / "result").read_text() == "1"


def test_two_runs_of_one_name_at_once_are_refused_and_a_kill_frees_the_name(folder, tmp_path):
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from epochwatch_lab._runs.folder import RunFolder
        with RunFolder(Path(sys.argv[1]), "notebook", "good").held():
            print("held", flush=True)
            sys.stdin.read()
    """)
    holder = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "outputs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(BeingMade, match="'good' is being made by another process"), folder.held():
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    make(folder, "after the kill")
    assert (folder.final / "result").read_text() == "after the kill"


def test_outputs_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "outputs").touch()  # a file where a folder is needed: so even for root
    with (
        pytest.raises(BadInput, match="outputs: cannot write in .* another folder with --outputs"),
        RunFolder(tmp_path / "outputs", "notebook", "good").held(),
    ):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_outputs_are_refused(tmp_path):
    (tmp_path / "outputs").mkdir(mode=0o500)
    with (
        pytest.raises(BadInput, match="outputs: cannot write in"),
        RunFolder(tmp_path / "outputs", "notebook", "good").held(),
    ):
        pass
