"""The files of the atlas: the evidence, one for each Keras on each backend.

A cell is a line. What it does not name is as in the file's `defaults`; a warning is its place in
the file's `warnings`; what it trained is text (see `batches_text`), by fit and epoch; and a
boundary's verdict stands after its fit and epoch, as `"1.2": "resumes"`.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.batches_text import batches_of, text_of

SCHEMA = 3
DEFAULTS: dict[str, Any] = {
    "steps_per_execution": 1,
    "fits": 1,
    "validation": False,
    "seeded": None,
    "act": "fit",
    "how": {},
    "warnings": [],
    "raised": None,
    "runs": 1,
    "others": [],
    "finding": None,
}
LONGEST_WARNING = 200  # characters
# What holds batches: of a training by fit and epoch, of an act by epoch or call.
BY_FIT, BY_EPOCH = ("trained",), ("validated", "tested", "predicted", "undone", "drawn")


def write_atlas(file: Path, environment: dict, cells: list[dict]) -> None:
    """Write one file whole or not at all: the environment, and a line for each cell."""
    cells = [DEFAULTS | cell for cell in cells]
    warnings = sorted({text for cell in cells for text in cell["warnings"]})
    head = {"environment": environment, "defaults": DEFAULTS, "warnings": warnings}
    lines = ",\n".join(" " + as_line(short_cell(cell, warnings)) for cell in cells)
    fields = "".join(f'"{name}": {json.dumps(value)},\n' for name, value in head.items())
    text = f'{{"schema": {SCHEMA},\n{fields}"cells": [\n{lines}\n]}}\n'
    write_whole(file, lambda opened: opened.write(text.encode()))


def as_line(cell: dict) -> str:
    return json.dumps(cell, separators=(",", ":"))


def short_cell(cell: dict, warnings: list[str]) -> dict:
    """Write a cell as its line has it."""
    short = in_batches(cell, text_of)
    short["warnings"] = [warnings.index(text) for text in cell["warnings"]]
    short["others"] = [in_batches(other, text_of) for other in cell["others"]]
    if cell["observed"]:
        short["observed"] = cell["observed"] | {"boundaries": by_epoch(cell["observed"])}
    return {key: value for key, value in short.items() if value != DEFAULTS.get(key, ...)}


def whole_cell(cell: dict, file: dict) -> dict:
    """Read a cell from its line."""
    whole = in_batches(file["defaults"] | cell, batches_of)
    whole["warnings"] = [file["warnings"][place] for place in whole["warnings"]]
    whole["others"] = [in_batches(other, batches_of) for other in whole["others"]]
    if whole["observed"]:
        whole["observed"] |= {"boundaries": [*boundaries_of(whole["observed"]["boundaries"])]}
    return whole


def by_epoch(observed: dict) -> dict[str, str]:
    """Write boundaries by the fit and epoch that they follow."""
    return {
        "{fit}.{epoch}".format(**boundary["after"]): boundary["verdict"]
        for boundary in observed["boundaries"]
    }


def boundaries_of(verdicts: dict[str, str]) -> Iterator[dict]:
    """Read boundaries that `by_epoch` has written."""
    for place, verdict in verdicts.items():
        fit, epoch = map(int, place.split("."))
        yield {"after": {"fit": fit, "epoch": epoch}, "verdict": verdict}


def in_batches(cell: dict, change: Callable) -> dict:
    """Change the batches of all epochs of a cell, or of another of its outcomes."""
    changed = dict(cell)
    for name in BY_FIT:
        if name in cell:
            changed[name] = [[change(epoch) for epoch in fit] for fit in cell[name]]
    for name in BY_EPOCH:
        if name in cell:
            changed[name] = [change(epoch) for epoch in cell[name]]
    return changed


def read_file(file: Path) -> dict:
    """Read one file of the atlas: its `environment` and its `cells`, whole.

    Raises:
        BadInput: it is damaged.
    """
    try:
        read = json.loads(file.read_text())
        cells = [whole_cell(cell, read) for cell in read["cells"]]
        return {"environment": read["environment"], "cells": cells}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise BadInput(f"{file}: is damaged; `make atlas` makes it again") from None


def read_atlas(folder: Path) -> Iterator[dict]:
    """Read all files of the atlas, in the order of their names.

    Args:
        folder: of the files.

    Returns:
        Of each file its `environment` and its `cells`.

    Raises:
        BadInput: there is none, or one is damaged.
    """
    files = sorted(folder.glob("*.json"))
    if not files:
        raise BadInput(f"{folder}: holds no file of the atlas; `make atlas` makes them")
    yield from map(read_file, files)


def known_as(environment: dict) -> str:
    """Name a release as the reproductions do: what a user would say is installed.

    Example:
        >>> known_as({"package": "keras", "keras": "3.15.1"})
        'keras-3.15'
        >>> known_as({"package": "keras", "keras": "2.13.1"})
        'tf-2.13'
    """
    if environment["package"] == "tf_keras":
        return "tf_keras"
    major, minor, *_ = environment["keras"].split(".")
    return f"{'tf' if major == '2' else 'keras'}-{major}.{minor}"
