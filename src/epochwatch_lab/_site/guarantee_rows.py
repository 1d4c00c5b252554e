"""The screen of guarantees, row by row: feeds of which the same holds share one."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from epochwatch_lab._atlas.places import Place, places_words
from epochwatch_lab._site.cells import AtlasFile, PageCell
from epochwatch_lab._site.guarantees import GUARANTEES, Answer, Cells, Guarantee, key_of
from epochwatch_lab._site.words import ENDLESS, KNOWN, UNKNOWN, feed_words

SHORT_LENGTHS = {UNKNOWN: "length unknown", ENDLESS: "endless"}
PLAIN = {"tf.data.Dataset": "finite"}
DAY = re.compile(r" \d{8}")  # of a nightly
KERAS_2 = re.compile(r"\bKeras 2(?!\.)")  # all its releases
KERAS = re.compile(r"\bKeras ")

# The answers to a question for a feed, each with the releases that it is an exception on: the most
# frequent one with none.
Answers = tuple[tuple[Answer, str], ...]
ByLength = dict[int, dict[AtlasFile, Cells]]  # of one feed, by the batches of a pass


class FeedsRow(NamedTuple):
    """One line of the screen.

    Attributes:
        feeds: those of which the same holds.
        answers: in the order of the columns.
    """

    feeds: list[str]
    answers: list[Answers]

    def by_kind(self) -> list[tuple[str, list[str]]]:
        """Name the feeds kind by kind, of each what tells it from the others."""
        kinds: dict[str, list[str]] = {}
        for feed in self.feeds:
            kind, _, more = feed.replace(": ", ", ", 1).partition(", ")
            kinds.setdefault(kind, []).append(more or PLAIN.get(kind, ""))
        return [*kinds.items()]


def guarantee_rows(cells: Iterable[PageCell]) -> tuple[list[Guarantee], list[FeedsRow]]:
    """Answer every question for every feed.

    Returns:
        The columns that have answers, and the rows in the order of their first feeds.
    """
    cells = list(cells)
    # Backends are named but where all that a release was observed on show it.
    everywhere = [*dict.fromkeys(cell.file.place for cell in cells)]
    answered = {
        feed: [answers_of(guarantee, by_length, everywhere) for guarantee in GUARANTEES]
        for feed, by_length in cells_by_feed(cells).items()
    }
    used = [
        place for place, _ in enumerate(GUARANTEES) if any(row[place] for row in answered.values())
    ]
    rows: dict[tuple, FeedsRow] = {}
    for feed, answers in answered.items():
        shown = [answers[place] for place in used]
        # Which cell shows it is another one for each feed.
        same = tuple((answer.text, where) for column in shown for answer, where in (*column, END))
        rows.setdefault(same, FeedsRow([], shown)).feeds.append(feed)
    return [GUARANTEES[place] for place in used], [*rows.values()]


END = (Answer("", ""), "")  # of a column, in what is compared


def cells_by_feed(cells: Iterable[PageCell]) -> dict[str, ByLength]:
    """Put cells in order by their feed, its batches, its file, and how they are called."""
    by_feed: dict[str, ByLength] = {}
    for cell in cells:
        options = {key: value for key, value in cell.way["options"].items() if key != "batches"}
        family, length = feed_words(cell.way["feed"], options)
        feed = family if length == KNOWN else f"{family}, {SHORT_LENGTHS[length]}"
        call = {key: value for key, value in cell.way.items() if key not in ("feed", "options")}
        of_files = by_feed.setdefault(feed, {}).setdefault(cell.batches, {})
        of_files.setdefault(cell.file, {})[key_of(call)] = cell
    return by_feed


def answers_of(guarantee: Guarantee, by_length: ByLength, everywhere: list[Place]) -> Answers:
    """Answer one question for one feed, the most frequent answer first.

    The longest feed that was asked answers: ten batches fit into the queue of a feed's workers,
    which then lose none.
    """
    found: dict[str, list[tuple[AtlasFile, Answer]]] = {}
    for _, of_files in sorted(by_length.items(), reverse=True):
        for file, cells in () if found else of_files.items():
            if answer := guarantee.answer(cells):
                found.setdefault(answer.text, []).append((file, answer))
    usual, *exceptions = sorted(found.values(), key=len, reverse=True) or [[]]
    releases = {file.keras for group in found.values() for file, _ in group}
    asked = [place for place in everywhere if place.keras in releases]
    named = [
        (group[0][1], exception_words([file.place for file, _ in group], asked))
        for group in exceptions
    ]
    return tuple([*((answer, "") for _, answer in usual[:1]), *named])


def exception_words(some: list[Place], everywhere: list[Place]) -> str:
    """Name places in the width of a column: "3.6, 2.x" are releases of Keras.

    Nightlies come without their day where it tells none from another.
    """
    named = places_words(some, everywhere)
    days = {day for place in everywhere for day in DAY.findall(place.keras)}
    return KERAS.sub("", KERAS_2.sub("2.x", named if len(days) > 1 else DAY.sub("", named)))
