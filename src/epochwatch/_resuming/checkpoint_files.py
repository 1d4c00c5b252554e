"""The folder of a training that can be resumed: numbered checkpoints, and finished fits.

A checkpoint is written aside, synced, renamed, and its folder is synced; only then are older
ones deleted, all but one. A thread does this while the training goes on. So:

- After a kill at any moment the folder holds the newest checkpoint that was in place, whole.
  The one being written then is lost.
- After a power cut it is the same, if the disk keeps what it says it has synced: a checkpoint
  has its content on the disk before it has its name, and the one before is deleted when the
  name is on the disk too. Training goes on meanwhile; what it did since is done again.
- A checkpoint that was damaged later is noticed by its CRC and passed over: the one before it is
  kept for that.
"""

import contextlib
import re
import secrets
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from epochwatch._exposures.jobs_behind import JobsBehind
from epochwatch._files import read_json, write_json, write_whole
from epochwatch._resuming.folder_lock import LOCK, FolderLock
from epochwatch._resuming.state_files import (
    FORMAT,
    Damaged,
    check_format,
    read_state,
    reason_of,
    state_arrays,
    write_arrays,
)
from epochwatch.errors import BadInput

TRAINING = "training.json"
CHECKPOINT, FIT = "checkpoint-{:012d}.npz", "fit-{:06d}.npz"
KEPT = 2
_NAME = re.compile(r"(checkpoint|fit)-([0-9]{6,})\.npz")
_ASIDE = re.compile(r"\.((checkpoint|fit)-[0-9]{6,}\.npz|training\.json)\.part")  # of a killed run
_OPENED = weakref.WeakValueDictionary()  # by folder: the objects of this process


