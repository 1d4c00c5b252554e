"""Differences with their intervals, and where zero is."""

from collections.abc import Mapping, Sequence

from matplotlib import ticker

from epochwatch._report.style import FAINT, INK, NEVER
from epochwatch_lab.figures.picture import Picture, is_narrow
from epochwatch_lab.strategies import Interval

_ROW, _NARROW_ROW = 0.27, 0.19  # inches
_NARROW_COLUMNS = 2
_PALE = "#7d848c"


def picture(
    name: str, panels: Mapping[str, Mapping[str, Interval]], what: str, label: str
) -> Picture:
    """Draw the panels side by side, on a telephone in two columns.

    Args:
        name: of the picture.
        panels: as of `draw`.
        what: is shown, for the alternative text.
        label: of the horizontal axis.

    Returns:
        The picture.
    """
    rows = len(next(iter(panels.values())))

    def draw_panels(figure):
        columns = min(len(panels), _NARROW_COLUMNS) if is_narrow(figure) else len(panels)
        axes = figure.subplots(-(-len(panels) // columns), columns, sharey=True, squeeze=False)
        for spare in axes.ravel()[len(panels) :]:
            spare.set_axis_off()
        draw(axes.ravel()[: len(panels)], panels)
        figure.supxlabel(label, fontsize=_text_size(figure))

    narrow_rows = -(-len(panels) // _NARROW_COLUMNS)
    return Picture.drawn(
        name,
        describe(panels, what),
        draw_panels,
        wide=(8, 1.3 + _ROW * rows),
        narrow=(4, 0.3 + narrow_rows * (0.6 + _NARROW_ROW * rows)),
    )


def _text_size(figure) -> float:
    return 6.75 if is_narrow(figure) else 9


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
        ax.set_title(title, fontsize=_text_size(ax.get_figure()) + 1)
        ax.grid(axis="y", color=FAINT, lw=0.5)
        ax.xaxis.set_major_locator(ticker.MaxNLocator(2))
        ax.tick_params(labelsize=_text_size(ax.get_figure()))
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
