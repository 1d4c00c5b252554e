"""A run as its notebook sees it: where to write, and how to finish.

Run headless, the folder is given by the driver, which also moves it into place. Run by
hand, in Jupyter or by plain papermill, the notebook does that itself in its last cell.
"""

import base64
import contextlib
import itertools
import os
import time
from collections.abc import MutableMapping
from pathlib import Path

from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab._runs import project, record
from epochwatch_lab._runs.folder import BeingMade, RunFolder
from epochwatch_lab._runs.parameters import Parameters, assigned_names, names_set_beside

ATTEMPT_VARIABLE = "EPOCHWATCH_ATTEMPT"
LONGEST_NAME = 64

_held: dict[str, contextlib.ExitStack] = {}  # by notebook: what this process is making by hand


class Run:
    """The run that a notebook is.

    Args:
        parameters: checked.
        folder: where to write.
        own_folder: the lifecycle of that folder if the notebook is run by hand.
    """

    def __init__(self, parameters, folder, own_folder):
        self.parameters = parameters
        self.folder = folder
        self._begin = time.perf_counter()
        self._own_folder = own_folder
        self._names: MutableMapping[str, object] = {}  # of the notebook

    @classmethod
    def start(cls, model: type[Parameters], names: MutableMapping[str, object]) -> "Run":
        """Begin a run.

        Args:
            model: of the notebook's parameters.
            names: the notebook's `globals()`, in which its first cell has set them. Where they
                are refused, an earlier run in there cannot be used any more, and what the
                notebook's cells have made of it is deleted: a cell run by hand would go on
                with what was.

        Returns:
            The run, with an empty folder and the checked `parameters`.

        Raises:
            BadInput: a parameter is not allowed, or the folder cannot be written.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs at import
        try:
            parameters = model.from_names(names)
            given = os.environ.get(ATTEMPT_VARIABLE)
            run = cls(parameters, Path(given), None) if given else cls._by_hand(parameters, names)
        except BadInput as refusal:
            _withdraw(names, model, str(refusal))
            raise
        run._names = names
        return run

    @classmethod
    def _by_hand(cls, parameters: Parameters, names: MutableMapping[str, object]) -> "Run":
        if parameters.notebook in _held:  # the cell is run again, in the same kernel
            _held.pop(parameters.notebook).close()
        with contextlib.ExitStack() as stack:
            own, parameters = _hold_free_name(parameters, stack)
            own.begin()
            record.note_attempt(own.attempt, parameters, _file_run(parameters.notebook, names))
            _held[parameters.notebook] = stack.pop_all()
        return cls(parameters, own.attempt, own)

    @property
    def interactive(self) -> bool:
        """Whether somebody is looking on, who would like a progress bar."""
        return self._own_folder is not None

    @property
    def outputs(self) -> Path:
        return self.folder.parents[1]

    def show(self, figure, name: str, alt: str) -> None:
        """Save a figure as SVG and PNG, and show it in the notebook, which keeps both.

        Args:
            figure: a matplotlib Figure.
            name: its file name, without ending.
            alt: what it shows, in words.
        """
        from IPython.display import display

        from epochwatch._report import style

        folder = self.folder / "figures"
        style.save(figure, folder, name)
        forms = {
            "image/png": base64.b64encode((folder / f"{name}.png").read_bytes()).decode(),
            "image/svg+xml": (folder / f"{name}.svg").read_text(),
            "text/plain": alt,
        }
        pixels = {"alt": alt, "width": int(figure.get_figwidth() * 96)}
        display(forms, raw=True, metadata={"image/png": pixels, "filename": name})

    def finish(self, answer: str, findings: dict) -> None:
        """Write the findings; run by hand, move the folder into place and say where it is.

        Args:
            answer: the notebook's answer, a sentence or two of Markdown.
            findings: the answer for machines, as JSON can have it.

        Raises:
            BadInput: something that a run promises was not made.
        """
        record.write_findings(self.folder, self.parameters, answer, findings)
        if self._own_folder is None:
            return
        stages = {"by hand": round(time.perf_counter() - self._begin, 2)}
        record.write_record(self.folder, self.parameters, stages)
        self._own_folder.commit()
        _held.pop(self.parameters.notebook).close()
        _follow(self._names, self.folder, self._own_folder.final)
        self.folder = self._own_folder.final
        print(f"This run is kept in {self.folder}")


class _Refused:
    """Stands where a run was whose parameters have been refused since."""

    def __init__(self, reason: str):
        self._reason = reason

    def __getattr__(self, name: str):
        if name.startswith("_"):  # Python and IPython ask for what is not there
            raise AttributeError(name)
        raise BadInput(f"there is no run: {self._reason}")


def _withdraw(names: MutableMapping[str, object], model: type[Parameters], reason: str) -> None:
    """Take back what an earlier run has left in a notebook whose parameters are refused."""
    of_a_run = Run | Parameters | _Refused
    if not any(isinstance(value, of_a_run) for value in names.values()):
        return
    made = assigned_names(
        cell.source
        for cell in project.cells_of(_file_run(model.notebook, names))
        if cell.kind == "code"
    )
    made -= {*model.model_fields, *names_set_beside(names, model.model_fields)}
    for name, value in list(names.items()):
        if isinstance(value, of_a_run):
            names[name] = _Refused(reason)
        elif name in made:
            del names[name]


def _follow(names: MutableMapping[str, object], attempt: Path, final: Path) -> None:
    """Open anew the logs of a notebook whose folder was moved: its cells may be run again."""
    for name, value in list(names.items()):
        if isinstance(value, ExposureLog) and value.folder.is_relative_to(attempt):
            names[name] = ExposureLog.read(final / value.folder.relative_to(attempt))


def _hold_free_name(
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


def _file_run(notebook: str, names: MutableMapping[str, object]) -> Path:
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
