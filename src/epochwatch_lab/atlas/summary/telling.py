"""What the atlas has found, in words: the answer of notebook 03, and the summary in README."""

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import fill as wrapped

from epochwatch_lab.atlas.rows import Question, Row
from epochwatch_lab.atlas.summary.counting import (
    BACKENDS,
    counts,
    environments,
    feeds,
    never_losing,
    versions,
    word_of,
)
from epochwatch_lab.atlas.summary.tables import NO_RUN, listed
from epochwatch_lab.atlas.toy_feeds import BATCHES
from epochwatch_lab.tables import markdown_table

LESS_THAN_A_PASS = (Question(BATCHES // 2), Question(BATCHES // 2, fits=2))
WIDTH = 98  # characters of a line in README


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
