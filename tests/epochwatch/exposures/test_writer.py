"""A record ends where it says it ends: after a kill, on a full disk, in any other folder."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest

from epochwatch import ExposureLog
from epochwatch._exposures import jobs_behind
from epochwatch._exposures import writer as writer_module
from epochwatch._exposures.writer import ExposureWriter, RecordingFailed
from epochwatch.errors import BadInput
from tests.epochwatch.exposures.records import on_disk, read_back, write, written

LENGTHS, INDICES = np.array([2, 1]), np.array([7, 8, 9])
METADATA = {"feed": "é", "backend": None, "versions": {"keras": "3.15"}, "parameters": [0.5, 1]}


def test_metadata_is_read_back(tmp_path):
    write(tmp_path / "log", [(1, 1, 0, [1])], metadata=METADATA).close()
    assert ExposureLog.read(tmp_path / "log").metadata == METADATA


def test_metadata_learnt_late_survives_a_kill_with_or_without_the_manifest(tmp_path):
    writer = write(tmp_path / "log", [], metadata={"backend": "jax"})
    assert ExposureLog.read(tmp_path / "log").metadata == {"backend": "jax"}
    writer.metadata["feed"] = "arrays"
    writer.append(1, 1, 0, LENGTHS, INDICES)
    writer.flush()
    on_disk(writer)  # and never closed
    learnt = {"backend": "jax", "feed": "arrays"}
    assert ExposureLog.read(tmp_path / "log").metadata == learnt
    (tmp_path / "log" / "manifest.json").unlink()
    assert ExposureLog.read(tmp_path / "log").metadata == learnt


def test_metadata_is_repeated_only_where_it_changes(tmp_path):
    """A part of a short epoch takes 1 kB, so what all parts would repeat is said once."""
    writer = write(tmp_path / "log", [(1, n, 0, [n]) for n in (1, 2)], 1, {"feed": "arrays"})
    writer.metadata = {"feed": "generator"}
    writer.append(2, 1, 0, LENGTHS, INDICES)
    writer.close()
    log = ExposureLog.read(tmp_path / "log")
    said = [part.about.get("metadata") for part in log.parts]
    assert said == [{"feed": "arrays"}, None, {"feed": "generator"}]
    assert log.metadata == {"feed": "generator"}


def test_metadata_that_json_cannot_hold_is_told_before_the_training(tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        ExposureWriter(tmp_path / "log", {"feed": object()})


@pytest.mark.parametrize(
    ("lengths", "indices", "error"),
    [
        ([2, 2], [7, 8, 9], ValueError),
        ([4, -1], [7, 8, 9], ValueError),
        ([3], [7.0, 8.0, 9.0], TypeError),
        ([1], np.array([2**63], np.uint64), TypeError),
    ],
)
def test_what_cannot_be_recorded_exactly_is_refused(lengths, indices, error, tmp_path):
    writer = write(tmp_path / "log", [])
    with pytest.raises(error):
        writer.append(1, 1, 0, np.array(lengths), np.array(indices))


def test_an_empty_batch_is_a_step_without_exposures(tmp_path):
    writer = write(tmp_path / "log", [(1, 1, 0, [1, 2]), (1, 1, 1, []), (1, 1, 2, [3])])
    writer.append(1, 1, 3, np.array([0, 1, 0]), np.array([4]))
    writer.flush()
    writer.append(1, 2, 0, np.array([0]), np.empty(0, np.int64))
    writer.close()
    log = ExposureLog.read(tmp_path / "log")
    trained = [(1, 1, 0, [1, 2]), (1, 1, 2, [3]), (1, 1, 4, [4])]
    assert read_back(log.batches()) == trained
    assert (log.end, len(log), log.complete) == ((1, 2, 0), 4, True)
    assert log.counts()[4] == 1


def test_an_array_that_its_owner_fills_anew_is_recorded_as_it_was(tmp_path):
    writer, index = write(tmp_path / "log", []), np.array([1, 2])
    writer.append(1, 1, 0, np.array([2]), index)
    index[:] = 9
    writer.close()
    assert read_back(ExposureLog.read(tmp_path / "log").batches()) == [(1, 1, 0, [1, 2])]


def test_a_folder_that_cannot_be_made_or_is_taken_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot make the folder .* choose another path"):
        ExposureWriter(tmp_path / "file" / "log")
    write(tmp_path / "log", [])  # a record that has just begun
    with pytest.raises(BadInput, match="not empty, and epochwatch never overwrites a record"):
        ExposureWriter(tmp_path / "log")
    with pytest.raises(BadInput, match="got 'ignore', allowed: 'stop' or 'continue'"):
        ExposureWriter(tmp_path / "other", on_write_error="ignore")


# What a killed process had trained, as its parent knows it: batch n has 1 + n % 5 samples.
KILLED = """
import itertools, sys
import numpy as np
from epochwatch._exposures import writer as module
module.EXPOSURES_A_PART = 40
writer = module.ExposureWriter(sys.argv[1])
writer.open()
print("begins", flush=True)
for number in itertools.count():
    epoch, step = divmod(number, 37)
    index = number * 10 + np.arange(1 + number % 5)
    writer.append(1, epoch + 1, step, np.array([len(index)]), index)
    if step == 36:
        writer.flush()
