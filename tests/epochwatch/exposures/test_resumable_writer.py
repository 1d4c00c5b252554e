"""A training that is killed and resumed leaves the log, byte for byte, of one that was not."""

import contextlib
import errno
import fcntl
import os
import secrets
import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch._exposures import writer as writer_module
from epochwatch._exposures.resumable_writer import ResumableWriter
from epochwatch.errors import BadInput, RecordingFailed
from tests.epochwatch.exposures.records import RECORDS, in_a_folder, on_disk, read_back, written

OWNER = "f00d"


@pytest.fixture(autouse=True)
def one_id():
    """Give all logs the same id, or no two would be the same in their bytes."""
    with mock.patch.object(secrets, "token_hex", lambda size: "ab" * size):
        yield


@pytest.fixture
def small_parts(monkeypatch):
    """Have parts split within an epoch, and not wait for the disk."""
    monkeypatch.setattr(writer_module, "EXPOSURES_A_PART", 5)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def writer_of(folder, state=None, **options):
    """A writer of a process that begins, or goes on from a state."""
    writer = ResumableWriter(folder, **options)
    writer.claim(OWNER)
    writer.cut_back(state)
    return writer


@st.composite
def trainings(draw):
    """Draw what happens to a writer, in order: a record, with checkpoints anywhere."""
    record, events, last = draw(RECORDS), [], None
    for batch in record:
        if last is not None and batch[:2] != last[:2]:
            events.append(("flush",))
        if last is None or batch[0] != last[0]:
            events += ([("close",)] if last else []) + [("open", batch[0])]
        events.append(("append", *batch))
        last = batch
    events += [("flush",), ("close",)] if record else []
    places = st.sets(st.integers(1, len(events)), max_size=6) if record else st.just(())
    for place in sorted(draw(places), reverse=True):
        events.insert(place, ("state",))
    return events


def do(writer, event, *arguments):
    """Have one thing happen to a writer; return the state, if it is that."""
    if event == "append":
        fit, epoch, step, batch = arguments
        writer.append(fit, epoch, step, np.array([len(batch)]), np.array(batch, np.int64))
    elif event == "open":
        writer.metadata |= {"fit": arguments[0]}
        writer.open()
    else:
        return getattr(writer, event)()
    return None


def kill(writer, state, lost):
    """Leave a folder as a kill does: without the part that is written at the time."""
    on_disk(writer)
    parts = sorted(writer.folder.glob("part-*"))
    waited_for = max(
        ExposureLog.read(writer.folder).manifest["parts"], (state or {}).get("parts", 0)
    )
    if lost and len(parts) > waited_for:
        parts[-1].rename(parts[-1].with_name(f".{parts[-1].name}.part"))


def files(folder):
    """Read all files of a folder."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def uninterrupted(folder, events):
    """Have all happen to one writer, and return its files."""
    writer = writer_of(folder)
    for event in events:
        do(writer, *event)
    return files(folder)


@in_a_folder
@given(
    events=trainings(),
    kills=st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.booleans()), max_size=4),
)
def test_killed_at_any_moments_it_ends_as_the_log_of_one_process(
    events, kills, tmp_path_factory, small_parts
):
    folder = tmp_path_factory.mktemp("logs")
    expected = uninterrupted(folder / "once", events)
    record = [event[1:] for event in events if event[0] == "append"]
    states = [(0, None)]  # checkpoints, and where in the training they were taken
    for number, (length, lost, older) in enumerate([*kills, (len(events), False, False)]):
        if older and len(states) > 1:
            states.pop()  # the kill came before the last checkpoint was written
        begin, state = states[-1]
        writer = writer_of(folder / "log", state)
        if state:
            for event in events[:begin]:
                if event[0] in ("open", "close"):  # fits that are finished train nothing
                    do(writer, *event)
            writer.go_on(state["batches"])
        for place in range(begin, min(len(events), begin + length)):
            reached = do(writer, *events[place])
            if reached and writer.sync(reached):
                states.append((place + 1, reached))
        if number < len(kills):
            kill(writer, states[-1][1], lost)
            read = read_back(ExposureLog.read(folder / "log").batches())
            assert read == record[: len(read)]
    assert files(folder / "log") == expected


# Forks a process that does something until it dies, before it touches files for the n-th time.
KILLED_AT = """
import itertools, os, shutil, signal, sys
from pathlib import Path
import numpy as np
from epochwatch import ExposureLog
from epochwatch._exposures.resumable_writer import ResumableWriter
folder = Path(sys.argv[1])
os.fsync = lambda descriptor: None

