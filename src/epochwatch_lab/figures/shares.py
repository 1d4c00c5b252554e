"""Who trained which samples of an epoch, training by training: a lane for each worker."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes

from epochwatch._auditing.shared_counts import EpochPicture
from epochwatch._report import shared_figure
from epochwatch_lab.figures.picture import Picture, is_narrow


class Panel(NamedTuple):
    """One epoch of a training.

    Attributes:
        shares: who trained which samples.
        unit: what shares them, such as "worker".
        samples: how many there are.
    """

    shares: EpochPicture
    unit: str
    samples: int


def picture(panels: Mapping[str, Panel]) -> Picture:
    """Make the picture `shares`: some trainings by title, below each other."""

    def draw_panels(figure):
        figure.get_layout_engine().set(hspace=0.12)  # a title belongs to what is below it
        axes = figure.subplots(len(panels), squeeze=False)[:, 0]
        for ax, (title, panel) in zip(axes, panels.items(), strict=True):
            draw(ax, panel)
            ax.set_title(title, fontsize=9 if is_narrow(figure) else 10.5)
        axes[-1].set_xlabel("samples, sorted by who trained them")
        handles, labels = axes[0].get_legend_handles_labels()
        columns = 1 if is_narrow(figure) else len(labels)
        figure.legend(handles, labels, loc="outside upper left", ncols=columns)

    sizes = {"wide": (8, 0.8 + 1.1 * len(panels)), "narrow": (4, 1.1 + 1.1 * len(panels))}
    alt = " ".join(f"{title}. {describe(panel)}" for title, panel in panels.items())
    return Picture.drawn("shares", alt, draw_panels, **sizes)


def draw(ax: Axes, panel: Panel) -> Axes:
    """Draw who trained which samples, what was trained again, and what by none.

    Args:
        ax: where.
        panel: the training.

    Returns:
        The Axes.
    """
    shared_figure.draw_epoch(ax, panel.shares, panel.unit)
    ax.set_xticks([])  # what stands in a column is no number
    return ax


def describe(panel: Panel) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    once, again, never = panel.shares
    parts = [
        f"{panel.unit} {number} trained {share:.0%}"
        for number, share in enumerate((once + again).mean(axis=1))
    ]
    more = 1 - once.sum(axis=0).mean() - never.mean()
    return (
        f"Of {panel.samples:,} samples, {', '.join(parts)}; {abs(more):.0%} were trained more than "
        f"once, {never.mean():.0%} by none."
    )