"""


def trained_by_killed(batches):
    """What the process above trains first."""
    places = ((number, *divmod(number, 37)) for number in range(batches))
    return [(1, e + 1, s, [n * 10 + i for i in range(1 + n % 5)]) for n, e, s in places]


@pytest.mark.parametrize("seed", range(5))
def test_after_sigkill_at_any_moment_the_record_is_what_was_trained_up_to_its_end(seed, tmp_path):
    command = [sys.executable, "-c", KILLED, tmp_path / "log"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        time.sleep(np.random.default_rng(seed).uniform(0, 0.15))
        process.kill()
    assert process.returncode == -9
    log = ExposureLog.read(tmp_path / "log")
    record = read_back(log.batches())
    assert record == trained_by_killed(len(record))
    assert not log.complete
    assert log.end == (record[-1][:3] if record else None)
    assert repr(log).endswith("; cut off there>")


@pytest.mark.parametrize("call", range(1, 9))
def test_after_sigkill_while_a_file_is_synced_every_part_before_it_reads_back(call, tmp_path):
    """Manifests are synced with their folder, parts alone: the calls are moments in between."""
    script = textwrap.dedent("""
        import os, signal
        real_sync, calls = os.fsync, iter(range(1, 99))
        def sync(descriptor):
            if next(calls) == {call}:
                os.kill(os.getpid(), signal.SIGKILL)
            real_sync(descriptor)
        os.fsync = sync
    """).format(call=call)
    killed = subprocess.run([sys.executable, "-c", script + KILLED, tmp_path / "log"], check=False)
    assert killed.returncode == -9
    if call == 1:  # the first manifest was not in place yet
        with pytest.raises(BadInput, match="no exposure log"):
            ExposureLog.read(tmp_path / "log")
        return
    log = ExposureLog.read(tmp_path / "log")
    assert len(log.parts) == max(0, call - 5)
    record = read_back(log.batches())
    assert record == trained_by_killed(len(record))
    assert log.complete == (call < 3)


def fill(folder, tmp_path, monkeypatch):
    """Have the next part meet a full disk: the real error, from /dev/full."""
    (folder / ".part-000001.parquet.part").symlink_to("/dev/full")


def take_away(folder, tmp_path, monkeypatch):
    """Have the folder vanish."""
    folder.rename(tmp_path / "elsewhere")


def break_disk(folder, tmp_path, monkeypatch):
    """Have a disk that fails when it is synced, for parts and manifest alike."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(5, "broken")))


FAILURES = [(fill, "ENOSPC", True), (take_away, "ENOENT", False), (break_disk, "EIO", False)]


