"""What a schedule that acts at the ends of epochs does, against weight updates."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes

from epochwatch._report.style import LOOKS, thousands
from epochwatch_lab.figures.picture import Picture


class Timeline(NamedTuple):
    """One training as it is cut into epochs.

    Attributes:
        updates: int64 (epochs,), weight updates by the end of each epoch.
        validation: float64 (epochs,), the validation loss then.
        learning_rate: float64 (epochs,), that each epoch was trained with.
        events: by name, the updates at which a callback acted.
    """

    updates: np.ndarray
    validation: np.ndarray
    learning_rate: np.ndarray
    events: Mapping[str, Sequence[int]]


def picture(timelines: Mapping[str, Timeline]) -> Picture:
    """Draw one training as two schedules see it.

    Args:
        timelines: by `minority` and `majority`, the stream that an epoch goes through once.

    Returns:
        The picture.
    """

    def draw_on(figure):
        return draw(figure.subplots(3, 1, sharex=True, height_ratios=[3, 2, 2.2]), timelines)

    sizes = {"wide": (8, 6.4), "narrow": (4, 5.6)}
    return Picture.drawn("schedule", describe(timelines), draw_on, **sizes)


def draw(axes: Sequence, timelines: Mapping[str, Timeline]) -> Sequence:
    """Draw validation, learning rate and what callbacks did, below each other.

    Args:
        axes: three, sharing their x.
        timelines: by `minority` and `majority`, the stream that an epoch goes through once.

    Returns:
        The Axes.
    """
    validation, rate, acting = axes
    for stream, line in timelines.items():
        look = LOOKS[stream]
        style = {"color": look.colour, "linestyle": look.line, "label": f"{stream} epochs"}
        # The majority's few points stand around the minority's many.
        point = {"ms": 9, "fillstyle": "none"} if stream == "majority" else {"ms": 5}
        validation.plot(line.updates, line.validation, marker=look.marker, **point, **style)
        edges = np.append(0, line.updates)
        rate.stairs(line.learning_rate, edges, baseline=None, lw=1.6, **style)
    validation.set(ylabel="validation loss", yscale="log")
    for ticks in (validation.yaxis.set_major_formatter, validation.yaxis.set_minor_formatter):
        ticks(ticker.StrMethodFormatter("{x:g}"))
    validation.yaxis.set_minor_locator(ticker.LogLocator(subs=(2, 5)))
    validation.legend(fontsize=8.5, loc="upper right")
    validation.set_title("the training, as validation sees it")
    rate.set(ylabel="learning rate", ylim=(0, None))
    rate.set_title("a decay after each epoch")
    acting.set_title("callbacks, if nothing improves")
    _draw_events(acting, timelines)
    last = max(line.updates[-1] for line in timelines.values())
    acting.set(xlabel="weight updates", xlim=(0, last * 1.02))
    acting.xaxis.set_major_locator(ticker.MaxNLocator(5))
    thousands(acting.xaxis)
    return axes


def describe(timelines: Mapping[str, Timeline]) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    parts = []
    for stream, line in timelines.items():
        events = ", ".join(
            f"{name} at {', '.join(f'{at:,}' for at in acted) or 'no update'}"
            for name, acted in line.events.items()
        )
        parts.append(
            f"In {stream} epochs: {len(line.updates):,} validations, the learning rate falls from "
            f"{line.learning_rate[0]:.3g} to {line.learning_rate[-1]:.3g}, {events}"
        )
    return (
        f"One training of {line.updates[-1]:,} weight updates, cut in two ways. {'. '.join(parts)}."
    )


def _draw_events(ax: Axes, timelines: Mapping[str, Timeline]) -> None:
    names = dict.fromkeys(name for line in timelines.values() for name in line.events)
    rows = [(stream, name) for name in names for stream in timelines]
    for row, (stream, name) in enumerate(rows):
        acted = timelines[stream].events[name]
        ax.plot(acted, [row] * len(acted), LOOKS[stream].marker, color=LOOKS[stream].colour, ms=5)
        ax.axhline(row, color=LOOKS[stream].colour, lw=0.5, alpha=0.4)
        if not acted:
            ax.text(0, row, " never", va="center", fontsize=8, color=LOOKS[stream].colour)
    ax.set_yticks(
        range(len(rows)), [f"{name}\n{stream} epochs" for stream, name in rows], fontsize=8
    )
    ax.set_ylim(len(rows) - 0.5, -0.5)
