"""The cells for a browser: each value is written once, and a cell is a row of ranks.

The cells of an atlas differ in few ways: many are called in the same way, come out alike, or are
expected by the same rule.
"""

import json
from collections.abc import Iterable
from typing import Any

from epochwatch_lab._atlas.places import BACKEND_WORDS
from epochwatch_lab._site.cells import Lines, PageCell, lines_of
from epochwatch_lab._site.explain_command import explain_command, explain_keras
from epochwatch_lab._site.remedies import Remedies, code_to_paste
from epochwatch_lab._site.words import (
    LENGTHS,
    RESTORED,
    SEEDED,
    call_words,
    feed_words,
    sentences_of,
    steps_words,
)

ABSENT = -1
PICKED_ACTS = ("fit", "restore")


class Ranks:
    """Values in the order that they first came in."""

    def __init__(self):
        self._ranks: dict[str, int] = {}

    def of(self, value: Any) -> int:
        """Return the rank of a value, a new one where it has none."""
        written = json.dumps(value, separators=(",", ":"))
        return self._ranks.setdefault(written, len(self._ranks))

    @property
    def values(self) -> list:
        return [json.loads(written) for written in self._ranks]


def packed_cells(cells: list[PageCell]) -> dict[str, Any]:
    """Pack all cells, in their order.

    Returns:
        `files`, `ways`, `outcomes`, `orders`, `expectations` and `remedies`, and `cells`: of each
        cell its rank in each of these, in that order, and last the cell that shows the remedy,
        `ABSENT` where there is none.
    """
    names = ("files", "ways", "outcomes", "orders", "expectations", "remedies")
    ranks = {name: Ranks() for name in names}
    places = {cell.address: place for place, cell in enumerate(cells)}
    remedies, rows = Remedies(cells), []
    for cell in cells:
        remedy, lines = remedies.of(cell), list(lines_of(cell))
        parts = (
            file_part(cell),
            way_part(cell),
            outcome_part(cell, lines),
            lines,
            expectation_part(cell),
        )
        row = [ranks[name].of(part) for name, part in zip(names[:-1], parts, strict=True)]
        if remedy:
            says = " ".join(each.says for each in remedy[0])
            row += [ranks["remedies"].of([says, code_to_paste(*remedy)]), places[remedy[1].address]]
        rows.append(row if remedy else [*row, ABSENT, ABSENT])
    return {name: ranks[name].values for name in names} | {"cells": rows}


def file_part(cell: PageCell) -> dict[str, Any]:
    file = cell.file
    return {
        "name": file.name,
        "keras": file.keras,
        "backend": file.backend,
        "prefix": cell.address.split("/", 2)[:2],
        "about": file.environment,
        "explain": explain_keras(file.environment),
    }


def way_part(cell: PageCell) -> dict[str, Any]:
    """Say how a cell is called: what filters compare with, and what a reader is shown."""
    way = cell.way
    family, length = feed_words(way["feed"], way["options"])
    return {
        "address": cell.address.split("/", 2)[2],
        "name": cell.described.name,
        "act": way["act"],
        "kind": way["feed"],
        "feed": cell.described.feed_name,
        "family": family,
        "length": length,
        "steps": way["steps_per_epoch"],
        "execution": way["steps_per_execution"],
        "fits": way["fits"],
        "validation": way["validation"],
        "seeded": way["seeded"],
        "how": way["how"],
        "batches": cell.batches,
        "call": call_words(way),
        "explain": explain_command(way, cell.batches),
    }


def outcome_part(cell: PageCell, lines: list[Lines]) -> dict[str, Any]:
    """Say what came of a cell; cells with the same outcome may share a row of the table.

    An order that chance draws is no part of it, or no two cells were ever the same.
    """
    return {
        "verdict": cell.verdict,
        "lost": cell.lost,
        "loses": cell.loses,
        "alike": cell.alike,
        "shuffled": cell.shuffled_by,
        "findings": cell.findings,
        "steps": cell.steps,
        "raised": cell.raised,
        "warnings": cell.recorded["warnings"],
        "warned": cell.is_warned_of,
        "differ": bool(cell.differing),
        "finding": cell.recorded["finding"],
        "agrees": cell.expected.get("agrees"),
        "says": list(sentences_of(cell)),
        "order": json.dumps([] if cell.is_drawn else lines),
    }


def expectation_part(cell: PageCell) -> list:
    """Name the verdict that Keras' source leads to, and the rule."""
    return [cell.expected.get("verdict"), cell.expected.get("rule")]


def pick_axes(cells: Iterable[PageCell]) -> dict[str, Any]:
    """Lay out the six choices that lead to a cell.

    Returns:
        `axes`, of each its label and values in their order, and `rows`: the rank of each choice,
        and the place of the cell.
    """
    labels = (
        "Keras and backend",
        "Feed",
        "Its length",
        "steps_per_epoch",
        "Seed",
        "Calls of fit",
    )
    ranks = [Ranks() for _ in labels]
    rows = {}
    for place, cell in enumerate(cells):
        choices = picked(cell)
        if choices:
            key = tuple(rank.of(choice) for rank, choice in zip(ranks, choices, strict=True))
            rows.setdefault(key, place)
    axes = [
        {"label": label, "values": rank.values} for label, rank in zip(labels, ranks, strict=True)
    ]
    return {"axes": axes, "rows": [[*key, place] for key, place in rows.items()]}


def picked(cell: PageCell) -> tuple[str, ...] | None:
    """Return the choices that lead to a cell; None where more than these six make it."""
    way = cell.way
    if way["act"] not in PICKED_ACTS or way["steps_per_execution"] > 1 or way["validation"]:
        return None
    family, length = feed_words(way["feed"], way["options"])
    often = "one" if way["fits"] == 1 else f"{way['fits']}, with the same feed"
    if way["act"] == "restore":
        often = RESTORED.get(way["how"]["by"], way["how"]["by"])
    return (
        f"{cell.file.keras} on {BACKEND_WORDS[cell.file.backend]}",
        family,
        LENGTHS[length],
        steps_words(way["steps_per_epoch"], cell.batches, length),
        SEEDED.get(way["seeded"], str(way["seeded"])),
        often,
    )