@pytest.mark.parametrize(("fail", "reason", "manifest_written"), FAILURES)
@pytest.mark.parametrize("on_write_error", ["stop", "continue"])
def test_a_write_that_fails_ends_the_record_and_is_told_once(
    fail, reason, manifest_written, on_write_error, tmp_path, monkeypatch
):
    folder = tmp_path / "log"
    writer = ExposureWriter(folder, on_write_error=on_write_error)
    writer.open()
    writer.append(1, 1, 0, LENGTHS, INDICES)
    writer.flush()
    on_disk(writer)
    fail(folder, tmp_path, monkeypatch)
    writer.append(1, 2, 0, LENGTHS, INDICES)
    writer.flush()  # behind whose back it fails
    on_disk(writer)
    told = rf"cannot write to .*log' \(.*, {reason}\); the 3 exposures written before can be read; "
    if on_write_error == "stop":
        with pytest.raises(RecordingFailed, match=told + ".* choose another path") as failure:
            writer.flush()
        assert "\n" not in str(failure.value)
        with pytest.raises(RecordingFailed, match=f"ended with {reason}; watch the model again"):
            writer.open()
    else:
        with pytest.warns(RuntimeWarning, match=told + "training goes on") as caught:
            writer.flush()
        assert len(caught) == 1
        writer.open()
    with warnings.catch_warnings(action="error"):
        for epoch in (3, 4):  # the training may go on; nothing is kept, nothing told again
            writer.append(1, epoch, 0, LENGTHS, INDICES)
            writer.flush()
        assert not writer.pending
        writer.close("RecordingFailed" if on_write_error == "stop" else None)
    monkeypatch.undo()
    folder = folder if folder.exists() else tmp_path / "elsewhere"
    log = ExposureLog.read(folder)
    assert read_back(log.batches()) == [(1, 1, 0, [7, 8]), (1, 1, 1, [9])]
    assert not log.complete
    assert log.end == (1, 1, 1)
    assert log.failed_with == (reason if manifest_written else None)
    assert {file.name for file in folder.iterdir()} == {"part-000000.parquet", "manifest.json"}


def test_a_failed_record_says_so(tmp_path):
    writer = write(tmp_path / "log", [])
    (tmp_path / "log" / ".part-000000.parquet.part").symlink_to("/dev/full")
    writer.append(1, 1, 0, LENGTHS, INDICES)
    with pytest.raises(RecordingFailed):
        writer.close()
    assert repr(ExposureLog.read(tmp_path / "log")).endswith("; cut off there by ENOSPC>")


