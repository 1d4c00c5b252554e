"""What part of each stream has been trained, epoch by epoch, of one run or of several."""

from collections.abc import Mapping

import numpy as np

from epochwatch._report.coverage import describe, draw
from epochwatch_lab.figures.picture import Picture, is_narrow

__all__ = ["describe", "describe_columns", "draw", "draw_columns", "picture"]


def picture(columns: Mapping) -> Picture:
    """Make of runs, given as `draw_columns` takes them, the picture `coverage`."""

    def draw_runs(figure):
        shape = (len(columns), 1) if is_narrow(figure) else (1, len(columns))
        draw_columns(figure.subplots(*shape, sharex=True, sharey=True, squeeze=False).flat, columns)

    sizes = {"wide": (8, 3.2), "narrow": (4, 2.4 * len(columns))}
    return Picture.drawn("coverage", describe_columns(columns), draw_runs, **sizes)


def draw_columns(axes: np.ndarray, columns: Mapping) -> np.ndarray:
    """Draw runs beside or below each other.

    Args:
        axes: array of Axes, one to a run.
        columns: per title of a run, the coverage of each stream.

    Returns:
        The Axes.
    """
    for ax, (title, coverage) in zip(axes, columns.items(), strict=True):
        draw(ax, coverage).set_title(title)
        ax.label_outer()
    return axes


def describe_columns(columns: Mapping) -> str:
    """Put what `draw_columns` shows, given the same, into words: its alternative text."""
    return " ".join(f"{title}: {describe(coverage)}" for title, coverage in columns.items())