class CheckpointFolder:
    """Writes and reads the checkpoints of one training; one process at a time has the folder.

    Where the same process opens the folder again, as when a notebook's cell is run again, the
    new object has it, and the one before writes no more.

    Args:
        path: the folder; it is made where there is none.

    Attributes:
        training_id: what the training is called in its files and wherever else; random.

    Raises:
        BadInput: the folder cannot be written to, another process has it, or it holds files that
            are no checkpoints.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> checkpoints = CheckpointFolder(folder.name)
        >>> for step in (1, 2, 3):
        ...     checkpoints.write(step, {"loss": [0.5] * step})
        >>> checkpoints.wait()
        >>> checkpoints.numbers(), checkpoints.read_latest()
        ([2, 3], (3, {'loss': [0.5, 0.5, 0.5]}))
        >>> checkpoints.close()
        >>> folder.cleanup()
    """

    def __init__(self, path: str | Path):
        self.folder = Path(path).absolute()  # the training may change the current folder
        self._behind = JobsBehind()
        self._closed_because: str | None = None
        self._failures: list[tuple[str, str]] = []  # names and reasons, not told yet
        self._told: set[str] = set()  # reasons: each is told once
        self._damaged: set[int] = set()  # numbers passed over by `read_latest`
        with self._unwritable_refused():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            self._take_over()
            self._lock = FolderLock(self.folder)
            for left in self.folder.iterdir():
                if _ASIDE.fullmatch(left.name):
                    left.unlink()
            self.training_id = self._read_training() or self._new_training()
        _OPENED[self.folder.resolve()] = self

    def write(self, number: int, state, before: Callable[[], None] | None = None) -> None:
        """Have the thread write a checkpoint, once the one before is written.

        What cannot be written is told by a warning, at the next call, and training goes on.

        Args:
            number: its place among the checkpoints. Those with a greater number are deleted
                when it is in place: they are of what the training did before it went back.
            state: what `pack` keeps. Its arrays are not copied: they must not change any more.
            before: what the thread shall do first, such as syncing what the state refers to; if
                it fails, the checkpoint is not written.

        Raises:
            BadInput: the folder is closed, or was opened again since.
            CannotKeep: the state holds something else.
        """
        self._refuse_closed()
        arrays = state_arrays(self.training_id, number, state)
        self._behind.put(self._write_checkpoint, number, arrays, before)
        self._tell_failures()

    def wait(self) -> None:
        """Wait until what was given is on the disk, or has failed."""
        self._behind.wait()
        self._tell_failures()

    def close(self) -> None:
        """Wait as `wait` does, and let others have the folder."""
        self._close("is closed")

    def numbers(self) -> list[int]:
        """Give the numbers of the checkpoints there are."""
        return self._numbers("checkpoint")

    def read(self, number: int):
        """Read the state of one checkpoint.

        Raises:
            BadInput: it is damaged, of a newer format, or of another training.
        """
        return read_state(self.folder / CHECKPOINT.format(number), self.training_id, number)

    def read_latest(self) -> tuple[int, object] | None:
        """Read the newest checkpoint that is whole; those passed over are told by a warning.

        Raises:
            BadInput: there are some and none is whole, or see `read`.
        """
        damages = []
        for number in reversed(self.numbers()):
            try:
                state = self.read(number)
            except Damaged as error:
                damages.append(error.damage)
                self._damaged.add(number)
                continue
            instead = f"{CHECKPOINT.format(number)} is used instead"
            for damage in damages:
                warnings.warn(f"checkpoints: {damage}; {instead}", RuntimeWarning, stacklevel=2)
            return number, state
        if damages:
            raise BadInput(
                f"folder: {str(self.folder)!r} holds no checkpoint that is whole "
                f"({'; '.join(damages)}); restore one from a copy, or use another folder to begin "
                "anew"
            )
        return None

    def finished(self) -> list[int]:
        """Give the numbers of the fits that are finished."""
        return self._numbers("fit")

    def write_finished(self, fit: int, state) -> None:
        """Write a finished fit; afterwards it is on the disk, or a warning has told why not."""
        self._refuse_closed()
        self.wait()
        self._write(FIT.format(fit), state_arrays(self.training_id, fit, state))
        self._tell_failures()

    def read_finished(self, fit: int):
        """Read the state of a finished fit; None if it is not finished.

        Raises:
            BadInput: see `read`.
        """
        path = self.folder / FIT.format(fit)
        return read_state(path, self.training_id, fit) if path.exists() else None

    # The folder

    def _refuse_foreign(self) -> None:
        names = {path.name for path in self.folder.iterdir()}
        foreign = {name for name in names - {LOCK} if not _ASIDE.fullmatch(name)}
        if foreign and TRAINING not in names:
            raise BadInput(
                f"folder: {str(self.folder)!r} holds {min(foreign)!r} and no {TRAINING}, so it is "
                "of no training; allowed: a folder of its own, such as 'ckpt/'"
            )

    def _take_over(self) -> None:
        older = _OPENED.get(self.folder.resolve())
        # Not where this process is a fork: its parent has the folder, and is named by the lock.
        if older is not None and older._lock.is_held:
            older._close("has been opened again since, by the same process")

    def _read_training(self) -> str | None:
        path = self.folder / TRAINING
        if not path.exists():
            return None
        content = read_json(path) or {}
        check_format(path, content.get("format", FORMAT))
        if not isinstance(content.get("training"), str):
            raise BadInput(f"{path}: damaged; restore it from a copy, or use another folder")
        return content["training"]

    def _new_training(self) -> str:
        training = secrets.token_hex(8)
        write_json(self.folder / TRAINING, {"format": FORMAT, "training": training})
        return training

    def _close(self, because: str) -> None:
        self._closed_because = self._closed_because or because
        self._behind.end()  # where Ctrl-C ends the waiting, the thread writes on, and locked
        self._lock.release()
        self._tell_failures()

    def _refuse_closed(self) -> None:
        if self._closed_because or not self._lock.is_held:
            because = self._closed_because or "belongs to the process that this one was forked from"
            raise BadInput(
                f"folder: {str(self.folder)!r} {because}; train the model that was made resumable "
                "last, or make it resumable again"
            )

    @contextlib.contextmanager
    def _unwritable_refused(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BadInput(
                f"folder: cannot use {str(self.folder)!r} for checkpoints ({reason_of(error)}); "
                "choose another one"
            ) from error

    def _numbers(self, kind: str) -> list[int]:
        matches = (_NAME.fullmatch(path.name) for path in self.folder.glob("*.npz"))
        return sorted(int(match[2]) for match in matches if match and match[1] == kind)

    # Writing

    def _write_checkpoint(self, number: int, arrays: dict, before) -> None:
        if self._write(CHECKPOINT.format(number), arrays, before):
            self._damaged.discard(number)
            with contextlib.suppress(OSError):  # the next one that is written tries again
                self._delete_but(number)

    def _write(self, name: str, arrays: dict, before=None) -> bool:
        """Write a file, or note why that failed: training goes on without it."""
        try:
            if before is not None:
                before()
            write_whole(self.folder / name, lambda file: write_arrays(file, arrays))
        except Exception as error:
            self._failures.append((name, reason_of(error)))
            return False
        return True

    def _delete_but(self, newest: int) -> None:
        """Delete all checkpoints but the one just written and the one before it."""
        numbers = self.numbers()
        kept = [number for number in numbers if number <= newest and number not in self._damaged]
        for number in sorted(set(numbers) - set(kept[-KEPT:]), reverse=True):
            (self.folder / CHECKPOINT.format(number)).unlink()

    def _tell_failures(self) -> None:
        while self._failures:
            name, reason = self._failures.pop(0)
            if reason not in self._told:
                self._told.add(reason)
                warnings.warn(self._failure(name, reason), RuntimeWarning, stacklevel=4)

    def _failure(self, name: str, reason: str) -> str:
        whole = [number for number in self.numbers() if number not in self._damaged]
        last = CHECKPOINT.format(whole[-1]) if whole else "none"
        return (
            f"checkpoints: cannot write {name} in {str(self.folder)!r} ({reason}); the last one "
            f"on the disk is {last}; training goes on, and the next one is tried again"
        )
