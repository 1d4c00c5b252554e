"""The folder of a run: made aside, moved into place when it is finished and whole.

Beside `outputs/<notebook>/<run>` there may be `<run>.attempt-…` (being made),
`<run>.failed` (the latest attempt that did not finish) and `<run>.replaced` (for the
moment in which a new run takes the place of an old one). Who makes a run holds a lock on its
name; the system frees it when that process dies, however it dies.
"""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock

from epochwatch.errors import BadInput

ATTEMPT, FAILED, REPLACED = "attempt", "failed", "replaced"


class BeingMade(BadInput):
    """Another process is making this run."""


class RunFolder:
    """Where one run stands, and the stages on its way there.

    Args:
        outputs: folder of all runs.
        notebook: name of the notebook, without ending.
        run_name: name of the run.
    """

    def __init__(self, outputs: Path, notebook: str, run_name: str):
        self.home = outputs / notebook
        self.run_name = run_name
        self.final = self.home / run_name
        # Of its own name: a kernel may outlive its killed driver by a second, and write on.
        self.attempt = self.home / f"{run_name}.{ATTEMPT}-{secrets.token_hex(4)}"
        self.failed = self.home / f"{run_name}.{FAILED}"
        self.replaced = self.home / f"{run_name}.{REPLACED}"
        self._lock = filelock.FileLock(self.home / f".{run_name}.lock", blocking=False)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the run's name to this process, and put right what a killed one left.

        Raises:
            BeingMade: another process is making this run.
            BadInput: the folder cannot be written.
        """
        with writable(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            try:
                # Not at once refused: who asks whether a run is being made holds it for a moment.
                self._lock.acquire(timeout=1, blocking=True)
            except filelock.Timeout:
                raise BeingMade(
                    f"run_name: {self.run_name!r} is being made by another process; wait for it, "
                    "or choose another name"
                ) from None
        with contextlib.ExitStack() as stack:
            stack.callback(self._lock.release)
            with writable(self.home):
                self.tidy()
            yield

    def is_held(self) -> bool:
        """Whether a process is making this run now, as far as this one may ask."""
        if not Path(self._lock.lock_file).exists():
            return False
        try:
            with self._lock:
                return False
        except filelock.Timeout:
            return True
        except OSError:  # a file system that cannot be written: nothing is made there
            return False

    def begin(self) -> None:
        """Make the folder of an attempt, empty but for that of its figures.

        Raises:
            BadInput: it cannot be written.
        """
        with writable(self.home):
            (self.attempt / "figures").mkdir(parents=True)

    def tidy(self) -> None:
        """Put right what a killed run left: its attempt has failed, an old result is back."""
        for abandoned in sorted(self.home.glob(f"{self.run_name}.{ATTEMPT}-*")):
            self._fail(abandoned)
        if self.replaced.exists():
            if self.final.exists():
                shutil.rmtree(self.replaced)
            else:
                self.replaced.rename(self.final)

    def fail(self) -> None:
        """Keep the attempt under a name that says it failed."""
        self._fail(self.attempt)

    def commit(self) -> None:
        """Move the finished attempt into place; it replaces an older run of the name."""
        with writable(self.home):
            if self.final.exists():
                self.final.rename(self.replaced)
            self.attempt.rename(self.final)
            for done_with in (self.replaced, self.failed):
                if done_with.exists():
                    shutil.rmtree(done_with)

    def _fail(self, attempt: Path) -> None:
        if self.failed.exists():
            shutil.rmtree(self.failed)
        attempt.rename(self.failed)


def check_writable(folder: Path) -> None:
    """Make a folder, if it is not there, and see whether it can be written.

    Raises:
        BadInput: it cannot.
    """
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()


@contextlib.contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn a folder that cannot be written into one line of bad input.

    Raises:
        BadInput: it is that.
    """
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"outputs: cannot write in {str(folder)!r} ({error.strerror or error}); make it "
            "writable or choose another folder with --outputs"
        ) from error
