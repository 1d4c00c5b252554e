"""The cells for a browser: a table of columns, each value written once.

The cells of an atlas differ in few ways: of 8,000 there are some hundred orders of batches, and a
dozen rules. So a cell is a row of numbers, each the rank of a value in its column.
"""

import json
from typing import Any

from epochwatch_lab._site.cells import AtlasFile

FIRST_LINE = 4  # of a file of the atlas that has a cell
ABSENT = -1


def flat_record(cell: dict, facts: dict[str, Any]) -> dict[str, Any]:
    """Make one flat record of a cell; what was observed has a key for each part.

    Example:
        >>> flat_record({"fits": 1, "observed": {"verdict": "skips"}}, {"name": "x"})
        {'name': 'x', 'cell.fits': 1, 'cell.observed.verdict': 'skips'}
    """
    record = dict(facts)
    for key, value in cell.items():
        if key == "observed" and value:
            record |= {f"cell.observed.{part}": content for part, content in value.items()}
        else:
            record[f"cell.{key}"] = value
    return record


def packed_columns(files: list[AtlasFile]) -> dict[str, list]:
    """Pack all cells.

    Returns:
        `columns`, pairs of a name and its values, and `cells`, of each the ranks of its values,
        `ABSENT` where it has none; a list may be shorter than there are columns.
    """
    columns: dict[str, dict[str, int]] = {}
    cells = []
    for number, file in enumerate(files):
        pairs = zip(file.cells, file.facts, strict=True)
        for line, (cell, facts) in enumerate(pairs, FIRST_LINE):
            record = {"file": number, "line": line} | flat_record(cell, facts)
            for key in record:
                columns.setdefault(key, {})
            cells.append(_value_ranks(columns, record))
    named = [[key, list(map(json.loads, values))] for key, values in columns.items()]
    return {"columns": named, "cells": cells}


def _value_ranks(columns: dict[str, dict[str, int]], record: dict[str, Any]) -> list[int]:
    written = {key: json.dumps(value) for key, value in record.items()}
    return [
        values.setdefault(written[key], len(values)) if key in written else ABSENT
        for key, values in columns.items()
    ]
