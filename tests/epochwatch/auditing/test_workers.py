"""Processes that finish, die, wait for ever or are interrupted: none is left, and all is known."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from epochwatch._auditing import strategies, workers
from epochwatch._auditing.workers import DIED, ENDED, FINISHED, WAITED, Notes, Stand, run_workers
from epochwatch.errors import BadInput

ROOT = Path(__file__).parents[3]
HOUR = 3600  # nothing here waits for it
BEGIN = """
import json, sys, os, threading
from pathlib import Path
from epochwatch._auditing.workers import Notes, Stand, end_with_parent
job = json.loads(sys.stdin.buffer.readline())
notes = Notes(Path(job["aside"]), job["number"])
(notes.progress.parent / f"{job['number']}.pid").write_text(str(os.getpid()))
def finish():
    notes.done.touch()
    threading.Event().wait()
kept = notes.progress.parent / f"{job['number']}.kept"
end_with_parent(kept.touch)
"""
TRAIN = """
for step in (1, 2):
    notes.note(Stand(1, 1, step))
"""
FINISH, WAIT = "finish()", "threading.Event().wait()"
DIE = "print('one line'); print('the last one', flush=True); os._exit(3)"


@pytest.fixture(autouse=True)
def _no_deadline(monkeypatch):
    """Give workers all the time that they need to write down what they have."""
    monkeypatch.setattr(workers, "GRACE", HOUR)


def ended(folder, *codes, patience=HOUR):
    """Run workers, each with its code."""
    jobs = [{"aside": str(folder), "number": n, "code": code} for n, code in enumerate(codes)]
    command = [sys.executable, "-c", f"{BEGIN}\nexec(job['code'])"]
    return run_workers(command, jobs, [os.environ] * len(codes), folder, patience)


def is_gone(folder, number):
    path = folder / f"{number}.pid"
    if not path.exists():  # it was ended before it had begun
        return True
    try:
        os.kill(int(path.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def test_all_finish(tmp_path):
    ends = ended(tmp_path, TRAIN + FINISH, TRAIN + "notes.note(Stand(1, 2, 1))\n" + FINISH)
    assert [end.outcome for end in ends] == [FINISHED] * 2
    assert [end.stand for end in ends] == [Stand(1, 1, 2), Stand(1, 2, 1)]
    assert ends[1].steps == {(1, 1): 2, (1, 2): 1}
    assert is_gone(tmp_path, 0)
    assert is_gone(tmp_path, 1)
    # What has finished is ended in the same way.
    assert (tmp_path / "0.kept").exists()


def test_one_that_dies_ends_the_others(tmp_path):
    died, other = ended(tmp_path, TRAIN + DIE, TRAIN + WAIT)
    assert (died.outcome, died.stand) == (DIED, Stand(1, 1, 2))
    assert died.why == "exit code 3: one line | the last one"
    assert other.outcome == ENDED
    assert is_gone(tmp_path, 0)
    assert is_gone(tmp_path, 1)


def test_a_worker_says_what_it_failed_with(tmp_path):
    [died] = ended(tmp_path, "notes.error.write_text('the disk is gone'); os._exit(1)")
    assert died.why == "the disk is gone"


def test_a_signal_is_named(tmp_path):
    [died] = ended(tmp_path, TRAIN + "os.kill(os.getpid(), 9)")
    assert died.why == "signal SIGKILL: it said nothing"


def test_one_that_leaves_without_having_finished_has_died(tmp_path):
    [died] = ended(tmp_path, "sys.exit(0)")
    assert (died.outcome, died.stand) == (DIED, Stand(0, 0, 0))


def test_where_they_wait_for_ever_is_known(tmp_path):
    """They have noted nothing since we began to look: with no patience, that is for ever."""
    for number, steps in enumerate((2, 3)):
        Notes(tmp_path, number).note(Stand(1, 1, steps))
    ends = ended(tmp_path, WAIT, WAIT, patience=-1)
    assert [end.outcome for end in ends] == [WAITED] * 2
    assert [end.stand.steps for end in ends] == [2, 3]
    assert is_gone(tmp_path, 0)
    assert is_gone(tmp_path, 1)


def test_one_that_does_not_hear_that_it_is_to_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "GRACE", 0)
    [end] = ended(tmp_path, WAIT, patience=-1)
    assert end.outcome == WAITED
    assert is_gone(tmp_path, 0)


def test_an_interrupt_leaves_none(tmp_path, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(workers.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ended(tmp_path, WAIT, WAIT)
    assert is_gone(tmp_path, 0)
    assert is_gone(tmp_path, 1)


def test_workers_end_with_whoever_started_them(tmp_path):
    """Killed, it can tell nobody; a pipe that the worker has open is closed all the same."""
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    code = f"alive = open({str(pipe)!r}, 'w'); alive.write('begun\\n'); alive.flush(); {WAIT}"
    script = (
        "import pathlib, sys; from tests.epochwatch.auditing.test_workers import ended; "
        "ended(pathlib.Path(sys.argv[1]), sys.argv[2])"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), code], cwd=ROOT)
    with pipe.open() as alive:
        assert alive.readline() == "begun\n"
        parent.kill()
        assert alive.read() == ""
    parent.wait()


def test_free_ports_differ():
    ports = workers.free_ports(20)
    assert len(set(ports)) == 20


def test_each_worker_is_told_which_it_is():
    for strategy in strategies.STRATEGIES:
        told = strategies.environments(strategy, 3, "run")
        count = strategies.processes_of(strategy, 3)
        assert [each["EPOCHWATCH_WORKER"] for each in told] == [str(n) for n in range(count)]
        assert {each["EPOCHWATCH_WORKERS"] for each in told} == {str(count)}
        assert {each["EPOCHWATCH_RUN"] for each in told} == {"run"}


def test_alone_a_feed_is_that_of_a_single_process(monkeypatch):
    monkeypatch.setenv("EPOCHWATCH_WORKERS", "7")
    monkeypatch.delenv("EPOCHWATCH_WORKER", raising=False)
    with strategies.alone("jax"):
        assert (os.environ["EPOCHWATCH_WORKER"], os.environ["EPOCHWATCH_WORKERS"]) == ("0", "1")
    assert os.environ["EPOCHWATCH_WORKERS"] == "7"
    assert "EPOCHWATCH_WORKER" not in os.environ


@pytest.mark.parametrize(
    ("strategy", "backend", "chosen"),
    [
        (None, "tensorflow", "mirrored"),
        (None, "tf_keras", "multi_worker"),
        (None, "jax", "jax"),
        (None, "torch", "torch"),
        ("mirrored", "tf_keras", "mirrored"),
    ],
)
def test_the_strategy_is_that_of_the_backend(strategy, backend, chosen):
    assert strategies.strategy_for(strategy, backend) == chosen


@pytest.mark.parametrize(
    ("strategy", "backend", "line"),
    [
        ("torch", "jax", "strategy: got 'torch', allowed on jax: jax"),
        (
            "multi_worker",
            "tensorflow",
            "strategy: got 'multi_worker', allowed on tensorflow: mirrored; Keras 3 cannot train "
            "under it (keras#20585): add --backend tf_keras",
        ),
    ],
)
def test_another_strategy_is_refused_in_one_line(strategy, backend, line):
    with pytest.raises(BadInput) as refused:
        strategies.strategy_for(strategy, backend)
    assert str(refused.value) == line