def begun(state, folder):
    writer = ResumableWriter(folder)
    writer.claim("f00d")
    writer.cut_back(state)
    return writer

def killed_at(number, job):
    left = itertools.count(1)
    def before(event, arguments):
        if event in ("open", "os.mkdir", "os.rename", "os.remove") and next(left) == number:
            os.kill(os.getpid(), signal.SIGKILL)
    child = os.fork()
    if not child:
        sys.addaudithook(before)
        job()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9
"""

CUT = """
def train(writer, epochs):
    writer.open()
    for epoch in epochs:
        writer.append(1, epoch, 0, np.array([2]), np.array([epoch, 7]))
        writer.flush()
    writer._behind.wait()

def parts(name):
    return {path.name: path.read_bytes() for path in (folder / name).glob("*part*")}

writer = begun(None, folder / "log")
train(writer, range(1, 4))
state = writer.state()
train(writer, range(4, 7))
if sys.argv[2] == "closed":
    writer.close()
if sys.argv[2] == "beginning":
    state = None
complete = parts("log")
(folder / "log" / ".part-000006.parquet.part").write_bytes(b"PAR1 half")
for number in itertools.count(1):
    shutil.copytree(folder / "log", folder / "copy")
    if not killed_at(number, lambda: begun(state, folder / "copy")):
        break
    epochs = [batch.epoch for batch in ExposureLog.read(folder / "copy").batches()]
    assert (0 if state is None else 3) <= len(epochs) <= 6, epochs
    assert epochs == list(range(1, len(epochs) + 1))
    resumed = begun(state, folder / "copy")
    if state is not None:
        resumed.go_on(state["batches"])
    train(resumed, range(1 if state is None else 4, 7))
    resumed.close()
    assert parts("copy") == complete
    shutil.rmtree(folder / "copy")
print(number)
"""


@pytest.mark.parametrize("before", ["open", "closed", "beginning"])
def test_killed_while_it_is_cut_back_the_log_reads_and_is_cut_again(before, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT + CUT, tmp_path, before], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 8


def test_a_finished_training_run_again_leaves_its_log_as_it_is(tmp_path):
    events = [("open", 1), ("append", 1, 1, 0, [1, 2]), ("flush",), ("close",)]
    expected = uninterrupted(tmp_path / "log", events)
    state = ResumableWriter(tmp_path / "other").state() | {
        "parts": 1,
        "exposures": 2,
        "batches": 1,
    }
    writer = writer_of(tmp_path / "log", state)
    assert files(tmp_path / "log") == expected
    do(writer, "open", 1)
    writer.append(7, 7, 7, np.array([1]), np.array([7]))  # trained beside it, and dropped
    do(writer, "close")
    assert files(tmp_path / "log") == expected  # were it killed now
    writer.go_on(0)  # that is not where the checkpoint was taken
    with pytest.raises(RuntimeError, match="was not told to go on"):
        writer.flush()
    writer.go_on(1)
    assert files(tmp_path / "log") == expected
    do(writer, "open", 2)
    assert not ExposureLog.read(tmp_path / "log").complete
    do(writer, "append", 2, 1, 0, [3])
    do(writer, "close")
    assert read_back(ExposureLog.read(tmp_path / "log").batches()) == [
        (1, 1, 0, [1, 2]),
        (2, 1, 0, [3]),
    ]


def test_what_was_pending_stays_so_and_in_its_pieces(tmp_path):
    """And an empty batch, which is no row of the log, is a step that went by."""
    writer = writer_of(tmp_path / "log")
    writer.open()
    writer.append(1, 1, 0, np.array([2, 0]), np.array([5, 6]))
    state = writer.state()
    writer.append(1, 1, 2, np.array([0]), np.array([], np.int64))
    later = writer.state()
    resumed = writer_of(tmp_path / "log", state)
    resumed.open()
    resumed.go_on(state["batches"])
    assert repr(resumed.pending) == repr(writer.pending[:1])
    resumed.append(1, 1, 2, np.array([0]), np.array([], np.int64))
    assert repr(resumed.state()) == repr(later)
    assert repr(resumed.pending) == repr(writer.pending)


MADE = """
for number in itertools.count(1):
    if not killed_at(number, lambda: begun(None, folder).open()):
        break
    begun(None, folder)._unlock()  # as if it died too
    if number % 2:
        shutil.rmtree(folder)
