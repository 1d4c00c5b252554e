"""The atlas' own page: the choices that lead to a cell, what holds for each feed, and all cells."""

import collections
import gzip
import json
from pathlib import Path
from typing import Any

import epochwatch
from epochwatch._auditing.rules import RULES
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.places import BACKEND_WORDS
from epochwatch_lab._atlas.reproductions import Reproduction, read_reproductions
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS
from epochwatch_lab._inline import packed_text, templates_in
from epochwatch_lab._site.cells import PageCell, read_cells
from epochwatch_lab._site.columns import packed_cells, pick_axes
from epochwatch_lab._site.guarantee_rows import guarantee_rows
from epochwatch_lab._site.synonyms import OFTEN_SEARCHED, STOP_WORDS, SYNONYMS
from epochwatch_lab._site.words import ACTS, MEANINGS, SEEDED

TEMPLATES = Path(__file__).with_name("templates")
SCRIPT, STYLE, DATA, EVIDENCE = "atlas.js", "atlas.css", "data.js", "evidence"
WHITE, BLACK = "#ffffff", "#000000"
MIDDLE = 0.18  # relative luminance from which black stands out more than white
PALETTE = "cividis"  # its light is even, and read alike by the colour-blind


def write_atlas_page(atlas: Path, folder: Path) -> None:
    """Write the page and what it needs into a folder: it asks for nothing else.

    Args:
        atlas: folder of the atlas, with its `reproductions`.
        folder: of the page; made if it is not there.

    Raises:
        BadInput: the atlas is missing or damaged, or cells name a reproduction that is not there.
    """
    cells, reproductions = read_cells(atlas), read_reproductions(atlas / "reproductions")
    check_findings(atlas, cells, reproductions)
    folder.mkdir(parents=True, exist_ok=True)
    data = json.dumps(script_data(cells, reproductions), separators=(",", ":")).encode()
    (folder / DATA).write_text(f'const PACKED = "{packed_text(data)}";\n')
    for name in (SCRIPT, STYLE):
        (folder / name).write_text((TEMPLATES / name).read_text())
    (folder / "index.html").write_text(page_text(cells))
    write_evidence(atlas, folder / EVIDENCE)


def check_findings(atlas: Path, cells: list[PageCell], reproductions: list[Reproduction]) -> None:
    """Refuse cells whose finding has no page.

    Raises:
        BadInput: with the first.
    """
    named = {cell.recorded["finding"] for cell in cells} - {None}
    for missing in sorted(named - {one.name for one in reproductions}):
        raise BadInput(
            f"{atlas}: cells name {missing!r}, but there is no reproductions/{missing}.md"
        )


def write_evidence(atlas: Path, folder: Path) -> None:
    """Write the files that the page is made of, packed; the same bytes each time."""
    folder.mkdir(exist_ok=True)
    for path in sorted(atlas.glob("*.json")):
        (folder / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))


def page_text(cells: list[PageCell]) -> str:
    columns, rows = guarantee_rows(cells)
    totals = collections.Counter(cell.verdict for cell in cells)
    template = templates_in(TEMPLATES).get_template("atlas.html.j2")
    return template.render(
        version=epochwatch.__version__,
        headline=headline(cells),
        columns=columns,
        zip=zip,
        rows=rows,
        meanings={name: text for name, text in MEANINGS.items() if totals[name]},
        totals=totals,
        files={cell.file.name: cell.file for cell in cells}.values(),
        counts=collections.Counter(cell.file.name for cell in cells),
    )


def headline(cells: list[PageCell]) -> dict[str, int]:
    """Count what the page begins with."""
    losing = [cell for cell in cells if cell.loses_for_certain]
    return {
        "cells": len(cells),
        "releases": len({cell.file.keras for cell in cells}),
        "backends": len({cell.file.backend for cell in cells}),
        "losing": len(losing),
        "silent": sum(not cell.is_warned_of for cell in losing),
    }


def script_data(cells: list[PageCell], reproductions: list[Reproduction]) -> dict[str, Any]:
    """Gather what the script needs."""
    return packed_cells(cells) | {
        "picks": pick_axes(cells),
        "rules": {rule.name: [rule.why, rule.source] for rule in RULES.values()},
        "verdicts": list(MEANINGS),
        "acts": ACTS,
        "backends": BACKEND_WORDS,
        "seeds": {str(seed).replace("None", "none"): words for seed, words in SEEDED.items()},
        "colours": row_colours(BATCHES * ROWS),
        "rows": ROWS,
        "synonyms": SYNONYMS,
        "stop_words": STOP_WORDS,
        "often_searched": OFTEN_SEARCHED,
        "reproductions": {
            one.name: {
                "title": one.title,
                "actual": one.actual,
                "fix": one.fix,
                "status": one.status,
                "expected": one.expected,
                "cause": one.cause,
                "related": one.related,
                "symptoms": one.symptoms,
            }
            for one in reproductions
        },
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
