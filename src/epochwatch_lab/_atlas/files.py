"""The files of the atlas: the evidence, one for each Keras on each backend."""

import json
from collections.abc import Iterator
from pathlib import Path

from epochwatch._files import write_whole
from epochwatch.errors import BadInput

SCHEMA = 2


def write_atlas(file: Path, environment: dict, cells: list[dict]) -> None:
    """Write one file whole or not at all: the environment, and a line for each cell."""
    lines = ",\n".join(" " + json.dumps(cell, separators=(",", ":")) for cell in cells)
    about = json.dumps(environment)
    text = f'{{"schema": {SCHEMA},\n"environment": {about},\n"cells": [\n{lines}\n]}}\n'
    write_whole(file, lambda opened: opened.write(text.encode()))


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
    for file in files:
        try:
            read = json.loads(file.read_text())
            yield {"environment": read["environment"], "cells": read["cells"]}
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"{file}: is damaged; `make atlas` makes it again") from None


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
