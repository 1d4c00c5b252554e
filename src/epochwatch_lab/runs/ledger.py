"""What has been run: read from the folders themselves, which alone know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput
from epochwatch_lab.runs.execute import REASON, folder_of
from epochwatch_lab.runs.folder import ATTEMPT, FAILED, REPLACED, RunFolder
from epochwatch_lab.runs.run import ATTEMPT as NOTE
from epochwatch_lab.runs.run import FINDINGS, RECORD
from epochwatch_lab.runs.sweep import Request

KILLED = "was killed before it had finished"


class Entry(NamedTuple):
    """A run, or an attempt at one.

    Attributes:
        id: of what it is made from; None where that cannot be read.
        notebook: its name, without ending.
        run: its name.
        state: "finished", "failed" or "running".
        parameters: all of them.
        folder: where it is.
        record: its run.json, or what was noted when it began.
        reason: why it failed, in one line; None unless it did.
    """

    id: str | None
    notebook: str
    run: str
    state: str
    parameters: dict
    folder: Path
    record: dict
    reason: str | None

    @property
    def seconds(self) -> float | None:
        """How long its notebook took; None unless it is finished."""
        return sum(self.record["stages"].values()) if self.state == "finished" else None


def entries(outputs: Path) -> Iterator[Entry]:
    """List all runs, by notebook and name: finished, failed or being made."""
    for folder in sorted(outputs.glob("*/*")):
        run, _, ending = folder.name.partition(".")
        stage = ending.partition("-")[0]
        is_attempt = stage in (ATTEMPT, FAILED)
        is_run = is_attempt or (stage in ("", REPLACED) and (folder / RECORD).is_file())
        if run and folder.is_dir() and is_run:
            record = read_json(folder / (NOTE if is_attempt else RECORD))
            yield _entry(folder, run, stage, record if _is_whole(record) else None)


def is_finished(folder: Path, run_id: str) -> bool:
    """Say whether a run is there, whole, and made from just this."""
    record = read_json(folder / RECORD)
    return record is not None and record.get("id") == run_id and not damaged(folder, record)


def damaged(folder: Path, record: Mapping) -> list[str]:
    """List the files of a finished run that are not there as they were written.

    Returns:
        Their names, or empty; the record itself where it names none.
    """
    files = record.get("files")
    if not files or not isinstance(files, dict):
        return [RECORD]
    bad = [name for name, size in files.items() if _size(folder / name) != size]
    said = read_json(folder / FINDINGS)
    is_said = said is not None and isinstance(said.get("findings"), dict) and "answer" in said
    return bad if is_said or FINDINGS in bad else [*bad, FINDINGS]


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


def find(outputs: Path, reference: str) -> Entry:
    """Find a run by its folder, its name, `notebook/name` or the beginning of its id.

    Returns:
        The run; where one is finished and a later attempt failed, the finished one.

    Raises:
        BadInput: there is none, or several are called so.
    """
    there = list(entries(outputs))
    found = [entry for entry in there if _is_called(entry, reference)]
    found = [entry for entry in found if entry.state == "finished"] or found
    if len({entry.id for entry in found}) == 1:
        return max(found, key=lambda entry: str(entry.record.get("begun", "")))
    got = f"which {len(found):,} runs are called" if found else "which no run is called"
    raise BadInput(
        f"run: got {reference!r}, {got}, allowed: the beginning of an id, a name or a folder of "
        f"one of {len(there):,} runs; epochwatch runs list shows them"
    )


def said_by(entry: Entry) -> dict:
    """Read what a run has found, `answer` and `findings`; empty where it is not finished."""
    return read_json(entry.folder / FINDINGS) if entry.state == "finished" else {}


def read_json(path: Path) -> dict | None:
    """Read a JSON object; None where there is none, whatever else there is."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _is_whole(record: dict | None) -> bool:
    return (
        record is not None
        and isinstance(record.get("id"), str)
        and isinstance(record.get("parameters"), dict)
        and isinstance(record.get("environment", {}), dict)
        and isinstance(stages := record.get("stages", {}), dict)
        and all(isinstance(seconds, int | float) for seconds in stages.values())
    )


def _entry(folder: Path, run: str, stage: str, record: dict | None) -> Entry:
    state, reason = _state_and_reason(folder, run, stage, record)
    known = record or {}
    described = (known.get("id"), folder.parent.name, run, state, known.get("parameters", {}))
    return Entry(*described, folder, known, reason)


def _state_and_reason(
    folder: Path, run: str, stage: str, record: dict | None
) -> tuple[str, str | None]:
    if stage == ATTEMPT and RunFolder(folder.parents[1], folder.parent.name, run).is_held():
        return "running", None
    if stage in (ATTEMPT, FAILED):
        told = folder / REASON
        text = told.read_text(errors="replace") if told.is_file() else KILLED
        return "failed", text.partition("\n")[0]
    bad = [RECORD] if record is None else damaged(folder, record)
    return ("failed", f"damaged: {', '.join(bad)}; make it again") if bad else ("finished", None)


def _is_called(entry: Entry, reference: str) -> bool:
    names = (entry.run, f"{entry.notebook}/{entry.run}")
    is_id = bool(reference and entry.id) and entry.id.startswith(reference)
    return reference in names or is_id or Path(reference).resolve() == entry.folder.resolve()


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
