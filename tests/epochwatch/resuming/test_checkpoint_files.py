"""Checkpoints are whole or not there, whatever happens to the process, the disk or the file."""

import contextlib
import gc
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from epochwatch._resuming.checkpoint_files import CheckpointFolder
from epochwatch._resuming.plain_values import CannotKeep
from epochwatch._resuming.state_files import state_arrays, write_arrays
from epochwatch.errors import BadInput


def state_of(number):
    """Make the state of a checkpoint, which says in each of its parts which one it is of."""
    return {"number": number, "weights": [np.full(size, number, "f4") for size in (3, 5000)]}


def is_whole(state, number):
    """Tell whether a state is all of `state_of(number)`."""
    expected = state_of(number)
    return (
        state.keys() == expected.keys()
        and state["number"] == number
        and all(map(np.array_equal, state["weights"], expected["weights"]))
    )


@pytest.fixture
def checkpoints(tmp_path):
    """A folder that is open, with nothing in it yet."""
    opened = CheckpointFolder(tmp_path / "ckpt")
    yield opened
    opened.close()


@contextlib.contextmanager
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_last_two_are_kept_and_the_newest_is_read(checkpoints):
    assert checkpoints.read_latest() is None
    for number in (3, 10, 11, 200):
        checkpoints.write(number, state_of(number))
    checkpoints.wait()
    assert checkpoints.numbers() == [11, 200]
    assert is_whole(checkpoints.read(11), 11)
    number, state = checkpoints.read_latest()
    assert number == 200
    assert is_whole(state, 200)
    assert names(checkpoints.folder) == [
        ".lock",
        "checkpoint-000000000011.npz",
        "checkpoint-000000000200.npz",
        "training.json",
    ]


def test_numpy_reads_the_files(checkpoints):
    checkpoints.write(1, state_of(1))
    checkpoints.wait()
    arrays = np.load(checkpoints.folder / "checkpoint-000000000001.npz", allow_pickle=False)
    assert arrays["array-1"].tolist() == [1.0] * 5000


def test_arrays_are_written_from_their_own_memory(tmp_path):
    array = np.zeros(2**24, np.uint8)
    with (tmp_path / "file").open("wb") as file:
        tracemalloc.start()
        write_arrays(file, {"array": array})
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < array.nbytes / 16
    assert np.array_equal(np.load(tmp_path / "file")["array"], array)


def test_the_training_keeps_its_name(tmp_path):
    ids = []
    for folder in ("a", "a", "b"):
        with contextlib.closing(CheckpointFolder(tmp_path / folder)) as opened:
            ids.append(opened.training_id)
    assert ids[0] == ids[1] != ids[2]


def test_writing_is_done_behind_and_what_was_given_is_what_is_written(checkpoints):
    """The thread is held up, so the state is changed before it is written."""
    go_on, order, state = threading.Event(), [], {"history": [1]}
    checkpoints.write(1, state, before=lambda: order.append(go_on.wait(60)))
    state["history"].append(2)
    assert (checkpoints.numbers(), order) == ([], [])
    go_on.set()
    checkpoints.write(2, state, before=lambda: order.append(checkpoints.numbers()))
    checkpoints.wait()
    assert order == [True, [1]]
    assert [checkpoints.read(number) for number in (1, 2)] == [
        {"history": [1]},
        {"history": [1, 2]},
    ]


def test_closing_waits_for_what_was_given(tmp_path):
    checkpoints = CheckpointFolder(tmp_path)
    checkpoints.write(1, state_of(1), before=lambda: time.sleep(0.2))
    checkpoints.close()
    assert checkpoints.numbers() == [1]


def test_what_cannot_be_kept_is_refused_at_once_and_nothing_is_written(checkpoints):
    with pytest.raises(CannotKeep, match=r"value\['callbacks'\]\[0\]: got "):
        checkpoints.write(1, {"callbacks": [object()]})
    checkpoints.wait()
    assert checkpoints.numbers() == []