print(number)
"""


def test_killed_before_a_step_is_trained_the_folder_is_not_lost(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT + MADE, tmp_path / "log"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 8


LIVES = """
import sys
from epochwatch._exposures.resumable_writer import ResumableWriter
writer = ResumableWriter(sys.argv[1])
print("made", flush=True)
sys.stdin.read()
"""


def test_an_empty_log_is_free_only_once_its_process_has_died(tmp_path):
    command = [sys.executable, "-c", LIVES, tmp_path / "log"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(BadInput, match="is not empty, and epochwatch never overwrites"):
            ResumableWriter(tmp_path / "log")
        process.kill()
    before = files(tmp_path / "log")
    without_locks = mock.Mock(side_effect=OSError(errno.ENOLCK, "no locks"))
    with mock.patch.object(fcntl, "flock", without_locks):
        with pytest.raises(BadInput, match="is not empty"):
            ResumableWriter(tmp_path / "log")
        ResumableWriter(tmp_path / "other")
    assert files(tmp_path / "log") == before
    first = ResumableWriter(tmp_path / "log")
    with pytest.raises(BadInput, match="is not empty"):
        ResumableWriter(tmp_path / "log")
    del first
    ResumableWriter(tmp_path / "log")
    (tmp_path / "new").mkdir()
    descriptor = os.open(tmp_path / "new", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # another process is about to make its log there
    with pytest.raises(BadInput, match="is not empty"):
        ResumableWriter(tmp_path / "new")
    os.close(descriptor)


def begun(folder):
    """A log that is being written, or whose process was killed before it had a part."""
    ResumableWriter(folder).open()


def raised(folder):
    """A log of a `fit` that raised before a step was trained."""
    writer = ResumableWriter(folder)
    writer.open()
    writer.close("ValueError")


def recorded(folder):
    """A log without its manifest."""
    written(folder, [(1, 1, 0, [1])])
    (folder / "manifest.json").unlink()


def foreign(folder):
    """A folder that is not a log's."""
    folder.mkdir()
    (folder / "manifest.json").write_text('{"resumable": "f00d"}')


@pytest.mark.parametrize("make", [begun, raised, recorded, foreign])
def test_a_folder_that_holds_anything_else_is_not_taken(make, tmp_path):
    make(tmp_path / "log")
    before = files(tmp_path / "log")
    with pytest.raises(BadInput, match="is not empty, and epochwatch never overwrites a record"):
        ResumableWriter(tmp_path / "log")
    assert files(tmp_path / "log") == before


def test_a_log_that_belongs_to_a_training_is_opened_by_no_other(tmp_path):
    writer_of(tmp_path / "log").open()
    before = files(tmp_path / "log")
    assert not ExposureLog.read(tmp_path / "log").complete
    other = ResumableWriter(tmp_path / "log")
    with pytest.raises(BadInput, match=r"call `resumable\(model, folder\)` as well, or choose"):
        other.open()
    with pytest.raises(BadInput, match=f"belongs to the resumable training {OWNER}, not to beef"):
        other.claim("beef")
    assert files(tmp_path / "log") == before
    other.claim(OWNER)  # the mended call
    other.cut_back(None)
    other.open()


def test_whose_log_it_is_survives_a_power_cut_at_any_time(tmp_path):
    """So its manifest is synced before it takes the place of the last one; a plain log's later."""
    with mock.patch.object(
        writer_module, "write_manifest", wraps=writer_module.write_manifest
    ) as write:
        writer_of(tmp_path / "log").open()
        assert [call.args[2] for call in write.call_args_list] == [True, True, True]
        ResumableWriter(tmp_path / "plain").open()
        assert [call.args[2] for call in write.call_args_list[3:]] == [True, False]


def test_a_log_that_is_called_another_name_each_time_is_refused_in_the_first_process(tmp_path):
    writer = ResumableWriter(tmp_path / "log")
    writer.has_lasting_name = False
    with pytest.raises(BadInput, match=r"name with the time in it.* give a path without {time}"):
        writer.claim(OWNER)


def killed(folder):
    """A log that was killed behind a checkpoint, and that checkpoint's state."""
    writer = writer_of(folder)
    writer.open()
    for epoch in (1, 2, 3):
        do(writer, "append", 1, epoch, 0, [epoch])
        writer.flush()
    state = writer.state()
    do(writer, "append", 1, 4, 0, [4])
    writer.flush()
    on_disk(writer)
    return state


def lose(folder, state):
    """Lose a part before the checkpoint."""
    (folder / "part-000001.parquet").unlink()


