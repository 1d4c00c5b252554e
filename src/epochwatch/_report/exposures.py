"""How often the samples of a stream were trained."""

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes

from epochwatch._exposures.positions import Bins
from epochwatch._report.style import INK, NEVER, looks, thousands

MARK_HEIGHT = 0.03


def draw(ax: Axes, bins: Bins, stream: str) -> Axes:
    """Draw exposures against position: the mean of each bin, within its extremes.

    Args:
        ax: where.
        bins: neighbouring samples taken together.
        stream: its name.

    Returns:
        The Axes.
    """
    edges = [*bins.position, bins.position[-1] + bins.size]
    colour = looks([stream])[stream].colour
    ax.stairs(
        bins.low, edges, fill=True, color=colour, alpha=0.35, label="the least trained sample"
    )
    ax.stairs(
        bins.high, edges, baseline=bins.low, fill=True, color=colour, label="the most trained"
    )
    ax.stairs(bins.mean, edges, color=INK, baseline=None, linestyle=":", label="mean")
    # A mark on the axis, of the same height however few of the bin's samples it stands for.
    marks = np.where(bins.low == 0, MARK_HEIGHT, 0.0)
    on_axis = ax.get_xaxis_transform()
    ax.stairs(marks, edges, fill=True, color=NEVER, transform=on_axis, label="some never trained")
    ax.legend(fontsize=8, loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1.0))
    ax.set(xlim=(0, edges[-1]), ylim=(0, max(bins.high) * 1.15 or 1))
    ax.set(xlabel=f"{stream} position (bins of {bins.size:,})", ylabel="exposures a sample")
    ax.yaxis.set_major_locator(ticker.MaxNLocator(integer=True))
    thousands(ax.xaxis)
    return ax


def describe(bins: Bins, stream: str, never: int) -> str:
    """Describe what `draw` shows, and how many samples were `never` trained."""
    return (
        f"Exposures of the {stream} samples by position, in bins of {bins.size:,}: from "
        f"{bins.low.min():,} to {bins.high.max():,}; samples never trained: {never:,}."
    )