def test_finished_fits_are_kept_beside_the_checkpoints(checkpoints):
    for fit in (1, 2, 12):
        checkpoints.write(fit, state_of(fit))
        checkpoints.write_finished(fit, {"history": [fit]})
        assert checkpoints.numbers()[-1] == fit  # the one before it is on the disk as well
    assert checkpoints.finished() == [1, 2, 12]
    assert [checkpoints.read_finished(fit) for fit in (1, 2, 3, 12)] == [
        {"history": [1]},
        {"history": [2]},
        None,
        {"history": [12]},
    ]
    assert checkpoints.numbers() == [2, 12]


def test_going_back_takes_the_place_of_what_came_after(tmp_path):
    """As after a checkpoint that was passed over: it and what came after are another past."""
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        for number in (5, 6):
            opened.write(number, state_of(number))
    damage(tmp_path / "checkpoint-000000000006.npz")
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        with pytest.warns(RuntimeWarning, match="damaged"):
            assert opened.read_latest()[0] == 5
        opened.write(4, state_of(4))
        opened.wait()
        assert opened.numbers() == [4]
        for number in (6, 7):
            opened.write(number, state_of(number))
        opened.wait()
        assert opened.numbers() == [6, 7]


def test_a_damaged_one_is_not_counted_as_the_one_to_fall_back_to(tmp_path):
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        for number in (5, 6):
            opened.write(number, state_of(number))
    damage(tmp_path / "checkpoint-000000000006.npz")
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        with pytest.warns(RuntimeWarning, match=r"-000000000006.npz: damaged .*-000000000005.npz "):
            assert opened.read_latest()[0] == 5
        opened.write(7, state_of(7))
        opened.wait()
        assert opened.numbers() == [5, 7]


# Kills

WRITING = """
import os, signal, sys
from epochwatch._resuming.checkpoint_files import CheckpointFolder
from tests.epochwatch.resuming.test_checkpoint_files import state_of

checkpoints = CheckpointFolder(sys.argv[1])
def write_from(first):
    for number in range(first, 1000):
        checkpoints.write(number, state_of(number))
        if "told" in sys.argv:
            checkpoints.wait()
            print(number, flush=True)
"""
KILLING = """
import pathlib, stat, zipfile
die = lambda: os.kill(os.getpid(), signal.SIGKILL)

def killing(module, name, is_moment, after=False):
    real = getattr(module, name)
    def patched(*arguments, **options):
        dies = is_moment(*arguments)
        if dies and not after:
            die()
        result = real(*arguments, **options)
        if dies:
            die()
        return result
    setattr(module, name, patched)

def of_folder(descriptor):
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)

of_file = lambda descriptor: not of_folder(descriptor)

def half_written(archive, entry, *mode):
    archive.fp.flush()
    return len(archive.filelist) == 3 and archive.fp.name.endswith("000004.npz.part")

seen = []
def nth(count, is_one):
    def is_moment(*arguments):
        seen.append(is_one(*arguments))
        return seen[-1] and sum(seen) == count
    return is_moment

aside = lambda path, *_: path.name == ".checkpoint-000000000004.npz.part"
old = lambda path, *_: path.name.startswith("checkpoint-")
"""
# Of 1 to 3, which are whole, and 4: what it is killed at, and the checkpoints that are then there.
MOMENTS = {
    "half written": ("killing(zipfile.ZipFile, 'open', half_written)", [2, 3]),
    "before it is synced": ("killing(os, 'fsync', nth(4, of_file))", [2, 3]),
    "after it is synced": ("killing(os, 'fsync', nth(4, of_file), True)", [2, 3]),
    "before it is renamed": ("killing(pathlib.Path, 'replace', aside)", [2, 3]),
    "after it is renamed": ("killing(pathlib.Path, 'replace', aside, True)", [2, 3, 4]),
    "before the folder is synced": ("killing(os, 'fsync', nth(4, of_folder))", [2, 3, 4]),
    "before one is deleted": ("killing(pathlib.Path, 'unlink', nth(2, old))", [2, 3, 4]),
    "after one is deleted": ("killing(pathlib.Path, 'unlink', nth(2, old), True)", [3, 4]),
}


