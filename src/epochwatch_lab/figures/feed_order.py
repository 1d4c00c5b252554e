"""The order in which `fit` draws on a feed, row by row of the feed and step by step of `fit`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, PathPatch, Rectangle
from matplotlib.path import Path

from epochwatch._report.style import FAINT, INK, LOOKS, NEVER
from epochwatch_lab.figures.picture import Picture, is_narrow

_FIRST, _AGAIN = LOOKS["majority"].colour, LOOKS["minority"].colour
_HEIGHT, _HEAD = 0.86, 0.5  # inches of a row of panels, of the legend
_FEW_HEIGHT, _FEW_HEAD = 1.15, 0.75  # the same where there are few, with axes that are named
_FEW_COLUMNS = 3


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


def picture(name: str, panels: Mapping[str, Drawn]) -> Picture:
    """Draw a few panels side by side; on a telephone one below the other.

    Args:
        name: of the picture.
        panels: by their title.

    Returns:
        The picture.
    """
    heights = [
        _FEW_HEAD + _FEW_HEIGHT * -(-len(panels) // columns) for columns in (_FEW_COLUMNS, 1)
    ]
    return Picture.drawn(
        name,
        describe_few(panels),
        lambda figure: draw_few(figure, panels),
        wide=(8, heights[0]),
        narrow=(4, heights[1]),
    )


def picture_of_all(name: str, pairs: Mapping[str, Sequence[Drawn]]) -> Picture:
    """Draw many feeds, each in one fit and in several; on a telephone in one column.

    Args:
        name: of the picture.
        pairs: as of `draw_all`.

    Returns:
        The picture.
    """
    return Picture.drawn(
        name,
        describe(pairs),
        lambda figure: draw_all(figure, pairs),
        wide=(8, _HEAD + _HEIGHT * -(-len(pairs) // 2)),
        narrow=(4, _HEAD + _HEIGHT * len(pairs)),
    )


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
    size = _text_size(ax.get_figure())
    ax.text(0, 1.05, drawn.word, fontsize=size, weight="bold", transform=ax.transAxes)
    return ax


def _text_size(figure) -> float:
    return 6.75 if is_narrow(figure) else 8


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


def draw_few(figure, panels: Mapping[str, Drawn]) -> None:
    """Draw a few panels with a legend above and the axes named.

    Args:
        figure: where.
        panels: by their title.
    """
    columns = 1 if is_narrow(figure) else _FEW_COLUMNS
    axes = figure.subplots(-(-len(panels) // columns), columns, squeeze=False).ravel()
    for ax, (title, drawn) in zip(axes, panels.items(), strict=False):
        ax.set_title(f"{title}\n", fontsize=_text_size(figure), pad=1.5)
        draw(ax, drawn)
    for ax in axes[len(panels) :]:
        ax.axis("off")
    figure.supxlabel("steps of the training", fontsize=_text_size(figure))
    figure.supylabel("samples, in the feed's order", fontsize=_text_size(figure))
    _legend(figure)


def draw_all(figure, pairs: Mapping[str, Sequence[Drawn]]) -> None:
    """Draw feeds below one another, with a legend above.

    Args:
        figure: where.
        pairs: by the feed's name, what was drawn of it in one fit, and in several.
    """
    columns = 1 if is_narrow(figure) else 2
    rows = -(-len(pairs) // columns)
    axes = figure.subplots(rows, 2 * columns, squeeze=False).reshape(-1, 2)
    for (left, right), (name, (once, again)) in zip(axes, pairs.items(), strict=False):
        left.set_title(f"{name}\n", fontsize=_text_size(figure), pad=1.5)
        for ax, drawn in ((left, once), (right, again)):
            draw(ax, drawn)
    for ax in axes[len(pairs) :].ravel():
        ax.axis("off")
    _legend(figure)


def _legend(figure) -> None:
    figure.legend(
        handles=[
            Patch(color=_FIRST, label="trained for the first time"),
            Patch(color=_AGAIN, label="trained again"),
            Patch(facecolor="white", edgecolor=FAINT, hatch="////", label="no batch left"),
            Patch(color=NEVER, label="never trained"),
        ],
        loc="outside upper center",
        ncols=2 if is_narrow(figure) else 4,
        fontsize=_text_size(figure),
    )


def describe_few(panels: Mapping[str, Drawn]) -> str:
    """Put what `draw_few` shows, given the same, into words: its alternative text."""
    parts = [f"{title}: {_describe_one(drawn)}." for title, drawn in panels.items()]
    return (
        "The samples that fit trained, in the feed's own order, against training step. "
        + " ".join(parts)
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
