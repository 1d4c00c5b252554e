"""The rows of the atlas, arranged for the figures that draw them."""

from collections.abc import Iterable, Sequence

from epochwatch._auditing.request import FitCall
from epochwatch_lab._atlas.cells import STEPS_PER_EPOCH, toy_call
from epochwatch_lab._atlas.rows import AtlasRow, rows_to_draw
from epochwatch_lab._atlas.summary.row_counts import BACKENDS, environments, outcome_in_words
from epochwatch_lab._atlas.toy_feeds import BATCHES
from epochwatch_lab.figures.feed_order import Drawn

ONE_FIT = [toy_call(steps) for steps in STEPS_PER_EPOCH]
TWO_FITS = [toy_call(steps, fits=2) for steps in STEPS_PER_EPOCH]
BY_SIZE = sorted(ONE_FIT, key=lambda call: call.steps_per_epoch or 0)

# What can happen where an epoch or a fit ends, from harmless to not.
TELLING = ("resumes", "restarts", "skips", "replays", "runs dry")

Squares = dict[tuple[str, str, str], tuple[str, bool]]


def squares_by_question(rows: Iterable[AtlasRow]) -> tuple[dict[str, list[str]], Squares]:
    """Arrange rows of one version for `figures.outcomes`: by backend, fits and steps_per_epoch.

    Returns:
        The columns by group, and the squares.
    """
    squares: Squares = {}
    groups: dict[str, list[str]] = {}
    for call in (*ONE_FIT, *TWO_FITS):
        for row in rows:
            if row.call == call:
                group = f"{row.backend}\n{'one fit' if call.fits == 1 else 'two fits'}"
                place = group, str(call.steps_per_epoch)
                squares[row.feed, *place] = row.outcome or "one epoch", row.loses
                groups.setdefault(group, [str(each.steps_per_epoch) for each in BY_SIZE])
    by_backend = sorted(groups, key=lambda group: BACKENDS.index(group.partition("\n")[0]))
    return {group: groups[group] for group in by_backend}, squares


def squares_by_environment(rows: Iterable[AtlasRow], call: FitCall) -> tuple[dict, Squares]:
    """Arrange rows of one question for `figures.outcomes`: by backend and version.

    Returns:
        The columns by group, and the squares.
    """
    chosen = [row for row in rows if row.call == call]
    places = environments(chosen)
    groups = {name: [keras for keras, on in places if on == name] for name in BACKENDS}
    return {name: columns for name, columns in groups.items() if columns}, {
        (row.feed, row.backend, row.keras): (row.outcome or "one epoch", row.loses)
        for row in chosen
    }


def pairs(rows: Iterable[AtlasRow]) -> dict[str, list[Drawn]]:
    """Prepare rows for `figures.feed_order`: by feed, what was drawn of it in each row.

    Args:
        rows: of each feed one with a single fit, and one with several.
    """
    drawn: dict[str, list[Drawn]] = {}
    for row in rows:
        drawn.setdefault(row.feed, []).append(panel_of(row))
    return drawn


def telling_panels(rows: Sequence[AtlasRow]) -> dict[str, Drawn]:
    """Choose for `figures.feed_order` a row for each thing that can happen, of those that did.

    Of several, the first that neither chance nor timing decides, and in the feed's own order.

    Args:
        rows: to choose from.

    Returns:
        By the name of the feed and how often `fit` was called.
    """
    panels = {}
    for outcome in TELLING:
        shows = [row for row in rows if row.outcome == outcome]
        shows.sort(key=lambda row: (not row.is_certain, row.is_drawn))
        if shows:
            called = f"{shows[0].call.fits} calls" if shows[0].call.fits > 1 else "one call"
            panels[f"{shows[0].feed}, {called} of fit"] = panel_of(shows[0])
    return panels


def panel_of(row: AtlasRow) -> Drawn:
    """Prepare what was drawn of a feed in one row."""
    return Drawn(
        outcome_in_words(row),
        row.trained,
        rows_to_draw(row),
        row.call.steps_per_epoch or BATCHES,
        row.call.epochs,
        row.call.fits,
    )
