"""Running a notebook headless: papermill, with what it leaves open closed.

Papermill runs a misspelt parameter's defaults, overwrites a good result with a failing one,
and cannot tell afterwards whether a run came to its end. Here parameters are checked before, a
run is made aside, and finished is what has its `run.json`.
"""

import contextlib
import errno
import logging
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from epochwatch._files import write_whole
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab.datasets import load_mnist
from epochwatch_lab.runs import project, run
from epochwatch_lab.runs.folder import RunFolder
from epochwatch_lab.runs.parameters import Parameters
from epochwatch_lab.runs.stages import seconds_by_section

NOTEBOOK = "notebook.ipynb"
LOG = "kernel.log"
KERNEL = "python3"
REASON = "reason.txt"
BAD_INPUT_NAMES = ("BadInput", "DataError")
DEAD_KERNEL = 138  # what papermill's own command exits with
OUTPUT_TIMEOUT = 600  # seconds


class KernelDied(RunFailed):
    """The kernel was killed, or could not be started: a fault of the machine's, not a cell's."""


class Limits(NamedTuple):
    """What a run may take.

    Attributes:
        threads: of its kernel; None for as many as it likes.
        timeout: seconds for each of its cells; None for as long as it takes.
    """

    threads: int | None = None
    timeout: int | None = None


NO_LIMITS = Limits()


def execute(
    parameters: Parameters, outputs: Path, *, progress: bool = False, limits: Limits = NO_LIMITS
) -> Path:
    """Run a notebook with these parameters and keep what it makes.

    Returns:
        The folder of the finished run, in place.

    Raises:
        BadInput: the notebook, data or folders cannot be used; nothing was started.
        KernelDied: the kernel died. What there is stands in the folder `<run>.failed`; an
            earlier run of the name is as it was.
        RunFailed: a cell raised or took too long; the same holds.
    """
    folder = folder_of(parameters, outputs)
    source = checked_source(parameters.notebook)
    with folder.held():
        make(source, folder, parameters, progress=progress, limits=limits)
    return folder.final


def folder_of(parameters: Parameters, outputs: Path) -> RunFolder:
    """Name the folder of a run."""
    return RunFolder(outputs.resolve(), parameters.notebook, parameters.run_name)


def make(
    source: Path,
    folder: RunFolder,
    parameters: Parameters,
    *,
    progress: bool = False,
    limits: Limits = NO_LIMITS,
) -> None:
    """Do what `execute` does, in a folder that the caller holds.

    Raises:
        BadInput, KernelDied, RunFailed: as `execute`.
    """
    folder.begin()
    try:
        run.note_attempt(folder.attempt, parameters)
        _papermill(source, folder.attempt, parameters, progress, limits)
        stages = seconds_by_section(folder.attempt / NOTEBOOK)
        run.write_record(folder.attempt, parameters, stages)
    except Exception as error:
        raise _failure(folder, error) from error
    except BaseException:
        folder.fail()
        raise
    folder.commit()


def checked_source(notebook: str) -> Path:
    """Find a notebook and look whether it and its data can be used, before anything is started.

    Raises:
        BadInput: it is not there, the data is damaged, or it has no cell tagged `parameters`:
            papermill would run the defaults.
    """
    source = project.notebook_path(notebook)
    if not any("parameters" in cell.tags for cell in project.cells_of(source)):
        raise BadInput(
            f"notebook: {source} has no cell tagged parameters; tag the one it begins with"
        )
    load_mnist()
    return source


def _papermill(
    source: Path, attempt: Path, parameters: Parameters, progress: bool, limits: Limits
) -> None:
    import papermill

    from epochwatch_lab.runs.kernel import manager_of

    # What papermill logs is raised as well; asyncio tells of what a signal has cut short.
    for name in ("papermill", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A kernel of the user's own named python3 must not stand in for this environment's.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    papermill.execute_notebook(
        _literal(source),
        _literal(attempt / NOTEBOOK),
        parameters=parameters.model_dump(exclude_unset=True),
        kernel_name=KERNEL,
        progress_bar=progress,
        kernel_manager_class=manager_of(attempt, attempt / LOG, limits.threads),
        execution_timeout=limits.timeout,
        # Output is still read after its cell has ended, for 4 s at most if nothing is said:
        # a busy machine takes longer over a loud cell. A kernel that dies is noticed all the same.
        iopub_timeout=OUTPUT_TIMEOUT,
    )


def _literal(path: Path) -> str:
    """Keep papermill from filling in what stands between braces in a path."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _failure(folder: RunFolder, error: Exception) -> Exception:
    """Keep a failed attempt with its reason, and say what failed in one line."""
    name = getattr(error, "ename", type(error).__name__)
    message = (str(getattr(error, "evalue", error)).strip().splitlines() or [""])[0]
    kept = f"; the partial notebook is kept in {folder.failed}"
    if name in BAD_INPUT_NAMES:
        failure = BadInput(message)
    elif os.strerror(errno.ENOSPC) in message:
        _make_room(folder.attempt)
        failure = BadInput(
            f"outputs: no space left on the device of {folder.home}; free some, or choose "
            "another folder with --outputs"
        )
    elif name == "DeadKernelError":
        failure = KernelDied(
            f"the kernel died, probably out of memory (exit {DEAD_KERNEL} of papermill){kept}"
        )
    elif name == "RuntimeError" and not hasattr(error, "ename"):  # of jupyter_client, of no cell
        failure = KernelDied(f"the kernel could not be started ({message}){kept}")
    elif name == "CellTimeoutError":
        failure = RunFailed(f"a cell took longer than the timeout allows{kept}")
    else:
        failure = RunFailed(f"{name}: {message}{kept}")
    with contextlib.suppress(OSError):  # the disk may be full, and the reason just that
        reason = f"{failure}\n\n{error}\n".encode()
        write_whole(folder.attempt / REASON, lambda file: file.write(reason))
    folder.fail()
    return failure


def _make_room(attempt: Path) -> None:
    """Keep of an attempt what says how it ended: what it has made may be what fills the disk."""
    for path in attempt.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in (NOTEBOOK, LOG, run.ATTEMPT):
            path.unlink()
