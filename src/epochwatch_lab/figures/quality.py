"""How well strategies do against how much of the majority they saw."""

from collections.abc import Mapping, Sequence

from matplotlib import ticker

from epochwatch._report.style import FAINT, looks
from epochwatch._text import percent
from epochwatch_lab.figures.picture import Picture, is_narrow
from epochwatch_lab.strategies import Point


def picture(name: str, ratios: Mapping[int, Mapping[str, Point]], score: str) -> Picture:
    """Draw the panels in two columns, on a telephone in one, with a legend below.

    Args:
        name: of the picture.
        ratios: as of `draw`.
        score: its name.

    Returns:
        The picture.
    """

    def draw_panels(figure):
        columns = 1 if is_narrow(figure) else min(2, len(ratios))
        axes = figure.subplots(-(-len(ratios) // columns), columns, squeeze=False).ravel()
        draw(axes, ratios, score)
        entries = axes[0].get_legend_handles_labels()
        size = _text_size(figure)
        ncols = 2 if is_narrow(figure) else 4
        figure.legend(*entries, loc="outside lower center", ncols=ncols, fontsize=size)

    return Picture.drawn(
        name,
        describe(ratios, score),
        draw_panels,
        wide=(8, 0.7 + 2.6 * -(-len(ratios) // 2)),
        narrow=(4, 0.9 + 2.1 * len(ratios)),
    )


def _text_size(figure) -> float:
    return 7 if is_narrow(figure) else 9


def draw(axes: Sequence, ratios: Mapping[int, Mapping[str, Point]], score: str) -> None:
    """Draw a panel for each ratio: the score against the coverage, with its interval.

    What has been covered whole stands side by side at the right, for it would hide itself.

    Args:
        axes: one for each ratio; any more are left empty.
        ratios: by ratio and strategy.
        score: its name, for the vertical axis.
    """
    for ax in axes[len(ratios) :]:
        ax.set_axis_off()
    for ax, (ratio, points) in zip(axes, ratios.items(), strict=False):
        size = _text_size(ax.get_figure())
        whole = [name for name, point in points.items() if point.coverage > 0.99]
        for name, look in looks(points).items():
            coverage, quality = points[name]
            place = 1.25 * 1.3 ** whole.index(name) if name in whole else coverage
            bar = [quality.low, min(1, quality.high)]  # no score is above 1
            ax.plot([place, place], bar, color=look.colour, lw=1.6)
            ax.plot([place], [quality.mean], look.marker, color=look.colour, ms=6, label=name)
        ax.set_xscale("log")
        ax.axvline(1.05, color=FAINT, lw=0.8, zorder=0)
        if whole:
            all_of_it = ax.get_xaxis_transform()
            ax.text(1.1, 1.01, "all of it", transform=all_of_it, fontsize=size)
        ax.xaxis.set_major_locator(ticker.FixedLocator([1e-4, 1e-3, 1e-2, 1e-1, 1]))
        ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f"{100 * x:g}%"))
        ax.xaxis.set_minor_locator(ticker.NullLocator())
        ax.set_title(f"1 : {ratio:,}", fontsize=size + 1)
        ax.set_xlabel("majority trained on", fontsize=size)
        ax.set_ylabel(score, fontsize=size)
        ax.tick_params(labelsize=size)
        ax.grid(axis="y", color=FAINT, lw=0.5)


def describe(ratios: Mapping[int, Mapping[str, Point]], score: str) -> str:
    """Put what `draw` shows into words: its alternative text."""
    parts = []
    for ratio, points in ratios.items():
        each = "; ".join(
            f"{name} {quality.mean:.3f} at {percent(coverage)}"
            for name, (coverage, quality) in points.items()
        )
        parts.append(f"At 1 to {ratio:,}: {each}.")
    return f"Points with bars: {score} against the share of the majority trained. {' '.join(parts)}"
