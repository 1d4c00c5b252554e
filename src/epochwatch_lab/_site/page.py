"""The first page: every cell of the atlas in it, and the script that searches them."""

import collections
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import epochwatch
from epochwatch._auditing.rules import RULES
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS
from epochwatch_lab._inline import hash_of, packed_text, templates_in
from epochwatch_lab._site.cells import MEANINGS, AtlasFile
from epochwatch_lab._site.columns import packed_columns
from epochwatch_lab._site.guide import GuidePage
from epochwatch_lab._site.notebooks import RenderedNotebook
from epochwatch_lab._site.reproductions import Reproduction

WHITE, BLACK = "#ffffff", "#000000"
TEMPLATES = Path(__file__).with_name("templates")
MIDDLE = 0.18  # relative luminance from which black stands out more than white
PALETTE = "cividis"  # its light is even, and read alike by the colour-blind
TOGGLES = {
    "loses": "Rows lost",
    "unsound": "Any finding",
    "disagrees": "Expected ≠ observed",
    "differs": "Runs differed",
}
STEP_CHOICES = {
    None: "not given: a pass an epoch",
    3: "3: does not divide a pass",
    BATCHES // 2: f"{BATCHES // 2}: half a pass",
    BATCHES: f"{BATCHES}: a pass",
    BATCHES + BATCHES // 2: f"{BATCHES + BATCHES // 2}: a pass and a half",
}


class Choice(NamedTuple):
    """One option of a filter.

    Attributes:
        value: as in the page's address.
        text: for the reader.
        group: what it is listed under; "" for nothing.
    """

    value: str
    text: str
    group: str = ""


class Filter(NamedTuple):
    """One of the page's filters.

    Attributes:
        name: as in the page's address.
        label: for the reader.
        choices: what can be chosen beside "any".
    """

    name: str
    label: str
    choices: list[Choice]


def index_page(
    files: list[AtlasFile],
    guide: list[GuidePage],
    notebooks: list[RenderedNotebook],
    reproductions: list[Reproduction],
) -> str:
    """Make the page.

    Args:
        files: of the atlas, in the order of the page.
        guide: its pages, in their order.
        notebooks: in reading order.
        reproductions: in the order of the page.

    Returns:
        HTML that needs no other file to be searched.
    """
    script = (TEMPLATES / "atlas.js").read_text()
    totals = sum((verdict_counts(file) for file in files), collections.Counter())
    return filled_template(
        "index.html.j2",
        script=script,
        hashes=[hash_of(script)],
        data=packed_text(
            json.dumps(script_data(files, reproductions), separators=(",", ":")).encode()
        ),
        filters=all_filters(files, reproductions),
        toggles=TOGGLES,
        meanings={name: text for name, text in MEANINGS.items() if totals[name]},
        totals=totals,
        summary=[(file, verdict_counts(file)) for file in files],
        headline=headline(files),
        guide=guide,
        notebooks=notebooks,
        reproductions=reproductions,
    )


def filled_template(name: str, **values) -> str:
    style = (TEMPLATES / "site.css").read_text()
    template = templates_in(TEMPLATES).get_template(name)
    return template.render(style=style, version=epochwatch.__version__, **values)


def script_data(files: list[AtlasFile], reproductions: list[Reproduction]) -> dict[str, Any]:
    return packed_columns(files) | {
        "files": [
            {"name": file.name, "keras": file.keras, "environment": file.environment}
            for file in files
        ],
        "rules": {rule.name: [rule.why, rule.source] for rule in RULES.values()},
        "verdicts": list(MEANINGS),
        "colours": row_colours(BATCHES * ROWS),
        "rows": ROWS,
        "reproductions": {one.name: one.title for one in reproductions},
    }


def row_colours(count: int) -> list[list[str]]:
    """Choose a colour for each row of a toy feed, from dark to light, and one to write on it.

    Example:
        >>> row_colours(2)
        [['#00224e', '#ffffff'], ['#fee838', '#000000']]
    """
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    shades = colormaps[PALETTE].resampled(count)(range(count))
    return [
        [to_hex(shade), WHITE if _relative_luminance(shade) < MIDDLE else BLACK] for shade in shades
    ]


def _relative_luminance(shade) -> float:
    # Relative luminance of sRGB, as WCAG defines contrast by it.
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shade[:3]]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


def verdict_counts(file: AtlasFile) -> collections.Counter:
    return collections.Counter(facts["verdict"] for facts in file.facts)


def headline(files: list[AtlasFile]) -> dict[str, int]:
    """Count what the page begins with."""
    cells = [facts for file in files for facts in file.facts]
    return {
        "cells": len(cells),
        "versions": len({file.keras for file in files}),
        "backends": len({file.environment["backend"] for file in files}),
        "losing": sum(cell["loses"] for cell in cells),
        "silent": sum(cell["loses"] and not cell["warned"] for cell in cells),
        "disagree": sum(cell["disagrees"] for cell in cells),
    }


def all_filters(files: list[AtlasFile], reproductions: list[Reproduction]) -> list[Filter]:
    """List the filters, each with the values that occur."""
    cells = [
        cell | facts for file in files for cell, facts in zip(file.cells, file.facts, strict=True)
    ]
    feeds = dict.fromkeys((cell["feed"], cell["feed_name"]) for cell in cells)
    verdicts = {cell["verdict"] for cell in cells}
    steps = {cell["steps_per_epoch"] for cell in cells}
    step_choices = [
        Choice(address_value(value), text) for value, text in STEP_CHOICES.items() if value in steps
    ]
    filters = [
        Filter("feed", "Feed", list(_feed_choices(feeds))),
        Filter("backend", "Backend", _plain_choices(f.environment["backend"] for f in files)),
        Filter("keras", "Keras version", _plain_choices(file.keras for file in files)),
        Filter("verdict", "Verdict", _plain_choices(name for name in MEANINGS if name in verdicts)),
        Filter("steps_per_epoch", "steps_per_epoch", step_choices),
        _number_filter("steps_per_execution", "steps_per_execution", cells),
        _number_filter("fits", "Calls of fit", cells),
        Filter("validation", "Validation data", _plain_choices(["yes", "no"])),
        Filter("finding", "Finding", list(_finding_choices(cells, reproductions))),
    ]
    return [each for each in filters if each.choices]


def address_value(value) -> str:
    """Write a value as the page's address has it; the script does likewise."""
    if value is None:
        return "none"
    return {"True": "yes", "False": "no"}.get(str(value), str(value))


def _plain_choices(values: Iterable) -> list[Choice]:
    return [Choice(str(value), str(value)) for value in dict.fromkeys(values)]


def _number_filter(field: str, label: str, cells: list[dict]) -> Filter:
    return Filter(field, label, _plain_choices(sorted({cell[field] for cell in cells})))


def _finding_choices(cells: list[dict], reproductions: list[Reproduction]) -> Iterable[Choice]:
    named = {cell.get("finding") for cell in cells} - {None}
    if named:
        yield Choice("some", "has one")
    yield from (Choice(one.name, one.title) for one in reproductions if one.name in named)


def _feed_choices(feeds: Iterable[tuple[str, str]]) -> Iterable[Choice]:
    by_kind = collections.defaultdict(list)
    for kind, name in feeds:
        by_kind[kind].append(name)
    for kind, names in by_kind.items():
        if len(names) > 1:
            yield Choice(kind, f"{kind}: any", kind)
        yield from (Choice(name, name, kind) for name in names)
