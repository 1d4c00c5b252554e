"""What several devices trained is recorded exactly, replica by replica, and changes nothing.

Against what the steps themselves noted: each training runs in processes of its own, see `devices`.
"""

import json
import subprocess
import sys

import numpy as np
import pytest

from epochwatch import ExposureLog
from epochwatch._auditing.workers import free_ports
from tests.backends.conftest import BACKEND, backend_only
from tests.backends.devices import BATCH, EPOCHS, FIRST

pytestmark = pytest.mark.slow


def run_workers(setup, workers, folder):
    """Train as so many workers, and read what each of them noted."""
    command = [sys.executable, "-m", "tests.backends.devices", setup, str(folder)]
    ports = list(map(str, free_ports(workers)))
    processes = [
        subprocess.Popen([*command, str(worker), *ports], stderr=subprocess.PIPE, text=True)
        for worker in range(workers)
    ]
    try:
        errors = [process.communicate()[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, error in zip(processes, errors, strict=True):
        assert process.returncode == 0, error
    return [json.loads((folder / f"{worker}.json").read_text()) for worker in range(workers)]


def trained_by_replica(log):
    """Read of a log which rows each replica trained, batch by batch."""
    by_replica = {}
    for batch in log.batches():
        by_replica.setdefault(batch.replica, []).append((batch.index - FIRST).tolist())
    return by_replica


def noted_by_replica(account):
    """Return the same as the steps noted it; a step without a row is no batch of a log."""
    return {replica: [batch for batch in batches if batch] for replica, batches in account["noted"]}


def noted_sorted(account):
    """Sort what was noted: the devices of JAX note it in any order."""
    return sorted((replica, sorted(batches)) for replica, batches in account["noted"])


def assert_same_training(account):
    """Compare a watched training with a plain one, to the bit."""
    assert account["watched"]["history"] == account["plain"]["history"]
    assert account["watched"]["weights"] == account["plain"]["weights"]
    assert noted_sorted(account["watched"]) == noted_sorted(account["plain"])


def counted(log):
    return {index - FIRST: times for index, times in log.counts().items()}


@backend_only("tensorflow", "tf_keras")
def test_replicas_of_one_process_are_recorded_as_their_steps_noted_it(tmp_path):
    (accounts,) = run_workers("mirrored", 1, tmp_path)
    assert len(accounts) == 6
    if BACKEND == "tensorflow":  # where Keras 3 fails, one line comes first
        refused = accounts.pop("3 unequal replicas")["refused"]
        assert "the first batch cannot be shared equally among 3 replicas" in refused
        refused = accounts.pop("several steps at once")["refused"]
        assert "MirroredStrategy, with which Keras 3 cannot make several steps at once" in refused
    for name, account in accounts.items():
        assert_same_training(account)
        log = ExposureLog.read(tmp_path / name)
        trained = trained_by_replica(log)
        # The last two of 34 rows leave replicas without one.
        assert trained == {
            replica: batches
            for replica, batches in noted_by_replica(account["watched"]).items()
            if batches
        }
        assert counted(log) == dict.fromkeys(range(34), EPOCHS)
        assert log.end[:2] == (1, EPOCHS)


@backend_only("tf_keras")
def test_workers_are_recorded_as_their_steps_noted_it(tmp_path):
    accounts = run_workers("multi_worker", 2, tmp_path)
    for policy in "OFF", "DATA":
        log = ExposureLog.read(tmp_path / policy)
        trained = trained_by_replica(log)
        for worker, account in enumerate(accounts):
            assert_same_training(account[policy])
            assert trained[worker] == noted_by_replica(account[policy]["watched"])[worker]
        losses = [account[policy]["watched"]["history"] for account in accounts]
        assert losses[0] == losses[1]  # whatever was trained: nothing tells of it
    # The finding: each worker takes a part of each batch, but both take the same.
    off = counted(ExposureLog.read(tmp_path / "OFF"))
    assert off == dict.fromkeys(range(24), 2 * EPOCHS)
    assert counted(ExposureLog.read(tmp_path / "DATA")) == dict.fromkeys(range(34), EPOCHS)


@backend_only("jax")
def test_shards_of_one_process_are_recorded_as_their_steps_noted_it(tmp_path):
    (accounts,) = run_workers("one_process", 1, tmp_path)
    for name, copies in {"data": 1, "model": 2}.items():
        assert_same_training(accounts[name])
        log = ExposureLog.read(tmp_path / name)
        trained = trained_by_replica(log)
        assert len(trained) == 4 // copies
        shards = [batch for batches in trained.values() for batch in batches]
        # A device tells which rows it has, but neither its name nor which step it is.
        noted = noted_by_replica(accounts[name]["watched"])[None]
        assert sorted(noted) == sorted(shards * copies)
        assert counted(log) == dict.fromkeys(range(36), EPOCHS)
        for step in range(2):
            first = next(b for b in log.batches(epoch=1) if b.step == step and b.replica == 1)
            size = BATCH * copies // 4
            expected = np.arange(size) + step * BATCH + size + FIRST
            np.testing.assert_array_equal(first.index, expected)


@backend_only("jax")
def test_shards_of_several_processes_are_recorded_as_their_steps_noted_it(tmp_path):
    accounts = run_workers("several_processes", 2, tmp_path)
    log = ExposureLog.read(tmp_path / "processes")
    trained = trained_by_replica(log)
    assert sorted(trained) == [0, 1, 2, 3]
    for worker, account in enumerate(accounts):
        assert_same_training(account["processes"])
        shards = [batch for replica in (0, 1) for batch in trained[2 * worker + replica]]
        noted = noted_by_replica(account["processes"]["watched"])[None]
        assert sorted(noted) == sorted(shards)
    assert counted(log) == dict.fromkeys(range(32), EPOCHS)


@backend_only("torch")
def test_ranks_are_recorded_as_their_steps_noted_it(tmp_path):
    accounts = run_workers("ranks", 2, tmp_path)
    log = ExposureLog.read(tmp_path / "ranks")
    trained = trained_by_replica(log)
    for worker, account in enumerate(accounts):
        assert_same_training(account["ranks"])
        assert trained[worker] == noted_by_replica(account["ranks"]["watched"])[worker]
