"""When each row is trained in one epoch, against when it is trained in the next."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from epochwatch._report.style import FAINT, LOOKS, NEVER
from epochwatch_lab.figures.picture import Picture, is_narrow

MOST_DOTS = 400  # a row each; of more rows every second is drawn, or every third …


def picture(name: str, panels: Mapping[str, np.ndarray]) -> Picture:
    """Make the picture of some trainings' first two epochs, side by side.

    Args:
        name: of its files.
        panels: by title, the rows in the order trained, int64 (epochs, rows); two epochs or more.
    """
    return Picture.drawn(
        name,
        describe(panels),
        lambda figure: draw_all(figure, panels),
        wide=(4 * len(panels), 3.8),
        narrow=(4, 4.6 / len(panels)),
    )


def draw_all(figure, panels: Mapping[str, np.ndarray]) -> None:
    """Draw trainings side by side, so that a telephone's first screen holds them too.

    Args:
        figure: where.
        panels: by title, the rows in the order trained, int64 (epochs, rows).
    """
    size, dots = (7, 2.5) if is_narrow(figure) else (10, 4)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False).ravel()
    for ax, (title, orders) in zip(axes, panels.items(), strict=True):
        draw(ax, orders, dots)
        ax.set_title(f"{title}\nrows kept in place: {kept(orders):,}", fontsize=size)
        ax.tick_params(labelsize=size)
        ax.set_xlabel("place in epoch 1", fontsize=size)
    axes[0].set_ylabel("place in epoch 2", fontsize=size)


def draw(ax: Axes, orders: np.ndarray, dots: float = 4) -> Axes:
    """Draw a dot for each row: its place in the first epoch, and in the second.

    A row that keeps its place is on the diagonal; a shuffle scatters them.

    Args:
        ax: where.
        orders: the rows in the order trained, int64 (epochs, rows).
        dots: their size, in points.

    Returns:
        The Axes.
    """
    first, second = (place + 1 for place in places(orders))
    chosen = slice(None, None, -(-len(first) // MOST_DOTS))
    colour = NEVER if kept(orders) == len(first) else LOOKS["majority"].colour
    ax.plot([1, len(first)], [1, len(first)], color=FAINT, lw=0.8, zorder=0)
    ax.plot(first[chosen], second[chosen], ".", color=colour, ms=dots, mew=0)
    ends = [1, len(first)]
    ax.set(xlim=ends, ylim=ends, xticks=ends, yticks=ends, aspect="equal")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.yaxis.set_major_formatter("{x:,.0f}")
    return ax


def places(orders: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find when each row is trained, in the first epoch and in the second.

    Example:
        >>> first, second = places(np.array([[2, 0, 1], [0, 1, 2]]))
        >>> first.tolist(), second.tolist()
        ([1, 2, 0], [0, 1, 2])
    """
    first, second = (np.argsort(order) for order in orders[:2])
    return first, second


def kept(orders: np.ndarray) -> int:
    """Count the rows that are trained at the same place in both epochs."""
    first, second = orders[:2]
    return int(np.count_nonzero(first == second))


def describe(panels: Mapping[str, np.ndarray]) -> str:
    """Put what `picture` shows into words: its alternative text."""
    parts = []
    for title, orders in panels.items():
        rows = orders.shape[1]
        looks = "all on the diagonal" if kept(orders) == rows else "scattered"
        parts.append(f"{title}: {looks}, {kept(orders):,} of {rows:,} rows keep their place.")
    return f"The place of each row in epoch 2 against its place in epoch 1. {' '.join(parts)}"
