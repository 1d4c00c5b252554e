"""Processes that end otherwise than they were to, and that end when nobody waits for them."""

import json
import subprocess
import sys

import pytest

from epochwatch.errors import RunFailed
from epochwatch_lab.killed_trainings import BACKUP, Plan, _processes

PLAN = Plan("no_such_feed", 1, 2, 1, 1, 0)


@pytest.mark.slow
def test_a_process_that_fails_is_told_in_one_line(tmp_path):
    with pytest.raises(RunFailed, match="BackupAndRestore, process 1: ended with 1, not -9: .*"):
        _processes._run(PLAN, BACKUP, 1, tmp_path, -9)


def test_a_failed_training_is_raised_where_somebody_waits_for_it(tmp_path, monkeypatch):
    def fail(*_):
        raise RunFailed("the reason")

    monkeypatch.setattr(_processes, "_run", fail)
    for coming in _processes.start(PLAN, tmp_path).values():
        with pytest.raises(RunFailed, match="^the reason$"):
            coming.result()


def test_progress_tells_the_start_before_anything_has_ended(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_processes, "_run", lambda *_: None)
    monkeypatch.setattr(_processes.Outcome, "read", lambda *_: None)
    for coming in _processes.start(PLAN, tmp_path, progress=True).values():
        coming.result()
    first, *others = capsys.readouterr().out.splitlines()
    assert first == "started: undisturbed, BackupAndRestore, resumable"
    assert sorted(others) == [
        "BackupAndRestore: done",
        "BackupAndRestore: killed after step 1, started again",
        "resumable: done",
        "resumable: killed after step 1, started again",
        "undisturbed: done",
    ]


def test_a_process_ends_with_the_one_that_started_it():
    script = "from epochwatch_lab.killed_trainings.__main__ import end_with_parent as e; e()"
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE)
    assert process.poll() is None
    process.stdin.close()  # as the end of a process closes it
    assert process.wait() == 1


def test_what_a_process_is_given_is_the_plan_again():
    assert Plan(**json.loads(json.dumps(PLAN._asdict()))) == PLAN
