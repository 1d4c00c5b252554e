"""The cells for a browser: a table of columns, each value written once.

The cells of an atlas differ in few ways: of 8,000 there are some hundred orders of batches, and a
dozen rules. So a cell is a row of numbers, each the rank of a value in its column.
"""

import json
from typing import Any

from epochwatch_lab._site.cells import File

FIRST_LINE = 4  # of a file of the atlas that has a cell
ABSENT = -1


def record(cell: dict, found: dict[str, Any]) -> dict[str, Any]:
    """Make one flat record of a cell; what was observed is told part by part.

    Example:
        >>> record({"fits": 1, "observed": {"verdict": "skips"}}, {"name": "x"})
        {'name': 'x', 'cell.fits': 1, 'cell.observed.verdict': 'skips'}
    """
    told = dict(found)
    for key, value in cell.items():
        if key == "observed" and value:
            told |= {f"cell.observed.{part}": of for part, of in value.items()}
        else:
            told[f"cell.{key}"] = value
    return told


def columns_of(files: list[File]) -> dict[str, list]:
    """Pack all cells.

    Returns:
        `columns`, pairs of a name and its values, and `cells`, of each the ranks of its values,
        `ABSENT` where it has none; a list may be shorter than there are columns.
    """
    columns: dict[str, dict[str, int]] = {}
    cells = []
    for number, file in enumerate(files):
        for line, (cell, found) in enumerate(zip(file.cells, file.found, strict=True), FIRST_LINE):
            told = {"file": number, "line": line} | record(cell, found)
            for key in told:
                columns.setdefault(key, {})
            cells.append(_ranks(columns, told))
    named = [[key, list(map(json.loads, values))] for key, values in columns.items()]
    return {"columns": named, "cells": cells}


def _ranks(columns: dict[str, dict[str, int]], told: dict[str, Any]) -> list[int]:
    written = {key: json.dumps(value) for key, value in told.items()}
    return [
        values.setdefault(written[key], len(values)) if key in written else ABSENT
        for key, values in columns.items()
    ]
