"""The rows of the atlas as tables, and all of them as a file."""

import csv
import dataclasses
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from epochwatch._auditing.request import ALIKE
from epochwatch_lab._atlas.cells import call_as_json
from epochwatch_lab._atlas.rows import AtlasRow
from epochwatch_lab._atlas.summary.row_counts import changes, counts, environments, feeds
from epochwatch_lab.tables import markdown_table

NO_RUN = "–"


def cell_table(rows: Iterable[AtlasRow]) -> str:
    """Write rows with all that is known of them."""
    header = (
        "feed",
        "fits",
        "expected",
        "by the rule",
        "observed",
        "lost",
        "passed over",
        "steps run",
        "warnings",
    )
    return markdown_table(header, [line_of(row) for row in rows])


def line_of(row: AtlasRow) -> list:
    observed = row.outcome or NO_RUN
    if row.agrees is False:
        observed = f"**{observed}**"
    if ALIKE in row.findings:
        observed += f", {ALIKE}"
    if row.differing:
        observed += f" ({row.differing} of {row.runs} runs differ)"
    expected = row.expected or ("depends on timing" if row.rule else NO_RUN)
    lost = NO_RUN if row.lost is None else f"{row.lost} of {row.reachable}"
    passed_over = NO_RUN if row.passed_over is None else str(row.passed_over)
    steps = steps_in_turn(row.steps)
    warnings = ", ".join(row.warnings) or NO_RUN
    rule = row.rule or NO_RUN
    return [
        f"`{row.feed}`",
        row.call.fits,
        expected,
        rule,
        observed,
        lost,
        passed_over,
        steps,
        warnings,
    ]


def steps_in_turn(steps: Iterable[int]) -> str:
    """Write steps in turn: "3 × 3, 1, 3".

    Example:
        >>> steps_in_turn([3, 3, 3, 1, 3])
        '3 × 3, 1, 3'
    """
    groups = [(count, len(list(group))) for count, group in itertools.groupby(steps)]
    return ", ".join(f"{count} × {times}" if times > 1 else f"{count}" for count, times in groups)


def changes_table(rows: Iterable[AtlasRow]) -> str:
    """Write what depends on the version, a line to a backend and a change."""
    lines = [
        [
            backend,
            " → ".join(f"{version}: {word}" for version, word in turns),
            len(group),
            shortened(f"`{feed}`" for feed in feeds(group)),
        ]
        for backend, turns, group in sorted(changes(rows), key=lambda one: (one[0], -len(one[2])))
    ]
    return markdown_table(["backend", "from Keras … on", "cells", "feeds"], lines)


def disagreements_table(rows: Iterable[AtlasRow]) -> str:
    """Write where something else was observed than expected, grouped by the rule."""
    groups: dict[tuple, list[AtlasRow]] = {}
    for row in rows:
        if row.agrees is False:
            key = (row.rule, row.expected or "none", row.outcome or "none")
            groups.setdefault(key, []).append(row)
    lines = [
        [*key, len(group), shortened(f"`{feed}`" for feed in feeds(group)), named_findings(group)]
        for key, group in sorted(groups.items(), key=lambda one: -len(one[1]))
    ]
    header = ["rule", "expected", "observed", "cells", "feeds", "explained by"]
    return markdown_table(header, lines)


def named_findings(group: Iterable[AtlasRow]) -> str:
    """Name the reproductions that cells stand for."""
    return shortened(dict.fromkeys(row.finding for row in group if row.finding)) or NO_RUN


def shortened(words: Iterable[str], most: int = 6) -> str:
    """List words, of many the first."""
    words = list(words)
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def environments_table(rows: Sequence[AtlasRow]) -> str:
    lines = []
    for keras, backend in environments(rows):
        counted = counts([row for row in rows if (row.keras, row.backend) == (keras, backend)])
        lines.append(
            [
                keras,
                backend,
                *(
                    counted[name]
                    for name in (
                        "feeds",
                        "cells",
                        "lose",
                        "run dry",
                        "fail",
                        "differ",
                    )
                ),
            ]
        )
    header = [
        "Keras",
        "on",
        "feeds",
        "cells",
        "rows lost",
        "run dry",
        "fail",
        "differ by run",
    ]
    return markdown_table(header, lines)


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
