"""What the atlas says in sum: tables of its rows, and counts."""

import csv
import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from textwrap import fill as wrapped

from epochwatch.atlas.cells import STEPS_PER_EPOCH
from epochwatch.atlas.rows import Question, Row, rows_to_draw
from epochwatch.atlas.toy_feeds import BATCHES
from epochwatch.feeds import NAMES
from epochwatch.figures.feed_order import Drawn
from epochwatch.tables import markdown_table

BACKENDS = ("tensorflow", "jax", "torch", "tf_keras")
ONE_FIT = [Question(steps) for steps in STEPS_PER_EPOCH]
TWO_FITS = [Question(steps, fits=2) for steps in STEPS_PER_EPOCH]
BY_SIZE = sorted(ONE_FIT, key=lambda question: question.steps_per_epoch or 0)
NO_RUN = "–"
WIDTH = 98  # characters of a line in README


def version_key(version: str) -> tuple[int, ...]:
    """Order versions by their numbers."""
    return tuple(map(int, version.split(".")))


def versions(rows: Iterable[Row]) -> list[str]:
    """List the versions of Keras, oldest first; tf_keras is counted apart."""
    return sorted({row.keras for row in rows if row.backend != "tf_keras"}, key=version_key)


def environments(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """List version and backend of what the rows were observed on, by version."""
    found = {(row.keras, row.backend) for row in rows}
    return sorted(found, key=lambda one: (version_key(one[0]), BACKENDS.index(one[1])))


def feeds(rows: Iterable[Row]) -> list[str]:
    """List the feeds, by their kinds and as observed."""
    found = dict.fromkeys(row.feed for row in rows)
    return sorted(found, key=lambda feed: NAMES.index(feed.partition("(")[0]))


def counts(rows: Sequence[Row]) -> dict[str, int]:
    """Count the cells, and those in which something happens to the data.

    Returns:
        `cells`; `certain`, in which neither chance nor timing has a say; of these `lose` rows,
        or (all rows being trained) train some `again early`; of all `fail`, `fall short` of the
        steps asked for, and `differ` from run to run; of those that an expectation was told for
        (`told`), `foretold`.
    """
    certain = [row for row in rows if row.is_certain]
    return {
        "cells": len(rows),
        "environments": len(environments(rows)),
        "feeds": len(feeds(rows)),
        "certain": len(certain),
        "lose": sum(row.loses for row in certain),
        "again early": sum(row.repeated > 0 and not row.never for row in certain),
        "fail": sum(row.failed for row in rows),
        "run dry": sum(row.outcome == "runs dry" for row in rows),
        "differ": sum(row.differing > 0 for row in rows),
        "told": sum(row.agrees is not None for row in rows),
        "foretold": sum(row.agrees is True for row in rows),
    }


def never_losing(rows: Iterable[Row]) -> list[str]:
    """List the feeds that in all of these cells lost no row, did not fail and needed no luck."""
    rows = list(rows)
    bad = {row.feed for row in rows if row.never or row.failed or row.differing or has_luck(row)}
    return [feed for feed in feeds(rows) if feed not in bad]


def has_luck(row: Row) -> bool:
    """Say whether another draw would have left other rows out."""
    return not row.is_certain or (row.outcome == "reshuffles" and row.question.fits > 1)


def outcome_table(rows: Sequence[Row], questions: Sequence[Question]) -> str:
    """Write what came of each feed, a column to a question; in bold where rows were lost."""
    found = {(row.feed, row.question): row for row in rows}
    header = ["feed", *(f"steps_per_epoch={question.steps_per_epoch}" for question in questions)]
    lines = [
        [f"`{feed}`", *(written(found.get((feed, question))) for question in questions)]
        for feed in feeds(rows)
    ]
    return markdown_table(header, lines)


def written(row: Row | None) -> str:
    """Write what came of a cell, and what it cost."""
    if row is None:
        return NO_RUN
    word = row.outcome or "one epoch"
    if row.differing:
        word += f", {row.differing} of {row.runs} runs differ"
    return f"**{word}: {row.never} never**" if row.never else word


def cell_table(rows: Iterable[Row]) -> str:
    """Write rows with all that is known of them."""
    header = (
        "feed", "fits", "expected", "by the rule", "observed", "never", "again early", "lost",
        "steps run", "warnings",
    )  # fmt: skip
    return markdown_table(header, [line_of(row) for row in rows])


def line_of(row: Row) -> list:
    """Write one row as a line of a table."""
    observed = row.outcome or NO_RUN
    if row.agrees is False:
        observed = f"**{observed}**"
    if row.differing:
        observed += f" ({row.differing} of {row.runs} runs differ)"
    expected = row.expected or ("depends on timing" if row.rule else NO_RUN)
    lost = NO_RUN if row.lost is None else str(row.lost)
    steps = in_turn(row.steps)
    said = ", ".join(row.warnings) or NO_RUN
    rule = row.rule or NO_RUN
    return [
        f"`{row.feed}`", row.question.fits, expected, rule, observed, row.never, row.repeated, lost,
        steps, said,
    ]  # fmt: skip


def in_turn(steps: Iterable[int]) -> str:
    """Write steps in turn: "3 × 3, 1, 3".

    Example:
        >>> in_turn([3, 3, 3, 1, 3])
        '3 × 3, 1, 3'
    """
    groups = [(count, len(list(group))) for count, group in itertools.groupby(steps)]
    return ", ".join(f"{count} × {times}" if times > 1 else f"{count}" for count, times in groups)


def changes(rows: Iterable[Row]) -> list[tuple[str, tuple[tuple[str, str], ...], list[Row]]]:
    """Find what depends on the version of Keras.

    Cells that differ from run to run are left out: they differ between versions by chance.

    Returns:
        By backend and outcomes in each version, the newest rows of the cells concerned; the
        outcomes of neighbouring versions that agree are told once, by the first of them.
    """
    by_cell: dict[tuple, list[Row]] = {}
    for row in rows:
        if row.backend != "tf_keras":
            by_cell.setdefault((row.backend, row.feed, row.question), []).append(row)
    found: dict[tuple, list[Row]] = {}
    for (backend, *_), group in by_cell.items():
        if any(row.differing for row in group):
            continue
        ordered = sorted(group, key=lambda row: version_key(row.keras))
        turns = tuple(turn(ordered))
        if len(turns) > 1:
            found.setdefault((backend, turns), []).append(ordered[-1])
    return [(backend, turns, group) for (backend, turns), group in found.items()]


def turn(ordered: Sequence[Row]) -> Iterable[tuple[str, str]]:
    """Say where what comes of a cell changes: the version, and what it is from there on."""
    for told, group in itertools.groupby(ordered, key=spoken_outcome):
        yield next(group).keras, told


def spoken_outcome(row: Row) -> str:
    """Say what came of a cell, and whether rows were lost."""
    word = row.outcome or "one epoch"
    return f"{word}, rows lost" if row.never else word


def changes_table(rows: Iterable[Row]) -> str:
    """Write what depends on the version, a line to a backend and a change."""
    lines = [
        [
            backend,
            " → ".join(f"{version}: {word}" for version, word in turns),
            len(group),
            listed(f"`{feed}`" for feed in feeds(group)),
        ]
        for backend, turns, group in sorted(changes(rows), key=lambda one: (one[0], -len(one[2])))
    ]
    return markdown_table(["backend", "from Keras … on", "cells", "feeds"], lines)


def disagreements_table(rows: Iterable[Row]) -> str:
    """Write where something else was observed than expected, grouped by the rule."""
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        if row.agrees is False:
            key = (row.rule, row.expected or "none", row.outcome or "none")
            groups.setdefault(key, []).append(row)
    lines = [
        [*key, len(group), listed(f"`{feed}`" for feed in feeds(group)), about(group)]
        for key, group in sorted(groups.items(), key=lambda one: -len(one[1]))
    ]
    header = ["rule", "expected", "observed", "cells", "feeds", "explained by"]
    return markdown_table(header, lines)


def about(group: Iterable[Row]) -> str:
    """Name the reproductions that cells stand for."""
    return listed(dict.fromkeys(row.finding for row in group if row.finding)) or NO_RUN


def listed(words: Iterable[str], most: int = 6) -> str:
    """List words, of many the first."""
    words = list(words)
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")


def environments_table(rows: Sequence[Row]) -> str:
    """Write what was observed where."""
    lines = []
    for keras, backend in environments(rows):
        told = counts([row for row in rows if (row.keras, row.backend) == (keras, backend)])
        lines.append(
            [keras, backend, *(told[name] for name in ("feeds", "cells", "lose", "again early",
                                                       "run dry", "fail", "differ"))]
        )  # fmt: skip
    header = ["Keras", "on", "feeds", "cells", "rows lost", "again early", "run dry", "fail",
              "differ by run"]  # fmt: skip
    return markdown_table(header, lines)


def write_csv(rows: Sequence[Row], file: Path) -> None:
    """Write all cells, a line each, without what was trained."""
    left_out = {"trained", "question"}
    names = [field.name for field in dataclasses.fields(Row) if field.name not in left_out]
    asked = [field.name for field in dataclasses.fields(Question)]
    with file.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*asked, *names])
        for row in rows:
            values = (getattr(row, name) for name in names)
            told = ["; ".join(map(str, v)) if isinstance(v, tuple) else v for v in values]
            writer.writerow([*dataclasses.astuple(row.question), *told])


