"""What part of each stream has been trained, epoch by epoch."""

import itertools
from collections.abc import Mapping

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes

from epochwatch._report.style import LineLook, looks
from epochwatch._text import percent


def draw(
    ax: Axes, coverage: Mapping[str, np.ndarray], look_of: Mapping[str, LineLook] | None = None
) -> Axes:
    """Draw coverage against epochs, a line to a stream, named at its end.

    Args:
        ax: where.
        coverage: per stream float64 (epochs,), from 0 to 1.
        look_of: per stream how it is drawn; None for what `looks` chooses.

    Returns:
        The Axes.
    """
    look_of = look_of or looks(coverage)
    for name, shares in coverage.items():
        look = look_of[name]
        epochs = np.arange(1, len(shares) + 1)
        ax.plot(epochs, shares, look.line, color=look.colour, marker=look.marker, markersize=4)
    for (name, shares), height in zip(coverage.items(), _heights(coverage), strict=True):
        ax.annotate(
            f" {name} {percent(shares[-1])}",
            (len(shares), height),
            va="center",
            color=look_of[name].colour,
            annotation_clip=False,
        )
    ax.set(ylim=(0, 1.06), xlabel="epoch", ylabel="share trained so far")
    ax.set_xlim(0.8, max(map(len, coverage.values())) + 0.2)
    ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    ax.yaxis.set_major_formatter(ticker.PercentFormatter(1))
    return ax


def describe(coverage: Mapping[str, np.ndarray]) -> str:
    """Describe what `draw` shows, given the same: its alternative text."""
    parts = [
        f"{name} {percent(shares[0])} after epoch 1 and {percent(shares[-1])} after epoch "
        f"{len(shares)}"
        for name, shares in coverage.items()
    ]
    return f"Share of each stream trained at least once: {'; '.join(parts)}."


def _heights(coverage: Mapping[str, np.ndarray], apart: float = 0.08) -> list[float]:
    """Place the names at the lines' ends, but never one upon the other."""
    ends = [float(shares[-1]) for shares in coverage.values()]
    heights = list(ends)
    down = np.argsort(ends)[::-1]
    for upper, lower in itertools.pairwise(down):
        heights[lower] = min(heights[lower], heights[upper] - apart)
    for rank, lower in enumerate(down[::-1]):  # and none below the axis
        heights[lower] = max(heights[lower], 0.03 + rank * apart)
    return heights