@pytest.mark.parametrize("on_write_error", ["stop", "continue"])
def test_what_was_written_before_a_disk_was_full_reads_back(on_write_error, tiny_disk):
    rng = np.random.default_rng(0)
    writer = ExposureWriter(tiny_disk / "log", on_write_error=on_write_error)
    writer.open()
    epochs = [rng.permutation(20_000) for _ in range(12)]  # 40 kB each
    with (
        pytest.raises(RecordingFailed)
        if on_write_error == "stop"
        else pytest.warns(RuntimeWarning, match="ENOSPC")
    ):
        for number, index in enumerate(epochs, start=1):
            writer.append(1, number, 0, np.full(1000, 20), index)
            writer.flush()
    writer.close()
    log = ExposureLog.read(tiny_disk / "log")
    kept = [batch.index for batch in log.batches()]
    assert 0 < log.end.epoch < 12
    np.testing.assert_array_equal(np.concatenate(kept), np.concatenate(epochs[: log.end.epoch]))
    assert not log.complete
    assert log.failed_with in ("ENOSPC", None)  # None where no room was left to say so
    assert not list((tiny_disk / "log").glob(".*"))


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_part_interrupted_while_it_is_written_is_not_lost_nor_doubled(
    moment, tmp_path, monkeypatch
):
    """Ctrl-C comes at any moment: the next flush writes the part anew, with what has come."""

    def interrupted(*args):
        if moment == "after":
            write_part(*args)
        raise KeyboardInterrupt

    writer = write(tmp_path / "log", [(1, 1, 0, [1])], part=1)
    on_disk(writer)
    writer.append(1, 1, 1, LENGTHS, INDICES)
    write_part = writer_module.write_part
    monkeypatch.setattr(writer_module, "write_part", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.close()
    assert not ExposureLog.read(tmp_path / "log").complete
    monkeypatch.undo()
    writer.append(1, 1, 3, np.array([1]), np.array([5]))
    writer.close("KeyboardInterrupt")
    log = ExposureLog.read(tmp_path / "log")
    assert [batch.index.tolist() for batch in log.batches()] == [[1], [7, 8], [9], [5]]
    assert log.complete


@pytest.mark.parametrize("call", ["append", "flush", "close"])
def test_the_next_call_tells_what_the_thread_could_not_write(call, tmp_path):
    writer = write(tmp_path / "log", [])
    (tmp_path / "log" / ".part-000000.parquet.part").symlink_to("/dev/full")
    writer.append(1, 1, 0, LENGTHS, INDICES)
    writer.flush()
    on_disk(writer)
    arguments = {"append": (1, 1, 2, LENGTHS, INDICES)}.get(call, ())
    with pytest.raises(RecordingFailed, match="ENOSPC"):
        getattr(writer, call)(*arguments)
    with pytest.raises(RecordingFailed, match="ended with ENOSPC"):
        writer.open()


def test_after_a_job_that_failed_none_is_done():
    """A part behind a gap would make the whole log unreadable."""
    jobs, done = jobs_behind.JobsBehind(), []
    jobs.put(done.index, "not there")
    jobs.put(done.append, 1)
    jobs.end()
    assert (done, type(jobs.error)) == ([], ValueError)


@pytest.mark.parametrize("on_write_error", ["stop", "continue"])
def test_a_record_with_a_hole_never_calls_itself_complete(on_write_error, tmp_path):
    writer = ExposureWriter(tmp_path / "log", on_write_error=on_write_error)
    writer.open()
    writer.append(1, 1, 0, LENGTHS, INDICES)
    writer.fail("ExposuresLost")
    writer.append(1, 1, 9, LENGTHS, INDICES)
    writer.close("ExposuresLost")
    for _ in range(2):
        log = ExposureLog.read(tmp_path / "log")
        assert read_back(log.batches()) == [(1, 1, 0, [7, 8]), (1, 1, 1, [9])]
        assert (log.complete, log.failed_with) == (False, "ExposuresLost")
        if on_write_error == "stop":
            with pytest.raises(RecordingFailed, match="ended with ExposuresLost; watch the model"):
                writer.open()
        else:
            writer.open()
            writer.append(2, 1, 0, LENGTHS, INDICES)
            writer.close()


class Interrupted:
    """Raises KeyboardInterrupt at a line of the writer, as Ctrl-C may at any."""

    FILES = (writer_module.__file__, jobs_behind.__file__)

    def __init__(self, line):
        self.left = line

    def __call__(self, frame, event, argument):
        if frame.f_code.co_filename not in self.FILES:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self)

    def __exit__(self, kind, error, traceback):
        sys.settrace(self.before)
        return kind is KeyboardInterrupt


def test_ctrl_c_at_any_line_loses_nothing_that_was_taken(tmp_path, monkeypatch):
    """But for the one batch that was being handed over, which the recorder calls a hole."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    record = [(1, epoch, step, [epoch, step]) for epoch in (1, 2) for step in (0, 1)]
    for line in itertools.count(1):
        writer = write(tmp_path / f"log{line}", [])
        taken, interruption = [], Interrupted(line)
        with interruption:
            for fit, epoch, step, batch in record:
                writer.append(fit, epoch, step, np.array([2]), np.array(batch))
                taken.append((fit, epoch, step, batch))
                if step == 1:
                    writer.flush()
            writer.close()
        writer.append(2, 1, 0, np.array([1]), np.array([9]))
        writer.close("KeyboardInterrupt")
        log = ExposureLog.read(writer.folder)
        got, last = read_back(log.batches()), (2, 1, 0, [9])
        assert got in ([*taken, last], [*record[: len(taken) + 1], last])
        assert log.complete
        if interruption.left > 0:
            break
    assert line > 60


def test_no_thread_is_left_after_the_record_is_closed(tmp_path):
    before = set(threading.enumerate())
    writer = write(tmp_path / "log", [(1, 1, 0, [1])], part=1)
    (thread,) = set(threading.enumerate()) - before
    assert thread.name.startswith("epochwatch-log")
    writer.close()
    assert not thread.is_alive()


def test_when_a_part_is_given_to_the_thread_all_before_it_are_written(tmp_path, monkeypatch):
    """So a kill loses one part, and a slow disk does not fill the memory."""
    write_part, on_disk_then = writer_module.write_part, []

    def slow(folder, table, about):
        on_disk_then.append(len(list(folder.glob("part-*"))))
        time.sleep(0.002)
        write_part(folder, table, about)

    monkeypatch.setattr(writer_module, "write_part", slow)
    writer = write(tmp_path / "log", [])
    for number in range(12):
        writer.append(1, number, 0, LENGTHS, INDICES)
        writer.flush()
        assert writer.parts >= number
    writer.close()
    assert on_disk_then == list(range(12))


ENDS = """
import atexit, sys
import numpy as np
from epochwatch._exposures.writer import ExposureWriter
writer = ExposureWriter(sys.argv[1])
if sys.argv[2] == "closed":
    atexit.register(writer.close)