def damage(folder, state):
    """Flip bits in a part before the checkpoint."""
    path = folder / "part-000001.parquet"
    path.write_bytes(path.read_bytes()[:-30] + b"-" * 30)


def confuse(folder, state):
    """Have a checkpoint that counts something else."""
    state["exposures"] += 1


def begin_anew(folder, state):
    """Have the log of another training."""
    state["log"] = "cdcd"


@pytest.mark.parametrize(
    ("break_it", "named"),
    [
        (lose, r"lacks part-000001.parquet, which the checkpoint counts on; restore it"),
        (damage, r"part-000001.parquet: damaged"),
        (confuse, r"got 3 exposures in .*log', but the checkpoint counts 4"),
        (begin_anew, r"got .*log', but the checkpoint goes on with the log that was .*log'; give"),
    ],
)
def test_a_log_that_does_not_fit_its_checkpoint_is_refused(break_it, named, tmp_path):
    state = killed(tmp_path / "log")
    break_it(tmp_path / "log", state)
    kept = files(tmp_path / "log")
    with pytest.raises(BadInput, match=named) as refusal:
        writer_of(tmp_path / "log", state)
    assert "\n" not in str(refusal.value)
    assert all(
        files(tmp_path / "log")[f"part-{number:06d}.parquet"] == kept[f"part-{number:06d}.parquet"]
        for number in ({0, 2} if break_it is lose else {0, 1, 2})
    )


def test_a_damaged_part_behind_the_checkpoint_is_written_again(tmp_path):
    state = killed(tmp_path / "log")
    expected = files(tmp_path / "log")["part-000003.parquet"]
    (tmp_path / "log" / "part-000003.parquet").write_bytes(b"")
    writer = writer_of(tmp_path / "log", state)
    writer.open()
    writer.go_on(3)
    do(writer, "append", 1, 4, 0, [4])
    writer.close()
    assert files(tmp_path / "log")["part-000003.parquet"] == expected
    assert ExposureLog.read(tmp_path / "log").complete


def test_a_record_that_has_ended_is_not_complete_when_it_is_resumed(tmp_path):
    writer = writer_of(tmp_path / "log", on_write_error="continue")
    writer.open()
    do(writer, "append", 1, 1, 0, [1])
    writer.flush()
    on_disk(writer)
    (tmp_path / "log" / ".part-000001.parquet.part").symlink_to("/dev/full")
    do(writer, "append", 1, 2, 0, [2])
    writer.flush()
    hopeful = {"parts": 2}  # of a state before the failure is known
    assert not writer.sync(hopeful)
    with pytest.warns(RuntimeWarning, match="ENOSPC"):
        state = writer.state()
    assert (state["failed_with"], state["parts"], state["exposures"]) == ("ENOSPC", 1, 1)
    assert writer.sync(state)
    with warnings.catch_warnings(action="error"):
        resumed = writer_of(tmp_path / "log", state, on_write_error="continue")
        resumed.open()
        resumed.go_on(state["batches"])
        do(resumed, "append", 1, 3, 0, [3])
        resumed.flush()
        resumed.close()
    log = ExposureLog.read(tmp_path / "log")
    assert read_back(log.batches()) == [(1, 1, 0, [1])]
    assert (log.complete, log.failed_with) == (False, "ENOSPC")
    stopping = writer_of(tmp_path / "log", state)
    stopping.go_on(state["batches"])
    with contextlib.suppress(RecordingFailed):
        stopping.open()
        pytest.fail("a record that has ended was opened")


def test_parts_are_on_disk_and_their_names_synced_when_a_checkpoint_counts_on_them(
    tmp_path, monkeypatch
):
    writer = writer_of(tmp_path / "log")
    writer.open()
    do(writer, "append", 1, 1, 0, [1])
    writer.flush()
    state, synced, real = writer.state(), [], os.fsync
    folder = os.stat(tmp_path / "log").st_ino

    def sync(descriptor):
        if os.fstat(descriptor).st_ino == folder:
            synced.append({path.name for path in (tmp_path / "log").glob("part*")})
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    assert writer.sync(state)
    assert synced[-1] == {"part-000000.parquet"}
    do(writer, "append", 1, 2, 0, [2])
    writer.close()
    writer_of(tmp_path / "log", state)
    assert [len(parts) for parts in synced[-2:]] == [2, 1]  # the manifest, then what was removed
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(5, "bad")))
    assert not writer.sync(state)
