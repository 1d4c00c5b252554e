"""What a training that is killed and run again draws from a stream, step by step."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from epochwatch._exposures.positions import Span
from epochwatch._report.style import NEVER
from epochwatch_lab.figures import order
from epochwatch_lab.figures.picture import Picture, is_narrow

STREAM = "majority"


class Panel(NamedTuple):
    """One training, as its final weights know it.

    Attributes:
        span: what they were trained on, batch by batch.
        lost: what the killed process had trained in vain, its steps counted as in `span`.
        never: bool (samples,), by position: whether it was never trained, though it would have
            been without the kill.
        kill_after: steps that the killed process had trained.
    """

    span: Span
    lost: Span
    never: np.ndarray
    kill_after: int


def picture(panels: Mapping[str, Panel]) -> Picture:
    """Make the picture `after_kill`: some trainings by title, each with its kill."""

    def draw_panels(figure):
        shape = (len(panels), 1) if is_narrow(figure) else (1, len(panels))
        axes = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
        for ax, (title, panel) in zip(axes.flat, panels.items(), strict=True):
            draw(ax, panel)
            ax.set(title=title, xlabel="training step")
            ax.label_outer()
        end = max(int(panel.span.epoch_ends[-1]) for panel in panels.values())
        axes.flat[0].set_xlim(0, end)

    sizes = {"wide": (8, 3.2), "narrow": (4, 2.3 * len(panels))}
    alt = " ".join(f"{title}. {describe(panel)}" for title, panel in panels.items())
    return Picture.drawn("after_kill", alt, draw_panels, **sizes)


def draw(ax: Axes, panel: Panel) -> Axes:
    """Draw what was drawn from the majority, what was lost by the kill, and what never came.

    Args:
        ax: where.
        panel: the training.

    Returns:
        The Axes.
    """
    order.draw(ax, panel.span, len(panel.never), STREAM)
    order.draw_never(ax, order.Column(panel.span, panel.never))
    lost = panel.lost
    ax.plot(lost.step, lost.last, color=NEVER, linewidth=1.2, linestyle=":")
    if len(lost.step):
        at = panel.kill_after, int(lost.last[-1])
        ax.plot(*at, "x", color=NEVER, markersize=7, markeredgewidth=2)
        text = {"color": NEVER, "weight": "bold", "fontsize": 9, "ha": "right", "va": "bottom"}
        ax.annotate("killed", at, (-5, 2), textcoords="offset points", **text)
    return ax


def describe(panel: Panel) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    trained, saved = int(panel.span.epoch_ends[-1]), panel.kill_after - len(panel.lost.step)
    after = panel.span.first[np.searchsorted(panel.span.step, saved)]
    return (
        f"Position in the {STREAM} stream of {len(panel.never):,} samples against training step, "
        f"{trained:,} steps in all. It is killed after step {panel.kill_after:,} and goes on from "
        f"the weights of step {saved:,} with position {after:,}; "
        f"{np.count_nonzero(panel.never):,} samples are never trained that would have been."
    )
