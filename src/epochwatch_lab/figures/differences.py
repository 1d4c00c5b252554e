"""Differences with their intervals, and where zero is."""

from collections.abc import Mapping, Sequence

from matplotlib import ticker

from epochwatch._report.style import FAINT, INK, NEVER
from epochwatch_lab.strategies import Interval

_ROW = 0.27  # inches
_PALE = "#7d848c"


def height(rows: int) -> float:
    """The height that a figure of so many rows needs, in inches."""
    return 1.3 + _ROW * rows


def draw(axes: Sequence, panels: Mapping[str, Mapping[str, Interval]]) -> None:
    """Draw a panel for each group, a row for each interval, and where zero is.

    Args:
        axes: one for each panel, sharing their y.
        panels: by title and row; what excludes zero is drawn dark, the rest pale.
    """
    for ax, (title, rows) in zip(axes, panels.items(), strict=True):
        ax.axvline(0, color=INK, lw=0.8)
        for row, difference in enumerate(rows.values()):
            colour = NEVER if difference.excludes_zero else _PALE
            ax.plot([difference.low, difference.high], [row, row], color=colour, lw=1.8)
            ax.plot([difference.mean], [row], "o", color=colour, ms=4.5)
        ax.set_title(title)
        ax.grid(axis="y", color=FAINT, lw=0.5)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(2))
        ax.tick_params(axis="x", labelsize=8)
    names = list(next(iter(panels.values())))
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)


def describe(panels: Mapping[str, Mapping[str, Interval]], what: str) -> str:
    """Put what `draw` shows into words: its alternative text."""
    parts = []
    for title, rows in panels.items():
        each = "; ".join(
            f"{name} {one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
            for name, one in rows.items()
        )
        parts.append(f"{title}: {each}.")
    return f"{what}. {' '.join(parts)}"
