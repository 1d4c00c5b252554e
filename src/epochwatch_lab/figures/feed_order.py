"""The order in which `fit` draws on a feed, row by row of the feed and step by step of `fit`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path

from epochwatch._report.style import FAINT, INK, LOOKS, NEVER

_FIRST, _AGAIN = LOOKS["majority"].colour, LOOKS["minority"].colour
_HEIGHT, _HEAD = 0.86, 0.5  # inches of a row of panels, of the legend
_WORD_SIZE = 7.5


class Drawn(NamedTuple):
    """What `fit` drew from a feed.

    Attributes:
        word: what became of it, such as a verdict.
        trained: by fit, epoch and batch, the rows.
        rows: how many rows the feed has; they are numbered from 0 in the feed's own order.
        steps: asked for in an epoch.
        epochs: asked for in a fit.
        fits: asked for.
    """

    word: str
    trained: Sequence
    rows: int
    steps: int
    epochs: int
    fits: int = 1


class _Place(NamedTuple):
    """Where an epoch stands on the axis of steps: where it begins, and steps in its room."""

    begin: int
    room: int
    batches: Sequence


def _epoch_places(drawn: Drawn) -> list[_Place]:
    """Give each epoch asked for its room; one that has fewer steps than asked keeps it."""
    places, begin = [], 0
    for fit in range(drawn.fits):
        epochs = drawn.trained[fit] if fit < len(drawn.trained) else []
        for epoch in range(drawn.epochs):
            batches = epochs[epoch] if epoch < len(epochs) else []
            room = max(drawn.steps, len(batches))
            places.append(_Place(begin, room, batches))
            begin += room
    return places


def _never_trained(drawn: Drawn) -> list[int]:
    seen = {row for place in _epoch_places(drawn) for batch in place.batches for row in batch}
    return [row for row in range(drawn.rows) if row not in seen]


def height(feeds: int) -> float:
    """The height that a figure needs, in inches.

    Args:
        feeds: how many are drawn.
    """
    return _HEAD + _HEIGHT * -(-feeds // 2)


def draw(ax: Axes, drawn: Drawn) -> Axes:
    """Draw one feed: steps to the right, the feed's own order upwards.

    A square is a row in a batch: filled where it is trained for the first time, or again. A
    line that climbs over the rules resumes; one that falls to the ground restarts; a gap in it
    is skipped; hatched steps were asked for and not run. Rows never trained are marked at the
    right.

    Args:
        ax: where.
        drawn: what was drawn from the feed.

    Returns:
        The Axes.
    """
    rooms = _epoch_places(drawn)
    end = rooms[-1].begin + rooms[-1].room
    seen: set[int] = set()
    squares: dict[str, list[tuple[float, float]]] = {_FIRST: [], _AGAIN: []}
    for place in rooms:
        for step, batch in enumerate(place.batches, start=place.begin):
            for row in batch:
                squares[_AGAIN if row in seen else _FIRST].append((step, row))
                seen.add(row)
        _mark_epoch(ax, place, drawn.rows)
    for colour, corners in squares.items():
        _fill(ax, corners, 1, colour)
    for fit in range(1, drawn.fits):
        ax.axvline(rooms[fit * drawn.epochs].begin, color=INK, lw=1.6)
    _fill(ax, [(end + 0.4, row) for row in _never_trained(drawn)], 1.1, NEVER)
    # Room at the right for the marks of rows never trained.
    ax.set(xlim=(0, end + 1.6), ylim=(0, drawn.rows), xticks=[], yticks=[])
    ax.text(0, 1.05, drawn.word, fontsize=_WORD_SIZE, weight="bold", transform=ax.transAxes)
    return ax


def _fill(ax: Axes, corners: Sequence[tuple[float, float]], width: float, colour: str) -> None:
    """Fill rectangles of one row each, all in one path: in an SVG each by itself is long."""
    if corners:
        outline = np.array([(0, 0), (width, 0), (width, 1), (0, 1)])
        path = Path.make_compound_path_from_polys(np.array(corners)[:, np.newaxis] + outline)
        ax.add_patch(PathPatch(path, facecolor=colour, edgecolor="white", lw=0.3))


def _mark_epoch(ax: Axes, place: _Place, rows: int) -> None:
    """Draw where an epoch ends, and the steps it had no batch for."""
    end = place.begin + place.room
    ax.axvline(end, color=FAINT, lw=0.7, zorder=0)
    short = place.room - len(place.batches)
    if short:
        hatched = {"facecolor": "none", "edgecolor": FAINT, "hatch": "////", "lw": 0}
        ax.add_patch(Rectangle((end - short, 0), short, rows, zorder=0, **hatched))


def draw_all(figure, pairs: Mapping[str, Sequence[Drawn]]) -> None:
    """Draw feeds below one another in two columns, with a legend above.

    Args:
        figure: where, `height` inches tall.
        pairs: by the feed's name, what was drawn of it in one fit, and in several.
    """
    axes = figure.subplots(-(-len(pairs) // 2), 4, squeeze=False).reshape(-1, 2)
    for (left, right), (name, (once, again)) in zip(axes, pairs.items(), strict=False):
        left.set_title(f"{name}\n", fontsize=_WORD_SIZE, pad=1.5)
        for ax, drawn in ((left, once), (right, again)):
            draw(ax, drawn)
    for ax in axes[len(pairs) :].ravel():
        ax.axis("off")
    figure.legend(
        handles=[
            Patch(color=_FIRST, label="trained for the first time"),
            Patch(color=_AGAIN, label="trained again"),
            Patch(facecolor="white", edgecolor=FAINT, hatch="////", label="no batch left"),
            Patch(color=NEVER, label="never trained"),
        ],
        loc="outside upper center",
        ncols=4,
        fontsize=8,
    )


def describe(pairs: Mapping[str, Sequence[Drawn]]) -> str:
    """Put what `draw_all` shows, given the same, into words: its alternative text."""
    parts = [
        f"{name}: {'; again, '.join(map(_describe_one, pair))}." for name, pair in pairs.items()
    ]
    return (
        f"For each of {len(pairs)} feeds the rows that fit trained, in the feed's own order, "
        f"against training step: in one fit, and where fit is called again. {' '.join(parts)}"
    )


def _describe_one(drawn: Drawn) -> str:
    begins = [min(place.batches[0]) for place in _epoch_places(drawn) if place.batches]
    missing = len(_never_trained(drawn))
    first = ", ".join(map(str, begins)) or "none"
    return f"{drawn.word}, epochs begin at rows {first}, {missing} of {drawn.rows} never trained"