Squares = dict[tuple[str, str, str], tuple[str, bool]]


def squares_by_question(rows: Iterable[Row]) -> tuple[dict[str, list[str]], Squares]:
    """Arrange rows of one version for `figures.outcomes`: by backend, fits and steps_per_epoch.

    Returns:
        The columns by group, and the squares.
    """
    squares: Squares = {}
    groups: dict[str, list[str]] = {}
    for question in (*ONE_FIT, *TWO_FITS):
        for row in rows:
            if row.question == question:
                group = f"{row.backend}\n{'one fit' if question.fits == 1 else 'two fits'}"
                place = group, str(question.steps_per_epoch)
                squares[row.feed, *place] = row.outcome or "one epoch", row.loses
                groups.setdefault(group, [str(q.steps_per_epoch) for q in BY_SIZE])
    by_backend = sorted(groups, key=lambda group: BACKENDS.index(group.partition("\n")[0]))
    return {group: groups[group] for group in by_backend}, squares


def squares_by_environment(rows: Iterable[Row], question: Question) -> tuple[dict, Squares]:
    """Arrange rows of one question for `figures.outcomes`: by backend and version.

    Returns:
        The columns by group, and the squares.
    """
    chosen = [row for row in rows if row.question == question]
    places = environments(chosen)
    groups = {name: [keras for keras, on in places if on == name] for name in BACKENDS}
    return {name: columns for name, columns in groups.items() if columns}, {
        (row.feed, row.backend, row.keras): (row.outcome or "one epoch", row.loses)
        for row in chosen
    }