def killed_at(moment, folder, first=1):
    """Run a process that writes checkpoints and gets SIGKILL at a moment."""
    script = f"{WRITING}{KILLING}\n{moment}\nwrite_from({first})"
    ran = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True)
    assert ran.returncode == -signal.SIGKILL, ran.stderr


@pytest.mark.parametrize("moment", MOMENTS)
def test_after_sigkill_at_each_moment_of_writing_the_newest_in_place_is_read(moment, tmp_path):
    kill, there = MOMENTS[moment]
    killed_at(kill, tmp_path)
    assert is_left(tmp_path) == (there[-1] == 3)
    with no_warnings(), contextlib.closing(CheckpointFolder(tmp_path)) as checkpoints:
        assert checkpoints.numbers() == there
        for number in there:
            assert is_whole(checkpoints.read(number), number)
        assert checkpoints.read_latest()[0] == there[-1]
        assert not is_left(tmp_path)
        checkpoints.write(5, state_of(5))
        checkpoints.wait()
        assert checkpoints.numbers() == [there[-1], 5]


def is_left(folder):
    """Tell whether something half written is left."""
    return any(name.endswith(".part") for name in names(folder))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_after_sigkill_between_deletions_the_newest_is_read(count, tmp_path):
    """From 7 and 8 the training goes back to 1: two are deleted behind 1, and none behind 2."""
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        for number in (7, 8):
            opened.write(number, state_of(number))
    killed_at(f"killing(pathlib.Path, 'unlink', nth({count}, old), True)", tmp_path)
    with no_warnings(), contextlib.closing(CheckpointFolder(tmp_path)) as checkpoints:
        for number in checkpoints.numbers():
            assert is_whole(checkpoints.read(number), number)
        assert (1 in checkpoints.numbers()) == (count < 3)
        assert checkpoints.numbers()[-2:] == {1: [1, 7], 2: [1], 3: [2, 3], 4: [3, 4]}[count]


