"""A run as its notebook sees it: where to write, and how to finish.

Run headless, the folder is given by the driver, which also moves it into place. Run by
hand, in Jupyter or by plain papermill, the notebook does that itself in its last cell.
"""

import contextlib
import json
import os
import time
from pathlib import Path

import epochwatch
from epochwatch.errors import BadInput
from epochwatch.files import write_whole
from epochwatch.runs import environment, project
from epochwatch.runs.folder import PROMISED, RunFolder, missing
from epochwatch.runs.parameters import NOTEBOOKS, Parameters

ATTEMPT_VARIABLE = "EPOCHWATCH_ATTEMPT"
FACTS = "facts.json"
RECORD = "run.json"

_held: dict[Path, contextlib.ExitStack] = {}  # by attempt: what this process is making by hand


class Run:
    """The run that a notebook is.

    Args:
        notebook: its name, without ending.
        parameters: checked.
        folder: where to write.
        own_folder: the lifecycle of that folder if the notebook is run by hand.
    """

    def __init__(self, notebook, parameters, folder, own_folder):
        self.notebook = notebook
        self.parameters = parameters
        self.folder = folder
        self._begin = time.perf_counter()
        self._own_folder = own_folder

    @classmethod
    def start(cls, parameters: Parameters) -> "Run":
        """Begin a run.

        Args:
            parameters: checked; their class says which notebook this is.

        Returns:
            The run, with an empty folder.

        Raises:
            BadInput: another process is making this run, or the folder cannot be written.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs at import
        notebook = next(name for name, kind in NOTEBOOKS.items() if type(parameters) is kind)
        given = os.environ.get(ATTEMPT_VARIABLE)
        if given:
            return cls(notebook, parameters, Path(given), None)
        own = RunFolder(project.OUTPUTS, notebook, parameters.run_name)
        if own.attempt in _held:  # the cell is run again, in the same kernel
            _held.pop(own.attempt).close()
        with contextlib.ExitStack() as stack:
            stack.enter_context(own.held())
            _held[own.attempt] = stack.pop_all()
        return cls(notebook, parameters, own.attempt, own)

    @property
    def interactive(self) -> bool:
        """Whether somebody is looking on, who would like a progress bar."""
        return self._own_folder is not None

    def show(self, figure, name: str, alt: str) -> None:
        """Save a figure as SVG and PNG, and show it in the notebook.

        Args:
            figure: a matplotlib Figure.
            name: its file name, without ending.
            alt: what it shows, in words.
        """
        from IPython.display import Image, display

        from epochwatch.figures import style

        folder = self.folder / "figures"
        style.save(figure, folder, name)
        pixels = Image(folder / f"{name}.png", width=int(figure.get_figwidth() * 96))
        display(pixels, metadata={"image/png": {"alt": alt}, "filename": name})

    def finish(self, answer: str, findings: dict) -> None:
        """Write the findings; run by hand, move the folder into place.

        Args:
            answer: the notebook's answer, a sentence or two of Markdown.
            findings: the answer for machines.

        Raises:
            BadInput: something that a run promises was not made.
        """
        written = {
            "notebook": self.notebook,
            "parameters": self.parameters.model_dump(),
            "answer": answer,
            "findings": findings,
        }
        write_json(self.folder / "findings.json", written)
        write_json(self.folder / FACTS, environment.framework())
        if self._own_folder is not None:
            stages = {"by hand": round(time.perf_counter() - self._begin, 2)}
            write_record(self.folder, self.notebook, self.parameters, PROMISED, stages)
            self._own_folder.commit()
            _held.pop(self._own_folder.attempt).close()
            self.folder = self._own_folder.final


def write_record(
    folder: Path, notebook: str, parameters: Parameters, promised: tuple[str, ...], stages: dict
) -> None:
    """Write `run.json`, last of all: the proof that a run is finished and whole.

    Args:
        folder: of the attempt.
        notebook: its name, without ending.
        parameters: checked.
        promised: what must be there.
        stages: seconds of each stage.

    Raises:
        BadInput: something promised is not there.
    """
    lacking = missing(folder, promised)
    if lacking:
        raise BadInput(f"run: {folder} lacks {', '.join(lacking)}; the notebook must write them")
    framework = json.loads((folder / FACTS).read_text())
    (folder / FACTS).unlink()
    values = parameters.model_dump()
    path = project.notebook_path(notebook)
    record = {
        "id": environment.identity(path, values, epochwatch.__version__),
        "notebook": notebook,
        "run": parameters.run_name,
        "parameters": values,
        "environment": {
            **environment.environment(project.ROOT),
            **framework,
            "seed": values["seed"],
            "data_sha256": project.data_checksum(),
        },
        "stages": stages,
        "files": {
            str(file.relative_to(folder)): file.stat().st_size
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        },
    }
    write_json(folder / RECORD, record)


def write_json(path: Path, content: dict) -> None:
    """Write a JSON file, whole or not at all.

    Args:
        path: where.
        content: what.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))
