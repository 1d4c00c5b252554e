"""How long it takes until all samples have been seen, by theory and as counted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import ticker

from epochwatch._report.style import OTHERS, thousands
from epochwatch_lab.figures.picture import Picture, is_narrow


class Way(NamedTuple):
    """One way to take samples, over epochs.

    Attributes:
        epochs: float64 (points,), where the closed forms stand.
        unseen: float64 (points,), samples expected to be unseen then.
        complete: float64 (points,), how likely all have been seen by then.
        counted_after: int64 (n,), the epochs after which was counted.
        counted: float64 (n, 3), samples unseen in the runs: low, middle and high.
        completed: float64 (runs,), the epochs that each run needed.
    """

    epochs: np.ndarray
    unseen: np.ndarray
    complete: np.ndarray
    counted_after: np.ndarray
    counted: np.ndarray
    completed: np.ndarray


def picture(ways: Mapping[str, Way], samples: int) -> Picture:
    """Draw how soon all samples have been seen, both panels beside or below each other.

    Args:
        ways: by name, as the legend has it.
        samples: in the stream.

    Returns:
        The picture.
    """

    def draw_on(figure):
        if is_narrow(figure):
            return draw(figure.subplots(2, 1, height_ratios=[3, 2]), ways, samples)
        return draw(figure.subplots(1, 2, width_ratios=[3, 2]), ways, samples)

    sizes = {"wide": (8, 3.6), "narrow": (4, 5.2)}
    return Picture.drawn("collecting", describe(ways, samples), draw_on, **sizes)


def draw(axes: Sequence, ways: Mapping[str, Way], samples: int) -> Sequence:
    """Draw samples unseen, and the share of runs that have seen all, against epochs.

    Args:
        axes: two.
        ways: by name, as the legend has it.
        samples: in the stream.

    Returns:
        The Axes.
    """
    left, right = axes
    for look, (name, way) in zip(OTHERS, ways.items(), strict=False):
        left.plot(way.epochs, way.unseen, look.line, color=look.colour, label=name)
        # A logarithmic axis has no nought: there the other panel goes on.
        some = way.counted[:, 1] >= 1
        low, middle, high = way.counted[some].T
        points = {"ls": "none", "marker": look.marker, "color": look.colour, "ms": 4}
        spread = [middle - low, high - middle]
        left.errorbar(way.counted_after[some], middle, spread, **points, capsize=2.5, lw=1)
        right.plot(way.epochs, way.complete, look.line, color=look.colour)
        right.ecdf(way.completed, color=look.colour, lw=1, alpha=0.6)
    left.set(yscale="log", ylim=(1, samples * 1.5), ylabel="majority samples never seen")
    right.set(ylim=(0, 1.02), ylabel="runs that have seen all")
    right.yaxis.set_major_formatter(ticker.PercentFormatter(1))
    thousands(left.yaxis)
    left.legend(fontsize=8.5, loc="upper right")
    for ax in axes:
        ax.set(xlabel="minority epochs", xlim=(0, None))
        thousands(ax.xaxis)
    return axes


def describe(ways: Mapping[str, Way], samples: int) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    parts = [
        f"{name}, {way.counted[0, 1]:,.0f} unseen after minority epoch {way.counted_after[0]:,}, "
        f"and all seen after {np.median(way.completed):,.2f} in the median run"
        for name, way in ways.items()
    ]
    return f"Of {samples:,} majority samples: {'; '.join(parts)}."
