"""What has been run: read from the folders themselves, which alone know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput
from epochwatch.runs.execute import REASON, folder_of
from epochwatch.runs.folder import ATTEMPT, FAILED, REPLACED, RunFolder
from epochwatch.runs.run import ATTEMPT as NOTE
from epochwatch.runs.run import RECORD
from epochwatch.runs.sweep import Request

KILLED = "was killed before it had finished"


class Entry(NamedTuple):
    """A run, or an attempt at one.

    Attributes:
        id: of what it is made from; None where not even that was written.
        notebook: its name, without ending.
        run: its name.
        state: "finished", "failed" or "running".
        parameters: all of them.
        folder: where it is.
        record: its run.json, or what was noted when it began.
    """

    id: str | None
    notebook: str
    run: str
    state: str
    parameters: dict
    folder: Path
    record: dict

    @property
    def seconds(self) -> float | None:
        """How long its notebook took; None unless it is finished."""
        return sum(self.record["stages"].values()) if self.state == "finished" else None

    @property
    def reason(self) -> str | None:
        """Why it failed, in one line; None unless it did."""
        if self.state != "failed":
            return None
        told = self.folder / REASON
        return told.read_text().partition("\n")[0] if told.is_file() else KILLED


def entries(outputs: Path) -> Iterator[Entry]:
    """List all runs, by notebook and name.

    Yields:
        Each run that is finished, failed or being made.
    """
    for folder in sorted(outputs.glob("*/*")):
        run, _, ending = folder.name.partition(".")
        stage = ending.partition("-")[0]
        if not folder.is_dir() or not run or stage not in ("", ATTEMPT, FAILED, REPLACED):
            continue
        record = _json(folder / (NOTE if stage in (ATTEMPT, FAILED) else RECORD))
        if record is not None:
            yield _entry(folder, record, _state(outputs, folder, run, stage))


def is_finished(folder: Path, run_id: str) -> bool:
    """Say whether a run is there, whole, and made from just this.

    Returns:
        Whether its record has this id and each file that it names has the size that it says.
    """
    record = _json(folder / RECORD)
    return record is not None and record.get("id") == run_id and not damaged(folder, record)


def needed(requests: Sequence[Request], outputs: Path) -> list[Request]:
    """List the runs that are not finished yet.

    Returns:
        Those that are not there, or not whole.
    """
    return [
        request
        for request in requests
        if not is_finished(folder_of(request.parameters, outputs).final, request.id)
    ]


def damaged(folder: Path, record: Mapping) -> list[str]:
    """List the files of a finished run that are not there as they were written.

    Returns:
        Their names, or empty; the record itself where it names none.
    """
    files = record.get("files")
    if not files or not isinstance(files, dict):
        return [RECORD]
    return [name for name, size in files.items() if _size(folder / name) != size]


def find(outputs: Path, reference: str) -> Entry:
    """Find a run by its folder, its name, `notebook/name` or the beginning of its id.

    Returns:
        The run; where one is finished and a later attempt failed, the finished one.

    Raises:
        BadInput: there is none, or several are called so.
    """
    there = list(entries(outputs))
    found = [entry for entry in there if _is_called(entry, reference)]
    finished = [entry for entry in found if entry.state == "finished"]
    found = finished or found
    if len(found) == 1:
        return found[0]
    got = f"which {len(found):,} runs are called" if found else "which no run is called"
    raise BadInput(
        f"run: got {reference!r}, {got}, allowed: the beginning of an id, a name or a folder of "
        f"one of {len(there):,} runs; epochwatch runs list shows them"
    )


def findings_of(entry: Entry) -> dict:
    """Read what a run has found.

    Returns:
        The findings; empty where it is not finished.

    Raises:
        BadInput: the file of its findings is damaged.
    """
    if entry.state != "finished":
        return {}
    path = entry.folder / "findings.json"
    content = _json(path)
    if content is None or not isinstance(content.get("findings"), dict):
        raise BadInput(f"{path}: is damaged or missing; make the run again")
    return content["findings"]


def _entry(folder: Path, record: dict, state: str) -> Entry:
    described = (record.get(key) for key in ("id", "notebook", "run"))
    return Entry(*described, state, record.get("parameters", {}), folder, record)


def _state(outputs: Path, folder: Path, run: str, stage: str) -> str:
    if stage == ATTEMPT:
        is_held = RunFolder(outputs, folder.parent.name, run).is_held()
        return "running" if is_held else "failed"
    return "failed" if stage == FAILED else "finished"


def _is_called(entry: Entry, reference: str) -> bool:
    names = (entry.run, f"{entry.notebook}/{entry.run}")
    is_id = len(reference) >= 4 and str(entry.id).startswith(reference)
    return reference in names or is_id or Path(reference).resolve() == entry.folder.resolve()


def _json(path: Path) -> dict | None:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
