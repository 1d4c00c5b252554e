"""What an audit found, at a glance: the way through the feed, exposures, coverage."""

import textwrap

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from epochwatch._auditing.result import AuditResult
from epochwatch._exposures.positions import binned
from epochwatch._report import coverage, exposures, style
from epochwatch._text import percent

FEW_STEPS = 100  # with so few, each is a point
MOST_RULES = 60
MOST_NAMED = 6
ALL = "all samples"


def draw(report: AuditResult) -> Figure:
    """Draw the report of an audit, as many panels as there is something to show.

    Args:
        report: what the audit found.

    Returns:
        A figure that belongs to no window.
    """
    lower = {}
    if len(report.whole.exposures):
        lower["exposures"] = _exposures
    if report.whole.coverage is not None:
        lower["coverage"] = _coverage
    rows = [["order"] * 2] if report.judged.ordered else []
    # One panel alone has the whole width.
    rows += [list(lower) * (2 // len(lower))] if lower else []
    with style.figure(8, 0.9 + 2.8 * len(rows)) as figure:
        axes = figure.subplot_mosaic(rows) if rows else {}
        if report.judged.ordered:
            draw_order(axes["order"], report.judged, report.length)
        for name, panel in lower.items():
            panel(axes[name], report)
        title = f"{report.verdict or 'one epoch'}: {report.judged.meaning}"
        figure.suptitle(textwrap.fill(title, 96), x=0.01, ha="left", fontsize=10.5)
    return figure


def draw_order(ax: Axes, judged, length: int | None) -> Axes:
    """Draw the place of each trained batch in the feed's own order against training steps.

    A line that goes on over the rules resumes; one that falls back restarts or replays; one
    that jumps up skips.

    Args:
        ax: where.
        judged: the verdict of an audit, a report's `judged`.
        length: batches in a pass of the feed; None where it has no end.

    Returns:
        The Axes.
    """
    ends = np.cumsum([epoch.steps for epoch in judged.epochs])
    # Points where the steps are few; else a line alone, which stays sharp.
    marker = "o" if ends[-1] <= FEW_STEPS else ""
    for step, place, steps in _stretches(judged, length):
        ax.plot(
            step + np.arange(steps),
            place + np.arange(steps),
            color=style.INK,
            linewidth=2,
            marker=marker,
            markersize=3,
        )
    ruled = _rule(ax, judged, ends)
    top = max(place + steps for _, place, steps in _stretches(judged, length))
    if length is not None:
        ax.axhline(length, color=style.FAINT, linestyle=":")
        top = max(top, length)
        _shade(ax, _reached(judged, length), length)
    ax.set(xlim=(-0.5, ends[-1] - 0.5), ylim=(-0.03 * top, top * 1.04 or 1))
    ax.set(xlabel=f"training step{ruled}", ylabel="place in the feed's own order")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(ticker.MaxNLocator(integer=True))
        style.thousands(axis)
    return ax


def _stretches(judged, length: int | None):
    """Cut the epochs where a pass of the feed ends inside of them: step, place, steps."""
    step = 0
    for first, epoch in zip(judged.first_places, judged.epochs, strict=True):
        left, place = epoch.steps, first
        while left:
            steps = left if length is None else min(left, length - place % length)
            yield step, place if length is None else place % length, steps
            step, left, place = step + steps, left - steps, place + steps


def _reached(judged, length: int) -> int:
    """Return the place behind the highest one that was trained."""
    return max(place + steps for _, place, steps in _stretches(judged, length))


def _shade(ax: Axes, reached: int, length: int) -> None:
    """Shade the feed's end that was never reached, and say how much it is: it may be thin."""
    if reached == length:
        return
    ax.axhspan(reached, length, color=style.NEVER, alpha=0.12, linewidth=0)
    thin = length - reached < length / 10
    ax.text(
        0.01,
        reached - length / 50 if thin else (reached + length) / 2,
        f"batches never reached: {length - reached:,}",
        color=style.NEVER,
        va="top" if thin else "center",
        transform=ax.get_yaxis_transform(),
    )


def _rule(ax: Axes, judged, ends: np.ndarray) -> str:
    """Mark the epochs' ends, in red where something is lost, and say so."""
    if not 1 < len(ends) <= MOST_RULES:
        return ""
    for end, epoch, boundary in zip(ends[:-1], judged.epochs, judged.boundaries, strict=False):
        lost = boundary.verdict != "resumes" or judged.steps_asked not in (None, epoch.steps)
        ax.axvline(end - 0.5, color=style.NEVER if lost else style.FAINT, linewidth=0.8, zorder=0)
    return "; a rule where an epoch ends, red for a finding"


def _exposures(ax: Axes, report) -> None:
    counted = report.whole.exposures
    by_index = report.identified_by == "index"
    # Fingerprints have no order that means anything.
    bins = binned(counted if by_index else np.sort(counted)[::-1])
    exposures.draw(ax, bins, ALL)
    order = "by index" if by_index else "most trained first"
    size = f" (bins of {bins.size:,})" if bins.size > 1 else ""
    ax.set_xlabel(f"samples {order}{size}")
    ax.xaxis.set_major_locator(ticker.MaxNLocator(5, integer=True))


def _coverage(ax: Axes, report) -> None:
    shares = _by_stream(report)
    least_first = sorted(shares, key=lambda name: shares[name][-1])
    for name in least_first[MOST_NAMED:]:
        epochs = np.arange(1, len(shares[name]) + 1)
        ax.plot(epochs, shares[name], color=style.FAINT, linewidth=1)
    coverage.draw(ax, {name: shares[name] for name in shares if name in least_first[:MOST_NAMED]})
    if len(shares[least_first[0]]) == 1:
        ax.set_xticks([1])


def _by_stream(report) -> dict[str, np.ndarray]:
    known = {
        f"stream {name}": stream.coverage
        for name, stream in report.streams.items()
        if stream.coverage is not None
    }
    return known or {ALL: report.whole.coverage}


def describe(report: AuditResult) -> str:
    """Describe what `draw` shows, given the same: its alternative text."""
    judged, whole = report.judged, report.whole
    parts = [
        f"Audit of a feed, {len(judged.epochs):,} epochs; verdict: {report.verdict or 'none'}."
    ]
    if judged.ordered:
        places = [place % (report.length or place + 1) for place in judged.first_places[:4]]
        begins = ", ".join(f"{place:,}" for place in places)
        more = " and so on" if len(judged.first_places) > 4 else ""
        of_all = "" if report.length is None else f" of {report.length:,}"
        parts.append(f"The epochs begin at place {begins}{more}{of_all}.")
    if len(whole.exposures):
        low, high = whole.exposures.min(), whole.exposures.max()
        never = "unknown" if whole.never_trained is None else f"{whole.never_trained:,}"
        parts.append(f"Exposures a sample: {low:,} to {high:,}; samples never trained: {never}.")
    if whole.coverage is not None:
        shares = _by_stream(report)
        ends = "; ".join(f"{name} {percent(share[-1])}" for name, share in shares.items())
        parts.append(f"Coverage in the end: {ends}.")
    return " ".join(parts)
