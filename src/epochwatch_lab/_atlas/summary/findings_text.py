"""What the atlas has found, in words: the summary for the guide."""

from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import fill as wrapped

from epochwatch_lab._atlas.cells import toy_call
from epochwatch_lab._atlas.places import places_words
from epochwatch_lab._atlas.rows import AtlasRow
from epochwatch_lab._atlas.summary.row_counts import (
    counts,
    feeds,
    newest_release,
    outcome_in_words,
)
from epochwatch_lab._atlas.toy_feeds import BATCHES
from epochwatch_lab.tables import markdown_table

HALF_PASSES = (toy_call(BATCHES // 2), toy_call(BATCHES // 2, fits=2))
NO_RUN = "–"
WIDTH = 98  # characters of a line in the guide


def readme(rows: Sequence[AtlasRow], cells: int) -> str:
    """Write the summary for the guide: a small table, and the counts.

    Feeds to which the same happens, in the same environments, share a line.

    Args:
        rows: of the cells that the table is about.
        cells: how many the atlas has in all.
    """
    sums = counts(rows)
    newest = newest_release(rows)
    alike: dict[tuple[str, ...], list[str]] = {}
    for feed in feeds(rows):
        brief = outcomes_in_brief([row for row in rows if row.feed == feed], newest)
        alike.setdefault(brief, []).append(feed)
    lines = [[kinds_in_short(named), *key] for key, named in alike.items()]
    header = ["feed", "from epoch to epoch", "at a second `fit`", "otherwise on"]
    before = (
        f"We gave {sums['feeds']} feeds of ten batches to the real `fit`, each in up to "
        f"{most_calls(rows)} ways. In {sums['environments']} environments that makes "
        f"{sums['cells']:,} cells. This is what happens on Keras {newest} when `steps_per_epoch` "
        "is half a pass; the last column says where something else happens:"
    )
    after = (
        f"{sums['certain']:,} of the cells always behave the same. {sums['lose']:,} of these lose "
        "rows: there are enough steps for them, and they are never trained. "
        f"In {sums['fail']:,} cells `fit` fails, and in {sums['differ']:,} the same call trains "
        f"other rows from run to run. We predicted {sums['told']:,} cells from Keras' source, and "
        f"{sums['foretold']:,} came out as predicted."
    )
    beside = (
        f"{cells - len(rows):,} more cells ask what a seed changes, how feeds of a hundred batches "
        "fare with workers, which rows validate, what `evaluate`, `predict` and a loop with "
        "`train_on_batch` take, what a restored training does twice or never, and whether random "
        "ops in a `map` draw anew."
    )
    return "\n\n".join(
        (
            wrapped(before, WIDTH),
            markdown_table(header, lines),
            wrapped(after, WIDTH),
            wrapped(beside, WIDTH),
        )
    )


def kinds_in_short(names: Iterable[str]) -> str:
    """Name feeds by their kinds, each with its options.

    Example:
        >>> kinds_in_short(["py_dataset(workers=0)", "py_dataset(workers=2)", "grain_loader"])
        '`py_dataset` (workers=0; workers=2), `grain_loader`'
    """
    kinds: dict[str, list[str]] = {}
    for name in names:
        kind, _, options = name.removesuffix(")").partition("(")
        kinds.setdefault(kind, []).extend([options] if options else [])
    named = [f"`{kind}`" + (f" ({'; '.join(has)})" if has else "") for kind, has in kinds.items()]
    return ", ".join(named)


def most_calls(rows: Iterable[AtlasRow]) -> int:
    """Count the ways in which a feed is given to `fit` in one environment, at most."""
    return max(Counter((row.feed, row.keras, row.backend) for row in rows).values())


def outcomes_in_brief(rows: Sequence[AtlasRow], newest: str) -> tuple[str, str, str]:
    """Write of one feed what happens in one fit and in two, and where it is otherwise.

    Returns:
        The outcomes on a release, on the first backend that has the feed, and the places that have
        others.
    """
    outcomes = {(row.place, row.call): outcome_in_words(row) for row in rows}
    places = sorted({row.place for row in rows}, key=lambda place: place.age)
    pairs = {
        place: tuple(outcomes.get((place, call), NO_RUN) for call in HALF_PASSES)
        for place in places
    }
    usual = pairs[next(place for place in places if place.version == newest)]
    others = [place for place in places if pairs[place] != usual]
    return *usual, places_words(others, places) or NO_RUN