def pairs(rows: Iterable[Row], epochs: Mapping[int, int]) -> dict[str, list[Drawn]]:
    """Prepare rows for `figures.feed_order`: by feed, what was drawn of it in each row.

    Args:
        rows: of each feed one with a single fit, and one with several.
        epochs: of each fit, by the number of fits.
    """
    found: dict[str, list[Drawn]] = {}
    for row in rows:
        asked = row.question
        drawn = Drawn(
            word_of(row), row.trained, rows_to_draw(row.feed, row.trained),
            asked.steps_per_epoch or BATCHES, epochs[asked.fits], asked.fits,
        )  # fmt: skip
        found.setdefault(row.feed, []).append(drawn)
    return found


def word_of(row: Row) -> str:
    """Say what came of a row, and that it does not always."""
    word = row.outcome or "one epoch"
    return f"{word}, not in every run" if row.differing else word


def answer(rows: Sequence[Row]) -> str:
    """Say in a paragraph what the atlas has found."""
    told = counts(rows)
    once = [row for row in rows if row.question.fits == 1]
    again = [row for row in rows if row.question.fits > 1]
    lost_again = sum(row.loses for row in again)
    return (
        f"**In {told['lose']:,} of {told['certain']:,} ways to call `fit`, rows are never trained "
        f"that its steps would reach: {lost_again:,} times because `fit` was called again with "
        f"the same feed, {told['lose'] - lost_again:,} times in one call.** "
        f"These are the cells of the atlas in which neither chance nor timing has a say, of "
        f"{told['cells']:,} in {told['environments']} environments, Keras {versions(rows)[0]} to "
        f"{versions(rows)[-1]}; in {told['differ']:,} more the same call trained other rows from "
        f"one run to the next. {safe('In one call', once)} "
        f"{safe('Called again', again)} What to expect was told beforehand for "
        f"{told['told']:,} cells, and seen in {told['foretold']:,} of them."
    )


def safe(where: str, rows: Sequence[Row]) -> str:
    """Say which feeds never lost a row in some cells, and not by the luck of a draw."""
    everything, good = feeds(rows), never_losing(rows)
    if len(good) == len(everything):
        return f"{where}, no feed loses a row in any environment."
    if not good:
        return f"{where}, each of {len(everything)} feeds loses rows, fails or has luck somewhere."
    rest = [feed for feed in everything if feed not in good]
    named, others = (good, False) if len(good) <= len(rest) else (rest, True)
    names = listed((f"`{feed}`" for feed in named), most=len(named))
    which = f"all but {len(rest)} of {len(everything)}" if others else f"only {len(good)}"
    besides = "; not so " if others else ": "
    return f"{where}, {which} feeds are safe in every environment{besides}{names}."


