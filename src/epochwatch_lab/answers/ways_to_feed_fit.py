"""Notebook 03: which ways of feeding `fit` skip part of the data?

Two things are told apart: what the atlas has seen on many versions of Keras, and what was seen in
the run at hand.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from epochwatch_lab.answers import Answer
from epochwatch_lab.tables import Table

MOST_ROWS = 6  # of a table in the flow of a post
NONE = "–"


def answer(
    atlas: Mapping[str, int],
    never_losing: Mapping[str, Sequence[str]],
    here: Sequence[Mapping],
    where: str,
) -> Answer:
    """Say how many ways of calling `fit` lose data: in the atlas, and in this run.

    Args:
        atlas: counts of its cells.
        never_losing: the feeds that are safe in all of the atlas, in `one fit` and `called again`.
        here: records of what was seen in this run.
        where: the Keras of this run, in words.

    Returns:
        The answer.
    """
    feeds = len({row["feed"] for row in here})
    in_one, again = (
        sum(row["loses"] for row in here if (row["fits"] > 1) == is_again)
        for is_again in (False, True)
    )
    first = (
        f"**Of {atlas['certain']:,} ways to call Keras' `fit` that always give the same result, "
        f"{atlas['lose']:,} never train on part of the data.**"
    )
    second = f"Here, with {where}, {_lost(in_one, again, feeds)}."
    short = f"{in_one} of {feeds} feeds lose data in one call of fit, {again} when called again"
    return Answer(short, f"{first} {second}", _advice(never_losing))


def _lost(in_one: int, again: int, feeds: int) -> str:
    if not in_one and not again:
        return f"none of {feeds} ways to feed it lost any"
    if not in_one:
        return f"{again} of {feeds} ways to feed it lost some, each when `fit` was called again"
    ways = "1 way" if in_one == 1 else f"{in_one} ways"
    return f"{ways} to feed it lost some in one call of `fit`, and {again} when it was called again"


def _advice(never_losing: Mapping[str, Sequence[str]]) -> str:
    once, again = never_losing["one fit"], never_losing["called again"]
    parts = []
    if once:
        parts.append(
            f"Let one call of `fit` train all epochs: then {len(once)} of the feeds lose nothing "
            f"in any version that we tried, such as `{once[0]}`."
        )
    parts.append(f"If `fit` is called again, {_safe_again(again)}.")
    parts.append("`epochwatch audit` shows what your own feed does.")
    return " ".join(parts)


def _safe_again(again: Sequence[str]) -> str:
    return f"only {len(again)} are so safe" if again else "none is so safe"


def calls_table(here: Sequence[Mapping]) -> Table:
    """Count what came of the feeds, by how often `fit` was called.

    Args:
        here: records of what was seen in this run.
    """
    rows = []
    for fits in sorted({row["fits"] for row in here}):
        chosen = [row for row in here if row["fits"] == fits]
        told = [row["agrees"] for row in chosen if row["agrees"] is not None]
        words = Counter(row["verdict"] or "one epoch" for row in chosen).most_common()
        rows.append(
            [
                "once" if fits == 1 else f"{fits} times",
                len(chosen),
                sum(row["loses"] for row in chosen),
                ", ".join(f"{word} {count}" for word, count in words),
                f"{sum(told)} of {len(told)}",
            ]
        )
    header = ["`fit` was called", "feeds", "lost data", "what happened", "as predicted"]
    return Table(header, rows)


def mnist_record(feed: str, fits: int, report) -> dict:
    """Write what an audit on MNIST has found.

    Args:
        feed: its kind.
        fits: calls of `fit`.
        report: of the audit.

    Returns:
        As `findings.json` holds it.
    """
    return {
        "feed": feed,
        "fits": fits,
        "expected": report.expected.verdict,
        "verdict": report.verdict,
        "lost": report.lost,
        "passed_over": report.passed_over,
        "never_trained": {name: side.never_trained for name, side in report.streams.items()},
    }


def mnist_table(mnist: Sequence[Mapping], majority: int) -> Table:
    """Set one call of `fit` beside several, for each kind of feed.

    Args:
        mnist: records of the audits, of each feed one with one call and one with several.
        majority: samples in the majority.
    """
    fits = sorted({row["fits"] for row in mnist})
    found = {(row["feed"], row["fits"]): row for row in mnist}
    header = ["feed"]
    for calls in fits:
        called = "one call" if calls == 1 else f"{calls} calls"
        header += [called, f"majority never trained (of {majority:,})"]
    return Table(
        header,
        [
            [f"`{feed}`", *(cell for calls in fits for cell in _mnist_cells(found[feed, calls]))]
            for feed in dict.fromkeys(row["feed"] for row in mnist)
        ],
    )


def _mnist_cells(row: Mapping) -> list:
    return [row["verdict"] or "one epoch", row["never_trained"]["majority"]]


def safe_table(feeds: Iterable[str], never_losing: Mapping[str, Sequence[str]]) -> Table:
    """List by kind which feeds are safe in all environments of the atlas.

    Args:
        feeds: all that were tried.
        never_losing: those that are safe, in `one fit` and `called again`.
    """
    kinds: dict[str, list[str]] = {}
    for feed in feeds:
        kinds.setdefault(feed.partition("(")[0], []).append(feed)
    rows = []
    for kind, of_kind in kinds.items():
        safe = ([feed for feed in of_kind if feed in never_losing[asked]] for asked in never_losing)
        rows.append([f"`{kind}`", len(of_kind), *map(_options, safe)])
    return Table(["feed", "ways tried", "safe in one call", "safe when called again"], rows)


def _options(feeds: Sequence[str]) -> str:
    """Name feeds of one kind by their options."""
    names = [feed.partition("(")[2].removesuffix(")") or "as it is" for feed in feeds]
    return "; ".join(f"`{name}`" for name in names) or NONE


def changes_table(changes: Sequence[Mapping]) -> Table:
    """List what depends on the version of Keras, as far as it concerns most cells.

    Args:
        changes: records, those of most cells first.
    """
    return Table(
        ["backend", "what happens, from Keras … on", "cells"],
        [
            [
                change["backend"],
                " → ".join(f"{version}: {word}" for version, word in change["outcomes"].items()),
                change["cells"],
            ]
            for change in changes[:MOST_ROWS]
        ],
    )


def predictions(atlas: Mapping[str, int]) -> str:
    """Say how often `explain` was right.

    Args:
        atlas: counts of its cells.
    """
    told, right = atlas["told"], atlas["foretold"]
    came = "all of them" if right == told else f"{right:,} of them"
    return (
        f"We predicted {told:,} of the atlas' {atlas['cells']:,} cells from Keras' source before "
        f"we ran them, and {came} came out as predicted."
    )
