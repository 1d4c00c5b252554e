"""What a folder holds that can be reported: a finished run, a sweep, or a log alone."""

from pathlib import Path
from typing import NamedTuple

from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.log_files import holds_log
from epochwatch._exposures.share import holds_workers
from epochwatch._files import read_json
from epochwatch.errors import BadInput
from epochwatch_lab._runs.record import FINDINGS, RECORD

NOTEBOOK, LOG = "notebook.ipynb", "exposures"


class Subject(NamedTuple):
    """What is reported.

    Attributes:
        kind: `run`, `sweep` or `exposure log`.
        name: of the notebook and the run; empty of a log alone.
        title: of the notebook, the sweep or the log.
        answer: the notebook's answer, Markdown.
        findings: as findings.json has them.
        parameters: by name.
        environment: what the numbers depend on besides.
        log: what was trained; None of a sweep.
        notebook: of a run, the name of its notebook.
    """

    kind: str
    name: str
    title: str
    answer: str = ""
    findings: dict = {}  # noqa: RUF012 - a tuple's default, never changed
    parameters: dict = {}  # noqa: RUF012
    environment: dict = {}  # noqa: RUF012
    log: ExposureLog | None = None
    notebook: str = ""

    @classmethod
    def from_folder(cls, folder: Path) -> "Subject":
        """Recognise a folder, or refuse it in one line."""
        written = _read_object(folder / FINDINGS) if (folder / FINDINGS).is_file() else {}
        # The summary of a sweep is a run too, but trains nothing.
        if "sweep" in object_at(written, "findings"):
            return _sweep(written)
        if (folder / RECORD).is_file():
            return _run(folder, written)
        if holds_log(folder) or holds_workers(folder):
            return _log(folder)
        is_there = "is a file" if folder.is_file() else "holds nothing to report"
        got = is_there if folder.exists() else "does not exist"
        raise BadInput(
            f"report: {folder} {got}, allowed: a finished run (outputs/<notebook>/<run>), a "
            "sweep (outputs/sweeps/<name>) or the folder of an exposure log; make one with "
            "`epochwatch run`, `epochwatch sweep` or `watch(model, log=…)`"
        )


def _run(folder: Path, written: dict) -> Subject:
    record = _read_object(folder / RECORD)
    notebook = _read_object(folder / NOTEBOOK) if (folder / NOTEBOOK).is_file() else {}
    post = object_at(object_at(notebook, "metadata"), "epochwatch")
    return Subject(
        "run",
        f"{record.get('notebook', '')}, run {record.get('run', folder.name)}",
        str(post.get("title") or record.get("notebook") or folder.name),
        str(written.get("answer", "")),
        object_at(written, "findings"),
        object_at(record, "parameters"),
        object_at(record, "environment"),
        _not_empty(ExposureLog.read(folder / LOG)),
        str(record.get("notebook", "")),
    )


def _sweep(written: dict) -> Subject:
    findings = object_at(written, "findings")
    name, notebook = str(findings["sweep"]), str(findings.get("notebook", ""))
    runs = findings.get("runs")
    if not isinstance(runs, list) or not runs or not all(isinstance(run, dict) for run in runs):
        raise BadInput(
            f"report: the sweep {name!r} has no list of runs in its {FINDINGS}; make it again with "
            "`epochwatch sweep`"
        )
    return Subject("sweep", notebook, f"Sweep {name}", str(written.get("answer", "")), findings)


def _log(folder: Path) -> Subject:
    log = _not_empty(ExposureLog.read(folder))
    environment = {name: value for name, value in log.metadata.items() if name != "parameters"}
    return Subject(
        "exposure log",
        name="",
        title=folder.resolve().name,
        parameters=object_at(log.metadata, "parameters"),
        environment=environment,
        log=log,
    )


def _not_empty(log: ExposureLog) -> ExposureLog:
    if not len(log):
        raise BadInput(f"report: {log.folder} has no exposures, allowed: one or more; train first")
    return log


def _read_object(path: Path) -> dict:
    content = read_json(path)
    if content is None:
        raise BadInput(f"report: {path} is damaged: it is not a JSON object; make the run again")
    return content


def object_at(content: dict, key: str) -> dict:
    """Look up an object in an object; an empty one where there is none."""
    value = content.get(key)
    return value if isinstance(value, dict) else {}
