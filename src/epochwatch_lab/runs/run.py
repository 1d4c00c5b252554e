"""A run as its notebook sees it: where to write, and how to finish.

Run headless, the folder is given by the driver, which also moves it into place. Run by
hand, in Jupyter or by plain papermill, the notebook does that itself in its last cell.
"""

import base64
import contextlib
import datetime
import json
import os
import platform
import time
from pathlib import Path

from epochwatch._exposures.log import ExposureLog
from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab.runs import environment, project
from epochwatch_lab.runs.folder import RunFolder, lacking
from epochwatch_lab.runs.parameters import Parameters

ATTEMPT_VARIABLE = "EPOCHWATCH_ATTEMPT"
ATTEMPT = "attempt.json"
FACTS = "facts.json"
RECORD = "run.json"
FINDINGS = "findings.json"

_held: dict[Path, contextlib.ExitStack] = {}  # by run: what this process is making by hand


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

    @classmethod
    def start(cls, parameters: Parameters) -> "Run":
        """Begin a run.

        Returns:
            The run, with an empty folder.

        Raises:
            BadInput: another process is making this run, or the folder cannot be written.
        """
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow logs at import
        given = os.environ.get(ATTEMPT_VARIABLE)
        if given:
            return cls(parameters, Path(given), None)
        own = RunFolder(project.OUTPUTS, parameters.notebook, parameters.run_name)
        if own.final in _held:  # the cell is run again, in the same kernel
            _held.pop(own.final).close()
        with contextlib.ExitStack() as stack:
            stack.enter_context(own.held())
            own.begin()
            note_attempt(own.attempt, parameters)
            _held[own.final] = stack.pop_all()
        return cls(parameters, own.attempt, own)

    @property
    def interactive(self) -> bool:
        """Whether somebody is looking on, who would like a progress bar."""
        return self._own_folder is not None

    @property
    def outputs(self) -> Path:
        """The folder of all runs."""
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
        """Write the findings; run by hand, move the folder into place.

        Args:
            answer: the notebook's answer, a sentence or two of Markdown.
            findings: the answer for machines, as JSON can have it.

        Raises:
            BadInput: something that a run promises was not made.
        """
        written = {
            "notebook": self.parameters.notebook,
            "parameters": self.parameters.model_dump(),
            "answer": answer,
            "findings": findings,
        }
        write_json(self.folder / FINDINGS, written)
        write_json(self.folder / FACTS, environment.process())
        if self._own_folder is not None:
            stages = {"by hand": round(time.perf_counter() - self._begin, 2)}
            write_record(self.folder, self.parameters, stages)
            self._own_folder.commit()
            _held.pop(self._own_folder.final).close()
            self.folder = self._own_folder.final


def write_record(folder: Path, parameters: Parameters, stages: dict) -> None:
    """Write `run.json`, last of all: the proof that a run is finished and whole.

    Raises:
        BadInput: something promised is not there, or not whole.
    """
    absent = lacking(folder, parameters.promised)
    if absent:
        raise BadInput(f"run: {folder} lacks {', '.join(absent)}; the notebook must write them")
    _check_whole(folder)
    attempt, facts = (json.loads((folder / name).read_text()) for name in (ATTEMPT, FACTS))
    values = parameters.model_dump()
    (folder / FACTS).unlink()
    record = {
        "id": attempt["id"],
        "notebook": parameters.notebook,
        "run": parameters.run_name,
        "parameters": values,
        "begun": attempt["begun"],
        "environment": {
            **environment.environment(project.ROOT),
            **facts,
            "seed": values.get("seed"),
            "data_sha256": project.data_checksum(),
        },
        "stages": stages,
        "files": {
            str(file.relative_to(folder)): file.stat().st_size
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file.name != ATTEMPT
        },
    }
    write_json(folder / RECORD, record)
    (folder / ATTEMPT).unlink()


def note_attempt(folder: Path, parameters: Parameters) -> None:
    """Write what is attempted, so that an attempt that ends early can be told from others."""
    values = parameters.model_dump()
    digest = environment.source_digest(project.notebook_path(parameters.notebook))
    now = datetime.datetime.now(datetime.UTC)
    attempt = {
        "id": environment.identity(digest, values),
        "notebook": parameters.notebook,
        "run": parameters.run_name,
        "parameters": values,
        "begun": now.isoformat(timespec="seconds"),
        "host": platform.node(),
        "process": os.getpid(),
    }
    write_json(folder / ATTEMPT, attempt)


def _check_whole(folder: Path) -> None:
    """Read what a run has written, as far as its reading tells whether it is whole."""
    json.loads((folder / FINDINGS).read_text())
    for manifest in folder.glob("*/manifest.json"):
        log = ExposureLog.read(manifest.parent)
        if not log.complete or log.manifest["interrupted_by"]:
            raise BadInput(f"run: {manifest.parent} is no complete log; the training was cut short")


def write_json(path: Path, content: dict) -> None:
    """Write a JSON file, whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))