@pytest.mark.parametrize("seed", range(5))
def test_after_sigkill_at_any_moment_no_checkpoint_that_was_told_of_is_lost(seed, tmp_path):
    command = [sys.executable, "-c", f"{WRITING}\nwrite_from(1)", tmp_path, "told"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        time.sleep(np.random.default_rng(seed).uniform(0, 0.05))
        process.kill()
        told = [1, *map(int, process.stdout.read().split())][-1]
    with no_warnings(), contextlib.closing(CheckpointFolder(tmp_path)) as checkpoints:
        number, state = checkpoints.read_latest()
    assert number - told in (0, 1)
    assert is_whole(state, number)


def test_each_checkpoint_is_synced_before_it_has_its_name_and_its_folder_after(
    checkpoints, monkeypatch
):
    """What a power cut leaves is known by the order of the calls."""
    order = []

    def noting(call, note):
        return lambda *arguments: (order.append(note(*arguments)), call(*arguments))[1]

    def synced(descriptor):
        return "sync", Path(f"/proc/self/fd/{descriptor}").resolve().name

    monkeypatch.setattr(os, "fsync", noting(os.fsync, synced))
    for call, name in (("replace", "rename"), ("unlink", "delete")):
        note = lambda path, *_, name=name: (name, path.name)  # noqa: E731
        monkeypatch.setattr(Path, call, noting(getattr(Path, call), note))
    for number in (1, 2, 3):
        checkpoints.write(number, state_of(number))
    checkpoints.wait()
    aside, oldest = ".checkpoint-00000000000{}.npz.part", "checkpoint-000000000001.npz"
    expected = []
    for number in (1, 2, 3):
        name = aside.format(number)
        expected += [("sync", name), ("rename", name), ("sync", checkpoints.folder.name)]
    assert order == [*expected, ("delete", oldest)]


# The lock

HOLDING = """
import multiprocessing, os, sys, time
from epochwatch._resuming.checkpoint_files import CheckpointFolder

checkpoints = CheckpointFolder(sys.argv[1])
if "fork" in sys.argv:
    context = multiprocessing.get_context("fork")
    begun = context.Event()
    worker = context.Process(target=lambda: (begun.set(), time.sleep(600)))
    worker.start()
    begun.wait()  # or it is killed while it is being forked
    print(worker.pid, flush=True)
print("ready", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def held_by_another(folder, *how):
    """Have another process that has the folder open; gives it, and what it printed."""
    command = [sys.executable, "-c", HOLDING, folder, *how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            printed = [process.stdout.readline() for _ in range(1 + len(how))]
            assert printed[-1] == "ready\n"
            yield process, printed
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_which_one_has_the_folder(tmp_path):
    with held_by_another(tmp_path / "ckpt") as (process, _):
        before = names(tmp_path / "ckpt")
        with pytest.raises(BadInput) as refused:
            CheckpointFolder(tmp_path / "ckpt")
        assert str(refused.value).startswith(
            f"folder: {str(tmp_path / 'ckpt')!r} is in use by process {process.pid} on "
        )
        assert str(refused.value).endswith("until that has ended, end it, or use another folder")
        assert names(tmp_path / "ckpt") == before
    with contextlib.closing(CheckpointFolder(tmp_path / "ckpt")) as opened:  # it got SIGKILL
        opened.write(1, state_of(1))


def test_a_worker_that_outlives_its_killed_parent_does_not_keep_the_folder(tmp_path):
    with held_by_another(tmp_path, "fork") as (process, printed):
        process.kill()
        process.wait()
        worker = int(printed[0])
        os.kill(worker, 0)  # it lives
        try:
            CheckpointFolder(tmp_path).close()
        finally:
            os.kill(worker, signal.SIGKILL)


def test_in_a_fork_the_folder_is_the_parents(tmp_path):
    opened = CheckpointFolder(tmp_path)
    opened.write(1, state_of(1))
    texts = []
    for use in (lambda: opened.write(2, state_of(2)), lambda: CheckpointFolder(tmp_path)):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                use()
            except BaseException as error:
                os.write(writing, str(error).encode())
            os._exit(0)
        os.close(writing)
        with open(reading) as pipe:
            texts.append(pipe.read())
        os.waitpid(child, 0)
    assert "belongs to the process that this one was forked from" in texts[0]
    assert f"is in use by process {os.getpid()} on " in texts[1]
    opened.write(3, state_of(3))
    opened.close()
    assert opened.numbers() == [1, 3]


def test_a_cell_that_is_run_again_has_the_folder_and_the_older_object_writes_no_more(tmp_path):
    older = CheckpointFolder(tmp_path)
    older.write(1, state_of(1), before=lambda: time.sleep(0.2))
    newer = CheckpointFolder(tmp_path / "." / "")
    assert newer.numbers() == [1]  # what the older one had been given is there
    for refused in (older.write, older.write_finished):
        with pytest.raises(BadInput, match="has been opened again since, by the same process; "):
            refused(2, state_of(2))
    older.close()
    newer.write(3, state_of(3))
    newer.close()
    assert newer.numbers() == [1, 3]
    assert newer.finished() == []
    with pytest.raises(BadInput, match="is closed; "):
        newer.write(4, state_of(4))


@pytest.mark.parametrize("left", ["closed", "collected", "alive"])
def test_another_process_gets_what_this_one_has_left(left, tmp_path):
    opened = CheckpointFolder(tmp_path)
    opened.write(1, state_of(1))
    if left == "closed":
        opened.close()
    elif left == "collected":
        opened.wait()
        del opened
        gc.collect()
    command = f"from {CheckpointFolder.__module__} import *; CheckpointFolder({str(tmp_path)!r})"
    ran = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True)
    assert ran.returncode == (left == "alive"), ran.stderr
    assert (f"in use by process {os.getpid()} on" in ran.stderr) == (left == "alive")


def test_an_interpreter_that_ends_writes_what_was_given(tmp_path):
    script = (
        WRITING + "checkpoints.write(1, state_of(1), before=lambda: __import__('time').sleep(1))"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path], check=True)
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        assert is_whole(opened.read(1), 1)


# Folders that are no good


@pytest.mark.parametrize("name", ["notes.txt", "checkpoint-000000000001.npz", "model.keras"])
def test_a_folder_that_holds_something_else_is_refused_and_left_as_it_is(name, tmp_path):
    (tmp_path / name).write_text("of the user")
    with pytest.raises(BadInput, match=f"holds '{name}' and no training.json, so it is of no tr"):
        CheckpointFolder(tmp_path)
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "of the user"


def test_what_else_lies_in_the_folder_of_a_training_is_never_touched(tmp_path):
    CheckpointFolder(tmp_path).close()
    others = ["notes.txt", ".notes.part", "checkpoint-1.npz", "checkpoint-000000000001.npz.bak"]
    for other in others:
        (tmp_path / other).write_text("of the user")
    with contextlib.closing(CheckpointFolder(tmp_path)) as opened:
        for number in range(5):
            opened.write(number, state_of(number))
    assert [(tmp_path / other).read_text() for other in others] == ["of the user"] * 4


def test_a_kill_before_the_first_checkpoint_leaves_a_folder_that_can_be_used(tmp_path):
    kill = "killing(os, 'fsync', lambda fd: True)"
    script = f"{KILLING}\n{kill}\n{WRITING}"
    ran = subprocess.run([sys.executable, "-c", "import os, signal" + script, tmp_path])
    assert ran.returncode == -signal.SIGKILL
    assert names(tmp_path) == [".lock", ".training.json.part"]
    CheckpointFolder(tmp_path).close()
    assert names(tmp_path) == [".lock", "training.json"]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "ckpt", "/proc/ckpt"):
        with pytest.raises(BadInput, match=r"^folder: cannot use .* \(.*, E[A-Z]+\); choose an"):
            CheckpointFolder(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"training": 1}', "{}"])
def test_a_damaged_name_of_the_training_is_refused(content, tmp_path):
    CheckpointFolder(tmp_path).close()
    (tmp_path / "training.json").write_text(content)
    with pytest.raises(BadInput, match=r"training.json: damaged; restore it from a copy, or use"):
        CheckpointFolder(tmp_path)


# Damage


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def small_state(number):
    return {"number": number, "history": {"loss": [0.5, 0.25]}, "weights": np.arange(9, dtype="f4")}


@pytest.fixture
def two(checkpoints):
    """A folder with two small checkpoints, and the content of the newer one."""
    for number in (1, 2):
        checkpoints.write(number, small_state(number))
    checkpoints.wait()
    return checkpoints, checkpoints.folder / "checkpoint-000000000002.npz"


def read_or_refused(checkpoints):
    """Read the newer one of two: exactly, or it is passed over; tell whether it was."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        number, state = checkpoints.read_latest()
    assert str(state) == str(small_state(number))
    assert state["weights"].dtype == "f4"
    assert [warning.category for warning in caught] == [RuntimeWarning] * (number == 1)
    return number == 1


def test_a_flipped_byte_is_noticed_or_changes_nothing(two):
    checkpoints, path = two
    content = path.read_bytes()
    noticed = 0
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        noticed += read_or_refused(checkpoints)
    # The rest are dates, attributes and the like, which stand in a .zip and mean nothing here.
    assert noticed > len(content) / 2
    path.write_bytes(content)
    assert not read_or_refused(checkpoints)


def test_a_file_cut_off_anywhere_is_noticed(two):
    checkpoints, path = two
    content = path.read_bytes()
    for length in range(0, len(content), 5):
        path.write_bytes(content[:length])
        assert read_or_refused(checkpoints), length


def test_what_is_passed_over_is_named_with_what_is_used_instead(two):
    checkpoints, path = two
    damage(path)
    with pytest.warns(RuntimeWarning) as caught:
        checkpoints.read_latest()
    assert len(caught) == 1
    text = str(caught[0].message)
    assert text.startswith("checkpoints: checkpoint-000000000002.npz: damaged (")
    assert text.endswith("); checkpoint-000000000001.npz is used instead")
    with pytest.raises(BadInput, match=r"-000000000002.npz: damaged \(.*\); restore it from a"):
        checkpoints.read(2)


def test_where_none_is_whole_it_is_told_in_one_line(two):
    checkpoints, path = two
    damage(path)
    path.with_name("checkpoint-000000000001.npz").write_bytes(b"")
    with pytest.raises(BadInput) as refused:
        checkpoints.read_latest()
    text = str(refused.value)
    assert "holds no checkpoint that is whole (checkpoint-000000000002.npz: damaged (" in text
    assert "checkpoint-000000000001.npz: damaged (" in text
    assert text.endswith("; restore one from a copy, or use another folder to begin anew")
    assert "\n" not in text


def test_a_file_that_was_renamed_is_damaged(two):
    checkpoints, path = two
    path.rename(path.with_name("checkpoint-000000000009.npz"))
    with pytest.warns(RuntimeWarning, match="it says that it is number 2"):
        assert checkpoints.read_latest()[0] == 1


def test_a_damaged_finished_fit_is_refused(checkpoints):
    checkpoints.write_finished(1, small_state(1))
    damage(checkpoints.folder / "fit-000001.npz")
    with pytest.raises(BadInput, match=r"fit-000001.npz: damaged \(.*\); restore it from a copy"):
        checkpoints.read_finished(1)


def write_as(path, training, about=None, **arrays):
    """Write a file as another epochwatch might."""
    content = state_arrays(training, 2, small_state(2)) | arrays
    if about is not None:
        text = json.loads(content["about"].tobytes()) | about
        content["about"] = np.frombuffer(json.dumps(text).encode(), np.uint8)
    with path.open("wb") as file:
        write_arrays(file, content)


def test_a_newer_format_is_refused_and_nothing_older_is_used_instead(two):
    checkpoints, path = two
    write_as(path, checkpoints.training_id, {"format": 2}, state=np.zeros(3))
    for read in (checkpoints.read_latest, lambda: checkpoints.read(2)):
        with pytest.raises(BadInput, match=r"got format 2, allowed: 1; resume it with the epoch"):
            read()
    checkpoints.close()
    written = {"format": 3, "training": {"id": "of a later form"}}
    (checkpoints.folder / "training.json").write_text(json.dumps(written))
    with pytest.raises(BadInput, match=r"training.json: got format 3, allowed: 1; resume it"):
        CheckpointFolder(checkpoints.folder)


def test_a_checkpoint_of_another_training_is_refused_with_both_names(two, tmp_path):
    checkpoints, path = two
    other = CheckpointFolder(tmp_path / "other")
    write_as(path, other.training_id)
    other.close()
    both = f"of the training {other.training_id}, allowed: of {checkpoints.training_id}"
    with pytest.raises(BadInput, match=both):
        checkpoints.read_latest()


def test_nothing_in_a_file_is_unpickled(two, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    checkpoints, path = two
    write_as(path, checkpoints.training_id)
    pickled = io.BytesIO()
    np.save(pickled, np.array([Trap()], object), allow_pickle=True)
    with np.load(path) as file:
        number = next(name for name in file.files if name.startswith("array-"))
    rewritten(path, f"{number}.npy", pickled.getvalue())
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(path)[number]
    with pytest.warns(RuntimeWarning, match="allow_pickle=False"):
        assert checkpoints.read_latest()[0] == 1
    assert not (tmp_path / "sprung").exists()
    np.load(path, allow_pickle=True)[number]
    assert (tmp_path / "sprung").exists()  # so it would have been


def rewritten(path, entry, content):
    """Put another content in the place of an entry of a zip."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in entries.items():
            archive.writestr(name, content if name == entry else old)


# Disks


def full(folder, tmp_path):
    """Have the second checkpoint meet a full disk: the real error, from /dev/full."""
    (folder / ".checkpoint-000000000002.npz.part").symlink_to("/dev/full")


def vanished(folder, tmp_path):
    """Have the folder away while the second checkpoint is written."""
    folder.rename(tmp_path / "elsewhere")


@pytest.mark.parametrize(("fail", "reason"), [(full, "ENOSPC"), (vanished, "ENOENT")])
def test_what_cannot_be_written_is_told_once_and_tried_again(fail, reason, tmp_path):
    checkpoints = CheckpointFolder(tmp_path / "ckpt")
    checkpoints.write(1, state_of(1))
    checkpoints.wait()
    fail(checkpoints.folder, tmp_path)
    checkpoints.write(2, state_of(2))
    last = "checkpoint-000000000001.npz" if fail is full else "none"
    told = (
        rf"cannot write checkpoint-000000000002.npz in .*{reason}\); the last one .* is {last}; tra"
    )
    with pytest.warns(RuntimeWarning, match=told) as caught:
        checkpoints.wait()
    assert len(caught) == 1
    with no_warnings():  # the same reason again is not told again
        if fail is full:
            full(checkpoints.folder, tmp_path)
        checkpoints.write(2, state_of(2))
        checkpoints.wait()
        if fail is vanished:
            (tmp_path / "elsewhere").rename(checkpoints.folder)
        assert checkpoints.numbers() == [1]
        checkpoints.write(3, state_of(3))
        checkpoints.close()
    assert checkpoints.numbers() == [1, 3]
    assert not is_left(checkpoints.folder)


def test_each_reason_is_told_and_the_last_good_one_named(checkpoints):
    def broken(text):
        raise OSError(text)

    told = []
    for number, reason in enumerate([None, "log is full", "log is gone", "log is full", None]):
        before = reason and (lambda reason=reason: broken(reason))
        with warnings.catch_warnings(record=True, action="always") as caught:
            checkpoints.write(number, state_of(number), before)
            checkpoints.wait()
        told.append([str(warning.message).partition("' (")[2] for warning in caught])
    last = "checkpoint-000000000000.npz; training goes on, and the next one is tried again"
    full, gone = (
        f"log is {what}); the last one on the disk is {last}" for what in ("full", "gone")
    )
    assert told == [[], [full], [gone], [], []]
    assert checkpoints.numbers() == [0, 4]  # what the others refer to is not on the disk


def test_a_finished_fit_that_cannot_be_written_is_told(checkpoints):
    (checkpoints.folder / ".fit-000001.npz.part").symlink_to("/dev/full")
    with pytest.warns(RuntimeWarning, match=r"cannot write fit-000001.npz .*ENOSPC"):
        checkpoints.write_finished(1, state_of(1))
    assert checkpoints.finished() == []


def test_a_disk_that_was_full_for_a_while_costs_the_checkpoints_of_that_while(tiny_disk):
    checkpoints = CheckpointFolder(tiny_disk / "ckpt")
    for number in (1, 2):
        checkpoints.write(number, state_of(number))
    checkpoints.wait()
    (tiny_disk / "other").write_bytes(bytes(190_000))
    checkpoints.write(3, state_of(3))
    with pytest.warns(RuntimeWarning, match=r"-000000000003.npz .*ENOSPC.* is .*-000000000002.npz"):
        checkpoints.wait()
    with no_warnings():
        checkpoints.write(4, state_of(4))
        checkpoints.wait()
    assert checkpoints.numbers() == [1, 2]
    assert is_whole(checkpoints.read_latest()[1], 2)
    (tiny_disk / "other").unlink()
    with no_warnings():
        checkpoints.write(5, state_of(5))
        checkpoints.close()
    assert checkpoints.numbers() == [2, 5]
    assert is_whole(checkpoints.read_latest()[1], 5)
