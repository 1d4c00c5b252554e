"""Running a notebook headless: papermill, with what it leaves open closed.

Papermill runs a misspelt parameter's defaults, overwrites a good result with a failing one,
and cannot tell afterwards whether a run came to its end. Here parameters are checked before, a
run is made aside, and finished is what has its `run.json`.
"""

import contextlib
import errno
import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from epochwatch._files import write_whole
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab._runs import project, record
from epochwatch_lab._runs.folder import RunFolder
from epochwatch_lab._runs.parameters import Parameters
from epochwatch_lab._runs.run import ATTEMPT_VARIABLE

KERNEL = "python3"
BAD_INPUT_NAMES = ("BadInput", "DataError")
DEAD_KERNEL = 138  # what papermill's own command exits with
OUTPUT_TIMEOUT = 600  # seconds
# Each library has its own name for how many threads it may use.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


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
    source = project.notebook_path(parameters.notebook)
    check_source(source, parameters)
    with folder.held():
        make_run(source, folder, parameters, progress=progress, limits=limits)
    return folder.final


def folder_of(parameters: Parameters, outputs: Path) -> RunFolder:
    return RunFolder(outputs.resolve(), parameters.notebook, parameters.run_name)


def check_source(source: Path, parameters: Parameters) -> None:
    """Look whether a notebook and its data can be used, before anything is started.

    Raises:
        BadInput: the data is damaged, or the notebook has no cell tagged `parameters`:
            papermill would run the defaults.
    """
    if not any("parameters" in cell.tags for cell in project.cells_of(source)):
        raise BadInput(f"notebook: {source} has no cell tagged parameters; tag its first code cell")
    parameters.check_data()


def make_run(
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
        record.note_attempt(folder.attempt, parameters, source)
        _papermill(source, folder.attempt, parameters, progress, limits)
        record.check_whole(folder.attempt, parameters)
        _write_post(folder.attempt)
        stages = project.seconds_by_section(folder.attempt / record.NOTEBOOK)
        record.write_record(folder.attempt, parameters, stages)
    except Exception as error:
        raise _failure(folder, error) from error
    except BaseException:
        _note_reason(folder, "was stopped before it finished")
        folder.fail()
        raise
    folder.commit()


def _papermill(
    source: Path, attempt: Path, parameters: Parameters, progress: bool, limits: Limits
) -> None:
    # nbformat's jsonschema takes two seconds to compile a grammar of addresses where JupyterLab has
    # it installed; no notebook's schema has an address.
    sys.modules.setdefault("rfc3987_syntax", None)
    import papermill

    # What papermill logs is raised as well; asyncio, and Python itself, tell of what a signal has
    # cut short.
    for name in ("papermill", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    # A kernel of the user's own named python3 must not stand in for this environment's.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    papermill.execute_notebook(
        _literal(source),
        _literal(attempt / record.NOTEBOOK),
        parameters=parameters.model_dump(exclude_unset=True),
        kernel_name=KERNEL,
        progress_bar=progress,
        kernel_manager_class=_manager_of(attempt, limits.threads),
        execution_timeout=limits.timeout,
        # Output is still read after its cell has ended, for 4 s at most if nothing is said:
        # a busy machine takes longer over a loud cell. A kernel that dies is noticed all the same.
        iopub_timeout=OUTPUT_TIMEOUT,
        on_cell_start=_progress_to(attempt / record.PROGRESS, project.cells_of(source)),
    )


def _literal(path: Path) -> str:
    """Keep papermill from filling in what stands between braces in a path."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _manager_of(attempt: Path, threads: int | None) -> type:
    """Make the class of the kernel's manager, through which papermill starts the kernel.

    TensorFlow logs to standard error from C++ before anything can stop it, and the kernel would
    print that on the user's terminal. It goes to a file in the run's folder instead, where it is
    wanted when a kernel dies. The process itself, which may run other notebooks, is changed in
    nothing.
    """
    from jupyter_client.manager import AsyncKernelManager

    variables = dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    # Else every kernel has another order of its sets, and a dask worker's has dask's.
    variables |= {ATTEMPT_VARIABLE: str(attempt), "PYTHONHASHSEED": "0"}

    class Manager(AsyncKernelManager):
        async def start_kernel(self, **options):
            with (attempt / record.KERNEL_LOG).open("ab") as log:
                options |= {"stdout": log, "stderr": log, "cwd": str(attempt)}
                await super().start_kernel(**options, env={**os.environ, **variables})

    return Manager


def _progress_to(file: Path, cells: list[project.NotebookCell]) -> Callable:
    """Have the heading of each cell written down when the cell is begun."""
    sections = project.sections_of(cells)

    def note(cell, cell_index):
        # Papermill has put one cell in, with the parameters; the last ones would be off by it.
        section = sections[min(cell_index, len(sections) - 1)]
        file.write_text(f"{cell_index + 1}/{len(cells)} {section}\n", encoding="utf-8")

    return note


def _write_post(attempt: Path) -> None:
    """Write the run's post into its folder; nothing is published by it.

    That a notebook cannot be a post costs no run: the reason stands where the post would.
    """
    notebook = json.loads((attempt / record.NOTEBOOK).read_text(encoding="utf-8"))
    if "slug" not in notebook["metadata"].get("epochwatch", {}):
        return
    from epochwatch_lab.post import export_post

    try:
        export_post(attempt / record.NOTEBOOK, attempt / record.POST)
    except BadInput as error:
        (attempt / record.POST).mkdir(exist_ok=True)
        (attempt / record.POST / record.REASON).write_text(f"{error}\n", encoding="utf-8")


def _failure(folder: RunFolder, error: Exception) -> Exception:
    """Keep a failed attempt with its reason, and say what failed in one line."""
    name = getattr(error, "ename", type(error).__name__)
    message = (str(getattr(error, "evalue", error)).strip().splitlines() or [""])[0]
    kept = f"; the unfinished notebook is kept in {folder.failed}"
    if name in BAD_INPUT_NAMES:
        failure = BadInput(message)
    elif os.strerror(errno.ENOSPC) in message:
        _make_room(folder.attempt)
        failure = BadInput(
            f"outputs: no space left on the disk of {folder.home}; free some, or choose another "
            "folder with --outputs"
        )
    elif name == "DeadKernelError":
        failure = KernelDied(
            f"the kernel died, probably out of memory (exit {DEAD_KERNEL} of papermill){kept}"
        )
    elif name == "RuntimeError" and not hasattr(error, "ename"):  # of jupyter_client, of no cell
        failure = KernelDied(f"the kernel could not be started ({message}){kept}")
    elif name == "CellTimeoutError":
        failure = RunFailed(f"a cell took longer than --timeout allows{kept}")
    else:
        failure = RunFailed(f"{name}: {message}{kept}")
    _note_reason(folder, f"{failure}\n\n{error}")
    folder.fail()
    return failure


def _note_reason(folder: RunFolder, reason: str) -> None:
    with contextlib.suppress(OSError):  # the disk may be full, and the reason just that
        written = f"{reason}\n".encode()
        write_whole(folder.attempt / record.REASON, lambda file: file.write(written))


def _make_room(attempt: Path) -> None:
    """Keep of an attempt what says how it ended: what it has made may be what fills the disk."""
    for path in attempt.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in (record.NOTEBOOK, record.KERNEL_LOG, record.ATTEMPT):
            path.unlink()
