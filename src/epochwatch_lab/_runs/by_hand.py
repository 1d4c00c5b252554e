"""A run by hand: the name it gets, the file it is of, and what an earlier one has left behind."""

import contextlib
import itertools
import os
from collections.abc import MutableMapping
from pathlib import Path

from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._runs.folder import BeingMade, RunFolder
from epochwatch_lab._runs.parameters import Parameters, assigned_names, names_set_beside

LONGEST_NAME = 64


class Refused:
    """Stands where a run was whose parameters have been refused since."""

    def __init__(self, reason: str):
        self._reason = reason

    def __getattr__(self, name: str):
        if name.startswith("_"):  # Python and IPython ask for what is not there
            raise AttributeError(name)
        raise BadInput(f"there is no run: {self._reason}")


def withdraw(
    names: MutableMapping[str, object], model: type[Parameters], run: type, reason: str
) -> None:
    """Take back what an earlier run has left in a notebook whose parameters are refused."""
    of_a_run = run | Parameters | Refused
    if not any(isinstance(value, of_a_run) for value in names.values()):
        return
    made = assigned_names(
        cell.source
        for cell in project.cells_of(file_run(model.notebook, names))
        if cell.kind == "code"
    )
    made -= {*model.model_fields, *names_set_beside(names, model.model_fields)}
    for name, value in list(names.items()):
        if isinstance(value, of_a_run):
            names[name] = Refused(reason)
        elif name in made:
            del names[name]


def reopen_logs(names: MutableMapping[str, object], attempt: Path, final: Path) -> None:
    """Open anew the logs of a notebook whose folder was moved: its cells may be run again."""
    for name, value in list(names.items()):
        if isinstance(value, ExposureLog) and value.folder.is_relative_to(attempt):
            names[name] = ExposureLog.read(final / value.folder.relative_to(attempt))


def hold_free_name(
    parameters: Parameters, stack: contextlib.ExitStack
) -> tuple[RunFolder, Parameters]:
    """Choose a name for a run by hand that no earlier run has, and hold it."""
    for number in itertools.count(1):
        ending = f"-{number}" if number > 1 else ""
        name = parameters.run_name[: LONGEST_NAME - len(ending)] + ending
        own = RunFolder(project.default_outputs(), parameters.notebook, name)
        with contextlib.suppress(BeingMade), contextlib.ExitStack() as trial:
            trial.enter_context(own.held())
            if not own.final.exists():
                stack.push(trial.pop_all())
                return own, parameters.model_copy(update={"run_name": name})


def file_run(notebook: str, names: MutableMapping[str, object]) -> Path:
    """Find the file of the notebook that is being run, as far as a kernel can know it.

    Jupyter and VS Code say which it is. nbconvert and papermill do not: there it is the one of
    that name in this folder, or else the one that the package carries.
    """
    known = [os.environ.get("JPY_SESSION_NAME"), names.get("__vsc_ipynb_file__")]
    files = [Path(str(file)) for file in (*known, f"{notebook}.ipynb") if file]
    for file in files:
        with contextlib.suppress(BadInput):
            project.cells_of(file)
            return file
    return project.notebook_path(notebook)
