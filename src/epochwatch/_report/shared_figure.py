"""Who trained which samples: a lane for each worker, a column for each sample."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from epochwatch._auditing.shared_counts import EpochPicture
from epochwatch._auditing.shared_result import SharedResult
from epochwatch._report import style
from epochwatch._report.figure import _settle
from epochwatch._report.shared import headline, unit

ONCE, AGAIN = "#9cc7ef", "#e76300"
LANE = 0.82  # of a lane's height that is drawn in
MOST_LANES = 8


def draw(report: SharedResult) -> Figure:
    """Draw the first epochs: what each worker trained, what came twice, and what never.

    Args:
        report: what the audit found.

    Returns:
        A figure that belongs to no window.
    """
    pictures = [] if report.contents_vary else list(report.pictures)
    lanes = len(pictures[0].once) + 1 if pictures else 1
    title = textwrap.fill(headline(report), 100)
    height = 1.1 + 0.2 * title.count("\n") + len(pictures) * (0.35 + 0.24 * lanes)
    with style.figure(8, height) as figure:
        axes = figure.subplots(max(len(pictures), 1), sharex=True, squeeze=False)[:, 0]
        for ax, picture, epoch in zip(axes, pictures, report.epochs, strict=False):
            draw_epoch(ax, picture, unit(report))
            fit = f"fit {epoch.fit}, " if report.epochs[-1].fit > 1 else ""
            ax.set_ylabel(f"{fit}epoch {epoch.epoch}", fontsize=9)
        axes[-1].set_xticks([])  # what stands in a column is no number
        axes[-1].set_xlabel(_samples_axis(report, pictures))
        if pictures:
            axes[0].legend(
                fontsize=8, loc="lower left", ncols=3, bbox_to_anchor=(0, 1.0), borderpad=0
            )
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
        _settle(figure)
    return figure


def draw_epoch(ax: Axes, picture: EpochPicture, unit: str) -> Axes:
    """Draw an epoch: a lane for each worker, and one for what none trained.

    A bar is as high as the share of its samples: where each has a column, it is whole or none.

    Args:
        ax: where.
        picture: of the epoch.
        unit: what a worker is called.

    Returns:
        The Axes.
    """
    lanes, bins = len(picture.once), len(picture.never)

    def fill(bottom, shares, **look):
        # One area with a corner where it changes: hundreds of bars would be a large file.
        low, high = np.broadcast_to(bottom, bins), bottom + LANE * shares
        changes = (np.diff(low) != 0) | (np.diff(high) != 0)
        starts = np.concatenate([[0], np.flatnonzero(changes) + 1])
        low, high = (np.append(heights[starts], heights[-1]) for heights in (low, high))
        edges = np.append(starts, bins) - 0.5
        ax.fill_between(edges, low, high, step="post", linewidth=0, **look)

    for lane in range(lanes):
        bottom, once = float(lanes - lane), picture.once[lane]
        fill(bottom, once, color=ONCE, label="_" * bool(lane) + "trained once")
        fill(
            bottom + LANE * once,
            picture.again[lane],
            facecolor=AGAIN,
            edgecolor="white",
            hatch="////",
            label="_" * bool(lane) + "trained more than once",
        )
    fill(0.0, picture.never, color=style.NEVER, label="trained by none")
    names = [f"{unit} {number}" for number in range(lanes)] if lanes <= MOST_LANES else []
    ticks = [lanes - lane + LANE / 2 for lane in range(lanes)][: len(names)]
    ax.set_yticks([*ticks, LANE / 2], [*names, "none"], fontsize=8)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(-0.5, bins - 0.5), ylim=(0, lanes + 1))
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


def _samples_axis(report: SharedResult, pictures: list[EpochPicture]) -> str:
    """Name what stands side by side."""
    if not pictures:
        return ""
    by = "index" if report.identified_by == "index" else "the feed's order"
    bins, samples = len(pictures[0].never), report.whole.samples or report.whole.trained
    a_column = "" if bins >= samples else f", a column for {samples / bins:,.0f}"
    return f"samples by {by}{a_column}"
