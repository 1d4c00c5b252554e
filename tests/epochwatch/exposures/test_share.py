"""Each worker writes a log of its own beside those of the others; one alone writes as before."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from epochwatch import ExposureLog
from epochwatch._exposures import log_files
from epochwatch._exposures.batches import pack_pieces
from epochwatch._exposures.resumable_writer import ResumableWriter
from epochwatch._exposures.share import RUN_VARIABLE, Share
from epochwatch._exposures.writer import ExposureWriter
from epochwatch.errors import BadInput
from tests.epochwatch.exposures.records import on_disk, write

MIRRORED = Share((0, 1))


@pytest.fixture(autouse=True)
def _no_run_given(monkeypatch):
    monkeypatch.delenv(RUN_VARIABLE, raising=False)


def files_in(folder):
    """Read all files, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_log_of_an_undistributed_training_is_what_it_was_byte_for_byte(tmp_path):
    """Written here as it was before there were replicas."""
    write(tmp_path / "log", [(1, 1, 0, [7, 8]), (1, 1, 1, [9])], metadata={"feed": "é"}).close()
    log_id = json.loads((tmp_path / "log" / "manifest.json").read_text())["log"]
    kinds = [pa.int32(), pa.int32(), pa.int64(), pa.int64()]
    columns = [[1, 1, 1], [1, 1, 1], [0, 0, 1], [7, 8, 9]]
    names = ["fit", "epoch", "step", "index"]
    table = pa.table([pa.array(c, k) for c, k in zip(columns, kinds, strict=True)], names)
    about = {"schema": 2, "log": log_id, "part": 0, "first_exposure": 0, "exposures": 3}
    about |= {"epochs": [[1, 1]], "last_step": 1, "metadata": {"feed": "é"}}
    about["crc32"] = log_files.checksums(table)
    with pa.parquet.ParquetWriter(
        tmp_path / "part",
        table.schema,
        compression="zstd",
        use_dictionary=False,
        column_encoding=dict.fromkeys(names, "DELTA_BINARY_PACKED"),
        write_statistics=["fit", "epoch"],
        store_schema=False,
    ) as parquet:
        parquet.write_table(table, row_group_size=3)
        parquet.add_key_value_metadata({b"epochwatch": log_files.seal(about)})
    manifest = {"schema": 2, "log": log_id, "complete": True, "parts": 1, "exposures": 3}
    manifest |= {"interrupted_by": None, "failed_with": None, "metadata": {"feed": "é"}}
    assert files_in(tmp_path / "log") == {
        "part-000000.parquet": (tmp_path / "part").read_bytes(),
        "manifest.json": log_files.seal(manifest) + b"\n",
    }


def test_a_part_and_the_manifest_say_whose_they_are(tmp_path):
    share = Share((2, 3), 1, 2).joining(tmp_path / "log")
    writer = ExposureWriter(share.folder_in(tmp_path / "log"), share=share)
    writer.append(1, 1, 5, np.array([2, 1, 0, 1]), np.array([7, 8, 9, 6]))
    writer.close()
    log = ExposureLog.read(tmp_path / "log" / "worker=1")
    (part,) = log.parts
    assert (part.about["schema"], log.manifest["schema"], log.end) == (3, 3, (1, 1, 6))
    assert log.share == Share.from_json(part.about) == share
    assert log.to_arrow().to_pydict() == {
        "fit": [1] * 4,
        "epoch": [1] * 4,
        "step": [5, 5, 5, 6],
        "replica": [2, 2, 3, 3],
        "index": [7, 8, 9, 6],
    }


def test_of_one_process_with_several_replicas_there_is_no_folder_within(tmp_path):
    share = MIRRORED.joining(tmp_path / "log")
    assert (share, share.folder_in(tmp_path / "log")) == (MIRRORED, tmp_path / "log")
    assert not (tmp_path / "log").exists()


def test_a_step_of_which_a_replica_is_missing_is_refused(tmp_path):
    writer = ExposureWriter(tmp_path / "log", share=MIRRORED)
    with pytest.raises(ValueError, match="got 3 batches for steps of 2 replicas"):
        writer.append(1, 1, 0, np.array([1, 1, 1]), np.array([7, 8, 9]))


# A worker that says it is ready, begins with all others, and prints the run that it has joined.
JOINS = """
import sys
from epochwatch._exposures.share import Share
print(flush=True)
sys.stdin.readline()
for number in range(20):
    print(Share((0,), int(sys.argv[2]), 3).joining(f"{sys.argv[1]}/{number}").run, flush=True)
"""


