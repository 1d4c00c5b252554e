"""Running a notebook headless: papermill, with what it leaves open closed.

Papermill runs a misspelt parameter's defaults, and overwrites a good result with a failing
one. Here parameters are checked before, and a run is made aside.
"""

import contextlib
import errno
import os
from pathlib import Path

from epochwatch.datasets import load_mnist
from epochwatch.errors import BadInput, RunFailed
from epochwatch.files import write_whole
from epochwatch.runs import project, run
from epochwatch.runs.folder import PROMISED, RunFolder
from epochwatch.runs.parameters import Parameters
from epochwatch.runs.stages import seconds_by_section

NOTEBOOK = "notebook.ipynb"
KERNEL = "python3"
KERNEL_WITH_LOG = "epochwatch.runs.kernel.KernelWithLog"
BAD_INPUT_NAMES = ("BadInput", "DataError")


def execute(notebook: str, parameters: Parameters, outputs: Path, *, progress: bool) -> Path:
    """Run a notebook with these parameters and keep what it makes.

    Args:
        notebook: its name, without ending.
        parameters: checked.
        outputs: folder of all runs.
        progress: whether to draw a progress bar on standard error.

    Returns:
        The folder of the finished run, in place.

    Raises:
        BadInput: data or folders that cannot be used; nothing was started.
        RunFailed: a cell raised, or the kernel died. What there is stands in the folder
            `<run>.failed`; an earlier run of the name is as it was.
    """
    source = project.notebook_path(notebook)
    load_mnist()  # damaged data is told here, before anything is started
    folder = RunFolder(outputs.resolve(), notebook, parameters.run_name)
    with folder.held():
        try:
            _papermill(source, folder.attempt, parameters, progress)
            stages = seconds_by_section(folder.attempt / NOTEBOOK)
            promised = (NOTEBOOK, *PROMISED)
            run.write_record(folder.attempt, notebook, parameters, promised, stages)
        except Exception as error:
            raise _failure(folder, error) from error
        except BaseException:
            folder.fail()
            raise
        folder.commit()
    return folder.final


def _papermill(source: Path, attempt: Path, parameters: Parameters, progress: bool) -> None:
    import papermill

    os.environ[run.ATTEMPT_VARIABLE] = str(attempt)
    # A kernel of the user's own named python3 must not stand in for this environment's.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    try:
        papermill.execute_notebook(
            str(source),
            str(attempt / NOTEBOOK),
            parameters=parameters.model_dump(exclude_unset=True),
            kernel_name=KERNEL,
            progress_bar=progress,
            cwd=str(source.parent),
            kernel_manager_class=KERNEL_WITH_LOG,
        )
    finally:
        del os.environ[run.ATTEMPT_VARIABLE]


def _failure(folder: RunFolder, error: Exception) -> Exception:
    """Keep a failed attempt with its reason, and say what failed in one line."""
    name = getattr(error, "ename", type(error).__name__)
    message = (str(getattr(error, "evalue", error)).strip().splitlines() or [""])[0]
    with contextlib.suppress(OSError):  # the disk may be full, and the reason just that
        write_whole(folder.attempt / "reason.txt", lambda file: file.write(f"{error}\n".encode()))
    folder.fail()
    if name in BAD_INPUT_NAMES:
        return BadInput(message)
    if os.strerror(errno.ENOSPC) in message:
        return BadInput(
            f"outputs: no space left on the device of {folder.home}; free some, or choose "
            "another folder with --outputs"
        )
    return RunFailed(f"{name}: {message}; the partial notebook is kept in {folder.failed}")