def told_of(rows: Sequence[Row], fits: int) -> str:
    """Say in a sentence what came of the feeds in one fit, and in several."""
    parts = []
    for number, where in ((1, "in one fit"), (fits, f"in {fits}")):
        asked = [row for row in rows if row.question.fits == number]
        words = Counter(row.outcome or "one epoch" for row in asked)
        told = ", ".join(f"{count} × *{word}*" for word, count in words.most_common())
        lost = sum(row.never > 0 for row in asked)
        parts.append(f"{where}, of {len(asked)} feeds: {told}; {lost} leave rows out")
    return f"{'; '.join(parts)}."


LESS_THAN_A_PASS = (Question(BATCHES // 2), Question(BATCHES // 2, fits=2))


def readme(rows: Sequence[Row]) -> str:
    """Write the summary for README: a small table, and the counts.

    Feeds to which the same happens, in the same environments, share a line.
    """
    told = counts(rows)
    alike: dict[tuple[str, ...], list[str]] = {}
    for feed in feeds(rows):
        alike.setdefault(in_brief([row for row in rows if row.feed == feed]), []).append(feed)
    lines = [[in_short(named), *key] for key, named in alike.items()]
    header = ["feed", "from epoch to epoch", "at a second `fit`", "otherwise on"]
    newest = versions(rows)[-1]
    before = (
        f"{told['feeds']} feeds of ten batches, each given to the real `fit` in up to "
        f"{most_questions(rows)} ways, in {told['environments']} environments: "
        f"{told['cells']:,} cells. What happens on Keras {newest} where `steps_per_epoch` is half "
        "a pass:"
    )
    after = (
        f"Where neither chance nor timing has a say, {told['lose']:,} of {told['certain']:,} cells "
        f"leave rows out that their steps would reach; {told['fail']:,} cells fail, and in "
        f"{told['differ']:,} the same call trains other rows from run to run. `explain` told "
        f"{told['foretold']:,} of {told['told']:,} cells right."
    )
    return "\n\n".join(
        (wrapped(before, WIDTH), markdown_table(header, lines), wrapped(after, WIDTH))
    )


def in_short(names: Iterable[str]) -> str:
    """Name feeds by their kinds, each with its options.

    Example:
        >>> in_short(["py_dataset(workers=0)", "py_dataset(workers=2)", "grain_loader"])
        '`py_dataset` (workers=0; workers=2), `grain_loader`'
    """
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind, _, options = name.removesuffix(")").partition("(")
        kinds.setdefault(kind, []).extend([options] if options else [])
    told = [f"`{kind}`" + (f" ({'; '.join(has)})" if has else "") for kind, has in kinds.items()]
    return ", ".join(told)


def most_questions(rows: Iterable[Row]) -> int:
    """Count the questions that a feed is asked in one environment, at most."""
    return max(Counter((row.feed, row.keras, row.backend) for row in rows).values())


def in_brief(rows: Sequence[Row]) -> tuple[str, str, str]:
    """Say of one feed what happens in one fit and in two, and where it is otherwise.

    Returns:
        The outcomes on the newest Keras, on the first backend that has the feed, and the
        environments that have others.
    """
    places = environments(rows)
    found = {(row.keras, row.backend, row.question): word_of(row) for row in rows}
    pairs = {
        place: tuple(found.get((*place, question), NO_RUN) for question in LESS_THAN_A_PASS)
        for place in places
    }
    newest = [place for place in places if place[0] == places[-1][0]]
    usual = pairs[newest[0]]
    others = [place for place in places if pairs[place] != usual]
    return *usual, named_environments(others, places) or "–"


def named_environments(chosen: Sequence, every: Sequence) -> str:
    """Name environments: a backend alone where all its versions are meant.

    Example:
        >>> every = [("3.6.0", "jax"), ("3.9.2", "jax"), ("3.9.2", "torch")]
        >>> named_environments(every[1:], every)
        'jax 3.9.2, torch'
    """
    told = []
    for backend in BACKENDS:
        has = [keras for keras, name in every if name == backend]
        meant = [keras for keras, name in chosen if name == backend]
        if meant:
            told.append(backend if meant == has else f"{backend} {' '.join(meant)}")
    return ", ".join(told)