def test_workers_that_begin_together_join_one_run(tmp_path):
    """However the race for the file ends, in each of twenty folders."""
    command = [sys.executable, "-c", JOINS, tmp_path]
    workers = [
        subprocess.Popen(
            [*command, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(3)
    ]
    try:
        for worker in workers:
            worker.stdout.readline()
        for worker in workers:
            worker.stdin.write("\n")
            worker.stdin.flush()
        joined = [worker.communicate()[0].split() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert [len(runs) for runs in joined] == [20] * 3
    assert joined.count(joined[0]) == 3
    for number, run in enumerate(joined[0]):
        assert json.loads((tmp_path / str(number) / "workers.json").read_text()) == {
            "workers": 3,
            "run": run,
        }
        assert [path.name for path in (tmp_path / str(number)).iterdir()] == ["workers.json"]


def test_before_the_file_is_in_place_there_is_none(tmp_path, monkeypatch):
    def interrupted(*names):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", interrupted)
        with pytest.raises(KeyboardInterrupt):
            Share((0,), 0, 2).joining(tmp_path / "log")
    assert files_in(tmp_path / "log") == {}
    (tmp_path / "log" / ".workers.json.0123.part").touch()  # as a kill leaves it
    assert Share((1,), 1, 2).joining(tmp_path / "log").run


@pytest.mark.parametrize(
    ("before", "run", "told"),
    [
        (
            lambda log: write(log, [(1, 1, 0, [1])]).close(),
            None,
            "holds the log of a single process",
        ),
        (
            lambda log: Share((0,), 0, 3).joining(log),
            None,
            "got worker 0 of 2, but .* is of 3 workers of the run '.*'; delete it or choose",
        ),
        (
            lambda log: Share((0,), 0, 2).joining(log),
            "monday",
            "got worker 0 of 2 of the run 'monday', but .* is of 2 workers of the run",
        ),
        (
            lambda log: (log.mkdir(), (log / "workers.json").write_text("{}")),
            None,
            "workers.json: damaged; delete this file",
        ),
        (lambda log: log.touch(), None, "cannot make the folder .* choose another path"),
    ],
)
def test_a_folder_of_another_run_is_refused(before, run, told, tmp_path, monkeypatch):
    before(tmp_path / "log")
    if run:
        monkeypatch.setenv(RUN_VARIABLE, run)
    with pytest.raises(BadInput, match=told) as refusal:
        Share((0,), 0, 2).joining(tmp_path / "log")
    assert "\n" not in str(refusal.value)


def test_a_run_may_have_a_name_that_all_workers_are_given(tmp_path, monkeypatch):
    monkeypatch.setenv(RUN_VARIABLE, "tuesday")
    shares = [Share((n,), n, 2).joining(tmp_path / "log") for n in (0, 1)]
    assert [share.run for share in shares] == ["tuesday"] * 2


def test_no_process_writes_into_anothers_folder(tmp_path):
    share = Share((0,), 0, 2).joining(tmp_path / "log")
    ExposureWriter(share.folder_in(tmp_path / "log"), share=share).open()
    for path in ("log", "log/worker=0"):
        with pytest.raises(BadInput, match="not empty, and epochwatch never overwrites a record"):
            ExposureWriter(tmp_path / path)


def resumable(folder, share, state=None):
    """A writer of a process that begins, or goes on from a state."""
    writer = ResumableWriter(folder, share=share)
    writer.claim("f00d")
    writer.cut_back(state)
    writer.open()
    return writer


def test_a_worker_that_is_resumed_writes_the_same_log(tmp_path):
    def train(writer, steps):
        for step in steps:
            writer.append(1, 1, step, np.array([1, step % 2]), np.arange(1 + step % 2))

    killed = resumable(tmp_path / "log", MIRRORED)
    train(killed, range(2))
    killed.flush()
    train(killed, range(2, 5))
    state = killed.state()
    train(killed, range(5, 7))
    killed.flush()
    on_disk(killed)
    other = {**state, "replicas": [0, 1, 2]}
    with pytest.raises(
        BadInput, match=r"got replicas \[0, 1\], but the checkpoint is of .*0, 1, 2"
    ):
        resumable(tmp_path / "log", MIRRORED, other)
    resumed = resumable(tmp_path / "log", MIRRORED, state)
    resumed.go_on(state["batches"])
    train(resumed, range(5, 7))
    resumed.close()
    log = ExposureLog.read(tmp_path / "log")
    wanted = [(step, replica) for step in range(7) for replica in range(1 + step % 2)]
    assert [(batch.step, batch.replica) for batch in log.batches()] == wanted


def test_a_checkpoint_from_before_there_were_replicas_is_gone_on_with(tmp_path):
    writer = resumable(tmp_path / "log", None)
    state = writer.state()
    assert state.pop("replicas") == []
    assert all(map(np.array_equal, state["pending"], pack_pieces([])))
    writer._unlock()
    assert resumable(tmp_path / "log", None, state).parts == 0
