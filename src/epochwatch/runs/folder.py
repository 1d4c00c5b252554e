"""The folder of a run: made aside, moved into place when it is finished and whole.

Beside `outputs/<notebook>/<run>` there may be `<run>.attempt` (being made),
`<run>.failed` (the latest attempt that did not finish) and `<run>.replaced` (for the
moment in which a new run takes the place of an old one).
"""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import filelock

from epochwatch.errors import BadInput

PROMISED = ("findings.json", "exposures/manifest.json", "figures")


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
        self.attempt = self.home / f"{run_name}.attempt"
        self.failed = self.home / f"{run_name}.failed"
        self.replaced = self.home / f"{run_name}.replaced"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep the run's name to this process, and begin an empty attempt.

        Raises:
            BadInput: another process is making this run, or the folder cannot be written.
        """
        with _writable(self.home):
            self.home.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.home / f".{self.run_name}.lock")
            try:
                lock.acquire(blocking=False)
            except filelock.Timeout:
                raise BadInput(
                    f"run_name: {self.run_name!r} is being made by another process; wait for it, "
                    "or choose another name"
                ) from None
        with lock:
            with _writable(self.home):
                self.tidy()
                (self.attempt / "figures").mkdir(parents=True)
            yield

    def tidy(self) -> None:
        """Put right what a killed run left: its attempt has failed, an old result is back."""
        if self.attempt.exists():
            self.fail()
        if self.replaced.exists():
            if self.final.exists():
                shutil.rmtree(self.replaced)
            else:
                self.replaced.rename(self.final)

    def fail(self) -> None:
        """Keep the attempt under a name that says it failed."""
        if self.failed.exists():
            shutil.rmtree(self.failed)
        self.attempt.rename(self.failed)

    def commit(self) -> None:
        """Move the finished attempt into place; it replaces an older run of the name."""
        if self.final.exists():
            self.final.rename(self.replaced)
        self.attempt.rename(self.final)
        if self.replaced.exists():
            shutil.rmtree(self.replaced)
        if self.failed.exists():
            shutil.rmtree(self.failed)


def missing(folder: Path, promised: tuple[str, ...]) -> list[str]:
    """List what a run promised and did not leave.

    Args:
        folder: the attempt.
        promised: paths in it.

    Returns:
        Those that are not there, or empty.
    """
    return [name for name in promised if not _has_content(folder / name)]


def _has_content(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.is_file() and path.stat().st_size > 0


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"outputs: cannot write in {str(folder)!r} ({error.strerror or error}); make it "
            "writable or choose another folder with --outputs"
        ) from error
