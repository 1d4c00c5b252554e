"""What becomes of trainings whose processes do not all finish."""

import json

import pytest

from epochwatch._auditing.workers import DIED, ENDED, FINISHED, WAITED, Stand, WorkerEnd
from epochwatch.errors import RunFailed
from epochwatch_lab.distributed_trainings import WAYS, Plan, _processes

PLAN = Plan(1, 340, 34, 1, True, 0)
STAND = Stand(2, 1, 7)
DONE = WorkerEnd(FINISHED, STAND, {})
DEAD = WorkerEnd(DIED, STAND, {}, "exit code 1: no such thing")


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        ([DONE, DEAD], "process 1: exit code 1: no such thing, at epoch 1, step 7 of its"),
        # The one that was ended for it is not what went wrong.
        ([WorkerEnd(ENDED, STAND, {}), DEAD], "process 1: exit code 1: no such thing"),
        ([WorkerEnd(WAITED, STAND, {}), DONE], "process 0: waited for ever, at epoch 1, step 7"),
    ],
)
def test_a_process_that_does_not_finish_is_told_in_one_line(ends, told, tmp_path, monkeypatch):
    monkeypatch.setattr(_processes, "run_workers", lambda *_: ends)
    with pytest.raises(RunFailed, match=f"^multi_worker, {told}"):
        _processes.run_strategy(PLAN, "multi_worker", ["off"], tmp_path)


def test_each_way_is_trained_by_one_strategy_in_as_many_processes_as_it_has(tmp_path, monkeypatch):
    called = []

    def run(command, jobs, variables, folder, patience):
        called.append((jobs, variables))
        return [DONE] * len(jobs)

    monkeypatch.setattr(_processes, "run_workers", run)
    monkeypatch.setattr(_processes.Outcome, "read", lambda plan, way, folder: way)
    assert list(_processes.train(PLAN, tmp_path)) == list(WAYS)
    assert sorted(len(jobs) for jobs, _ in called) == [1, 2]
    assert sorted(way for jobs, _ in called for way in jobs[0]["ways"]) == sorted(WAYS)
    for jobs, variables in called:
        assert [job["number"] for job in jobs] == list(range(len(jobs)))
        assert all(each["KERAS_BACKEND"] == "tensorflow" for each in variables)
        assert Plan(**json.loads(json.dumps(jobs[0]["plan"]))) == PLAN


def test_progress_tells_the_start_before_anything_has_ended(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_processes, "run_workers", lambda command, jobs, *_: [DONE] * len(jobs))
    monkeypatch.setattr(_processes.Outcome, "read", lambda *_: None)
    _processes.train(PLAN, tmp_path, progress=True)
    first, *others = capsys.readouterr().out.splitlines()
    assert first == f"started: {', '.join(WAYS)}"
    assert sorted(others) == ["done: mirrored", "done: off, other_seeds, one_seed, sampler"]