writer.open()
for epoch in (1, 2):
    writer.append(1, epoch, 0, np.array([1]), np.array([epoch]))
    writer.flush()
writer.append(1, 3, 0, np.array([1]), np.array([3]))
"""


@pytest.mark.parametrize(("ending", "epochs"), [("closed", 3), ("left open", 2)])
def test_when_python_ends_what_was_given_to_the_thread_is_written(ending, epochs, tmp_path):
    subprocess.run([sys.executable, "-c", ENDS, tmp_path / "log", ending], check=True)
    log = ExposureLog.read(tmp_path / "log")
    assert [batch.epoch for batch in log.batches()] == list(range(1, epochs + 1))
    assert log.complete == (ending == "closed")


FORKS = """
import os, sys
import numpy as np
from epochwatch._exposures.writer import ExposureWriter
from epochwatch.errors import RecordingFailed
writer = ExposureWriter(sys.argv[1])
writer.open()
writer.append(1, 1, 0, np.array([1]), np.array([7]))
writer.flush()
writer.append(1, 2, 0, np.array([1]), np.array([8]))
child = os.fork()
if child == 0:
    writer.flush()
    writer.close("in the child")
    try:
        writer.open()
    except RecordingFailed as refusal:
        os._exit(7 if "which this one was forked; watch the model again" in str(refusal) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
writer.close()
"""


def test_a_forked_process_leaves_the_log_of_its_parent_alone(tmp_path):
    subprocess.run([sys.executable, "-c", FORKS, tmp_path / "log"], check=True)
    log = ExposureLog.read(tmp_path / "log")
    assert [batch.index.item() for batch in log.batches()] == [7, 8]
    assert (log.complete, log.interrupted_by) == (True, None)


def test_a_second_fit_goes_on_with_the_record_of_the_first(tmp_path):
    record = [(1, 1, 0, [1, 2]), (2, 1, 0, [3])]
    writer = write(tmp_path / "log", record[:1])
    writer.close("KeyboardInterrupt")
    assert ExposureLog.read(tmp_path / "log").interrupted_by == "KeyboardInterrupt"
    writer.open()
    assert not ExposureLog.read(tmp_path / "log").complete
    writer.append(2, 1, 0, np.array([1]), np.array([3]))
    writer.close()
    log = ExposureLog.read(tmp_path / "log")
    assert (read_back(log.batches()), log.interrupted_by) == (record, None)


def test_a_log_without_its_manifest_reads_to_where_its_parts_end(tmp_path):
    folder = tmp_path / "log"
    record = [(1, 1, 0, [1, 2]), (1, 2, 0, [3, 4])]
    written(folder, record, part=1)
    (folder / "manifest.json").unlink()
    (folder / ".part-000002.parquet.part").write_bytes(b"PAR1 half")
    log = ExposureLog.read(folder)
    assert read_back(log.batches()) == record
    assert (log.complete, log.interrupted_by, log.failed_with) == (False, None, None)
    assert list(itertools.accumulate(part.exposures for part in log.parts)) == [2, 4]
