"""Which part of a distributed training one process records, and where.

Each process writes a complete log of its own, `worker=0`, `worker=1` and so on, and none waits
for another. Beside them stands how many there are, and of which run: the first that comes
writes it, and the others find it there.
"""

import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from epochwatch._exposures import log_files, log_folder
from epochwatch._files import link_new, read_json
from epochwatch.errors import BadInput

WORKERS = "workers.json"
FOLDER_NAME = "worker={}"
# Where it is set, the same for all workers of one run, a folder of another run is refused.
RUN_VARIABLE = "EPOCHWATCH_RUN"


class Share(NamedTuple):
    """What one process trains of a distributed training.

    Attributes:
        replicas: those that it trains, ascending, numbered over all processes from 0.
        worker: which process it is, from 0.
        workers: how many processes there are.
        run: the same text for all of them; None for one that is alone.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> first, second = (Share((n,), n, 2).joining(folder.name) for n in (0, 1))
        >>> first.run == second.run, second.folder_in(folder.name).name
        (True, 'worker=1')
        >>> folder.cleanup()
    """

    replicas: tuple[int, ...]
    worker: int = 0
    workers: int = 1
    run: str | None = None

    @classmethod
    def from_json(cls, content: dict) -> "Share | None":
        """Read it from what a part or a manifest says; None of an undistributed log."""
        if "replicas" not in content:
            return None
        share = cls(*(content[name] for name in cls._fields))
        return share._replace(replicas=tuple(share.replicas))

    def as_json(self) -> dict:
        """Return what a part and the manifest say of it."""
        return {**self._asdict(), "replicas": list(self.replicas)}

    def folder_in(self, log: str | Path) -> Path:
        """Return the folder of this process in that of the whole log."""
        return Path(log, FOLDER_NAME.format(self.worker)) if self.workers > 1 else Path(log)

    def joining(self, log: str | Path) -> "Share":
        """Join the run that the folder of the whole log is of, or begin it.

        Args:
            log: the folder; it is made where it is not there.

        Returns:
            The share, with the run's name.

        Raises:
            BadInput: the folder holds the log of one process, or is of another run, or of
                another number of workers; or it cannot be written to.
        """
        if self.workers == 1:
            return self
        log, expected = Path(log), os.environ.get(RUN_VARIABLE)
        with log_folder.unwritable_refused(log):
            log.mkdir(parents=True, exist_ok=True)
            if log_files.holds_log(log):
                raise BadInput(
                    f"log: {str(log)!r} holds the log of a single process, and epochwatch never "
                    "overwrites a record; delete it or choose another path"
                )
            ours = {"workers": self.workers, "run": expected or secrets.token_hex(8)}
            # Only one of the workers makes the file, however many try it at the same time.
            link_new(log / WORKERS, json.dumps(ours).encode() + b"\n")
        workers, run = read_workers(log)
        if workers != self.workers or expected not in (None, "", run):
            of_ours = f" of the run {expected!r}" if expected else ""
            raise BadInput(
                f"log: got worker {self.worker} of {self.workers}{of_ours}, but {str(log)!r} is of "
                f"{workers} workers of the run {run!r}; delete it or choose another path"
            )
        return self._replace(run=run)


def holds_workers(log: Path) -> bool:
    """Whether a folder is that of a whole log of several processes."""
    return (log / WORKERS).exists() or bool(worker_folders(log))


def read_workers(log: Path) -> tuple[int, str] | None:
    """Read how many workers a log is of, and of which run; None where it does not say so.

    Raises:
        BadInput: it says so, but nobody can read it.
    """
    path = log / WORKERS
    if not path.exists():
        return None
    content = read_json(path) or {}
    workers, run = content.get("workers"), content.get("run")
    if type(workers) is not int or not isinstance(run, str):
        raise BadInput(
            f"{path}: damaged; delete this file to read the log without it, or record again"
        )
    return workers, run


def worker_folders(log: Path) -> dict[int, Path]:
    """Find the folders of the workers, by number."""
    named = {path.name: path for path in log.glob(FOLDER_NAME.format("*")) if path.is_dir()}
    numbers = (name.partition("=")[2] for name in named)
    numbers = sorted(int(number) for number in numbers if number.isdecimal())
    # A number is written in one way: `worker=01` is somebody else's.
    return {n: named[FOLDER_NAME.format(n)] for n in numbers if FOLDER_NAME.format(n) in named}
