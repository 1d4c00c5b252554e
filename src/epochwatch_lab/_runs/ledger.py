"""What has been run: read from the folders themselves, which alone know."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from epochwatch._files import read_json
from epochwatch.errors import BadInput
from epochwatch_lab._runs import record as records
from epochwatch_lab._runs.folder import ATTEMPT, FAILED, REPLACED, RunFolder
from epochwatch_lab._runs.record import FINDINGS, RECORD

PARTS = ("parameters", "environment", "findings")
KILLED = "was killed before it finished"


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


class Difference(NamedTuple):
    """One thing in which two runs differ.

    Attributes:
        part: "parameters", "environment" or "findings".
        name: where in it, with dots and list positions: `epochs.0.coverage.majority`.
        first: of the first run; None where it has none.
        second: of the second run.
    """

    part: str
    name: str
    first: object
    second: object


def entries(outputs: Path) -> Iterator[Entry]:
    """List all runs, by notebook and name: finished, failed or being made."""
    for folder in sorted(outputs.glob("*/*")):
        run, _, ending = folder.name.partition(".")
        stage = ending.partition("-")[0]
        is_attempt = stage in (ATTEMPT, FAILED)
        is_run = is_attempt or (stage in ("", REPLACED) and (folder / RECORD).is_file())
        if run and folder.is_dir() and is_run:
            record = records.read_record(folder, records.ATTEMPT if is_attempt else RECORD)
            yield _entry(folder, run, stage, record)


def find(outputs: Path, reference: str) -> Entry:
    """Find a run by its folder, its name, `notebook/name` or the beginning of its id.

    Returns:
        The run; where one is finished and a later attempt failed, the finished one.

    Raises:
        BadInput: there is none, or several are called so.
    """
    there = list(entries(outputs))
    if not there:
        raise BadInput(
            f"run: got {reference!r}, but there is no run in {outputs}; "
            "epochwatch run 01_does_fit_resume makes one"
        )
    found = [entry for entry in there if _is_called(entry, reference)]
    found = [entry for entry in found if entry.state == "finished"] or found
    if len({entry.id for entry in found}) == 1:
        return max(found, key=lambda entry: str(entry.record.get("begun", "")))
    got = f"which fits {len(found):,} runs" if found else "which fits no run"
    raise BadInput(
        f"run: got {reference!r}, {got}, allowed: the beginning of a run's id, its name or its "
        "folder; epochwatch runs list shows them all"
    )


def findings_of(entry: Entry) -> dict:
    """Read what a run has found, `answer` and `findings`; empty where it is not finished."""
    return read_json(entry.folder / FINDINGS) if entry.state == "finished" else {}


def differences(first: Entry, second: Entry) -> list[Difference]:
    """Compare two runs.

    Returns:
        Everything in which they differ, numbers to the last digit; empty where they are equal.
    """
    return [
        Difference(part, name, values.get(name), others.get(name))
        for part in PARTS
        for values, others in [
            (dict(flattened(_part(first, part))), dict(flattened(_part(second, part))))
        ]
        for name in dict.fromkeys([*values, *others])
        if values.get(name) != others.get(name)
    ]


def _part(entry: Entry, part: str) -> Mapping:
    if part == "findings":
        return findings_of(entry).get("findings", {})
    content = dict(entry.record.get(part, {}))
    content.pop("run_name", None)
    return content


def flattened(content, path: str = "") -> Iterator[tuple[str, object]]:
    """Flatten nested values.

    Yields:
        A name with dots, and the value.

    Example:
        >>> list(flattened({"a": {"b": 1}, "c": [{"d": 2}, {"d": [3, 4]}]}))
        [('a.b', 1), ('c.0.d', 2), ('c.1.d', [3, 4])]
    """
    if isinstance(content, Mapping):
        items = content.items()
    elif isinstance(content, list) and any(isinstance(item, Mapping | list) for item in content):
        items = enumerate(content)
    else:
        yield path, content
        return
    for name, value in items:
        yield from flattened(value, f"{path}.{name}" if path else str(name))


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
        reason = folder / records.REASON
        text = reason.read_text(errors="replace") if reason.is_file() else KILLED
        return "failed", text.partition("\n")[0]
    bad = records.damaged_files(folder, record)
    return ("failed", f"damaged: {', '.join(bad)}; make it again") if bad else ("finished", None)


def _is_called(entry: Entry, reference: str) -> bool:
    names = (entry.run, f"{entry.notebook}/{entry.run}")
    is_id = bool(reference and entry.id) and entry.id.startswith(reference)
    return reference in names or is_id or Path(reference).resolve() == entry.folder.resolve()
