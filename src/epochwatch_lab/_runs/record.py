"""`run.json`, written last of all: the proof that a run is finished and whole.

What that means stands here and nowhere else: the run has left what its notebook promises, its
exposure logs are complete, and every file is there as long as it was when it was written.
"""

import datetime
import itertools
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path

from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.log_files import MANIFEST
from epochwatch._exposures.share import WORKERS
from epochwatch._files import read_json, write_json
from epochwatch.errors import BadInput
from epochwatch_lab._runs import environment
from epochwatch_lab._runs.parameters import Parameters
from epochwatch_lab.answers import Answer

RECORD = "run.json"
FINDINGS = "findings.json"
NOTEBOOK = "notebook.ipynb"
ATTEMPT = "attempt.json"  # what is being attempted
FACTS = "facts.json"  # what only the kernel knows, until it is in the record
PROGRESS = "progress.txt"  # what the run is at
REASON = "reason.txt"  # why it failed
KERNEL_LOG = "kernel.log"
POST = "post"  # the folder of its post
PASSING = (ATTEMPT, PROGRESS)  # files that a finished run has no more


def note_attempt(folder: Path, parameters: Parameters, source: Path) -> None:
    """Write what is attempted, so that an attempt that ends early can be told from others."""
    now = datetime.datetime.now(datetime.UTC)
    attempt = {
        "id": environment.run_id(environment.source_digest(source), parameters),
        "notebook": parameters.notebook,
        "run": parameters.run_name,
        "parameters": parameters.model_dump(),
        "begun": now.isoformat(timespec="seconds"),
        "host": platform.node(),
        "process": os.getpid(),
    }
    write_json(folder / ATTEMPT, attempt)


def write_findings(folder: Path, parameters: Parameters, answer: Answer, findings: dict) -> None:
    """Write what a run found, and what its process knows of itself."""
    written = {
        "notebook": parameters.notebook,
        "parameters": parameters.model_dump(),
        "answer": answer.text,
        "short": answer.short,
        "findings": findings,
    }
    write_json(folder / FINDINGS, written)
    write_json(folder / FACTS, environment.process())


def check_whole(folder: Path, parameters: Parameters) -> None:
    """See whether a run has left what its notebook promises.

    Raises:
        BadInput: something is not there, or not whole.
    """
    absent = [name for name in parameters.promised if not _has_content(folder / name)]
    if absent:
        raise BadInput(f"run: {folder} lacks {', '.join(absent)}; the notebook must write them")
    json.loads((folder / FINDINGS).read_text(encoding="utf-8"))
    # Of several workers, what stands beside their logs.
    beside = itertools.chain.from_iterable(folder.glob(f"*/{name}") for name in (MANIFEST, WORKERS))
    for log_folder in sorted({path.parent for path in beside}):
        log = ExposureLog.read(log_folder)
        if not log.complete or log.interrupted_by:
            raise BadInput(
                f"run: the log {log_folder} is cut off, as was the training; run it again"
            )


def write_record(folder: Path, parameters: Parameters, stages: dict[str, float]) -> None:
    """Write the record of a run that has been made.

    Args:
        folder: of the run, with all that belongs to it.
        parameters: what it was given.
        stages: seconds by heading of the notebook.

    Raises:
        BadInput: something promised is not there, or not whole.
    """
    check_whole(folder, parameters)
    attempt, facts = (json.loads((folder / name).read_text()) for name in (ATTEMPT, FACTS))
    (folder / FACTS).unlink()
    values = parameters.model_dump()
    depends_on = {
        **environment.environment(),
        **facts,
        "seed": values.get("seed"),
        "data_sha256": parameters.data_digest(),
    }
    record = {
        "id": attempt["id"],
        "notebook": parameters.notebook,
        "run": parameters.run_name,
        "parameters": values,
        "begun": attempt["begun"],
        "environment": {name: value for name, value in depends_on.items() if value is not None},
        "stages": stages,
        "files": {
            str(file.relative_to(folder)): file.stat().st_size
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file.name not in PASSING
        },
    }
    write_json(folder / RECORD, record)
    for name in PASSING:
        (folder / name).unlink(missing_ok=True)


def read_record(folder: Path, name: str = RECORD) -> dict | None:
    """Read a run's record, or what was noted when it began.

    Returns:
        The record; None where there is none, or not of this form.
    """
    record = read_json(folder / name)
    is_one = (
        record is not None
        and isinstance(record.get("id"), str)
        and isinstance(record.get("parameters"), dict)
        and isinstance(record.get("environment", {}), dict)
        and isinstance(stages := record.get("stages", {}), dict)
        and all(isinstance(seconds, int | float) for seconds in stages.values())
    )
    return record if is_one else None


def damaged_files(folder: Path, record: Mapping | None) -> list[str]:
    """List the files of a finished run that are not there as they were written.

    Returns:
        Their names, or empty; the record itself where there is none, or it names no files.
    """
    files = record.get("files") if record else None
    if not files or not isinstance(files, dict):
        return [RECORD]
    damaged = [name for name, size in files.items() if _size(folder / name) != size]
    written = read_json(folder / FINDINGS)
    is_findings = written is not None and isinstance(written.get("findings"), dict)
    if FINDINGS not in damaged and not (is_findings and "answer" in written):
        damaged.append(FINDINGS)
    return damaged


def is_finished(folder: Path, run_id: str) -> bool:
    """Whether a run is there, whole, and made from just this."""
    record = read_record(folder)
    return record is not None and record["id"] == run_id and not damaged_files(folder, record)


def _has_content(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else bool(_size(path))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
