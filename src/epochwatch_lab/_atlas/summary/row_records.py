"""The rows of the atlas as a run's findings hold them, and all of them as a file."""

import csv
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path

from epochwatch._auditing.request import LOSES
from epochwatch_lab._atlas.cells import call_as_json
from epochwatch_lab._atlas.rows import AtlasRow
from epochwatch_lab._atlas.summary.row_counts import changes, counts, environments, feeds


def records(rows: Iterable[AtlasRow]) -> list[dict]:
    """Write rows with what was expected of them and what came of them."""
    return [
        {
            "feed": row.feed,
            "fits": row.call.fits,
            "expected": row.expected,
            "rule": row.rule,
            "agrees": row.agrees,
            "verdict": row.outcome,
            "loses": LOSES in row.findings,
            "lost": row.lost,
            "reachable": row.reachable,
            "steps": list(row.steps),
            "certain": row.is_certain,
        }
        for row in rows
    ]


def environment_records(rows: Sequence[AtlasRow]) -> list[dict]:
    """Count the cells of each environment, and those in which something happens to the data."""
    return [
        {"keras": keras, "backend": backend}
        | counts([row for row in rows if (row.keras, row.backend) == (keras, backend)])
        for keras, backend in environments(rows)
    ]


def change_records(rows: Iterable[AtlasRow]) -> list[dict]:
    """List what depends on the version of Keras, what concerns most cells first."""
    return [
        {"backend": backend, "outcomes": dict(turns), "cells": len(group), "feeds": feeds(group)}
        for backend, turns, group in sorted(changes(rows), key=lambda change: -len(change[2]))
    ]


def disagreement_records(rows: Iterable[AtlasRow]) -> list[dict]:
    """List the cells in which something else was observed than expected, grouped by the rule."""
    groups: dict[tuple, list[AtlasRow]] = {}
    for row in rows:
        if row.agrees is False:
            groups.setdefault((row.rule, row.expected, row.outcome), []).append(row)
    return [
        {
            "rule": rule,
            "expected": expected,
            "observed": observed,
            "cells": len(group),
            "feeds": feeds(group),
            "explained by": sorted({row.finding for row in group if row.finding}),
        }
        for (rule, expected, observed), group in groups.items()
    ]


def write_csv(rows: Sequence[AtlasRow], file: Path) -> None:
    """Write all cells, a line each, without what was trained."""
    left_out = {"trained", "call"}
    names = [field.name for field in dataclasses.fields(AtlasRow) if field.name not in left_out]
    lines = [
        call_as_json(row.call) | {name: _as_text(getattr(row, name)) for name in names}
        for row in rows
    ]
    with file.open("w", newline="") as out:
        # csv's own ending is that of Windows, and would differ from all other files here.
        writer = csv.DictWriter(out, lines[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def _as_text(value):
    return "; ".join(map(str, value)) if isinstance(value, tuple) else value
