"""What an audit found, at a glance: the rare samples against the rest, from epoch to epoch.

Three panels, as far as there is something to show: how each epoch began, what part of the
samples had been trained by its end, and how often each sample was.
"""

import itertools
import textwrap
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.result import AuditResult
from epochwatch._report import coverage, style
from epochwatch._report.headline import headline
from epochwatch._text import count_of, percent

ALL = "all samples"
MOST_SINGLE = 9  # exposures up to which each number has a bar of its own
MOST_UPRIGHT = 8  # bars whose numbers have room side by side
MOST_CELLS = 60  # epochs that are set apart from one another
# By colour and by hatch, for eyes and printers without colours.
EPOCH_LOOKS = {
    "restarts": (style.NEVER, ""),
    "skips": ("#e76300", "////"),
    "replays": ("#a96b59", "...."),
    "runs dry": ("#ffa90e", "xxxx"),
    "overruns": ("#832db6", "\\\\\\\\"),
    "resumes": ("#9cc7ef", ""),
    "begins": ("white", ""),
}


class Group(NamedTuple):
    """Streams that are drawn together.

    Attributes:
        name: as it is written.
        streams: their counts.
    """

    name: str
    streams: Sequence[StreamCounts]

    @property
    def exposures(self) -> np.ndarray:
        """int64, how often each sample was trained."""
        return np.concatenate([stream.exposures for stream in self.streams])

    @property
    def coverage(self) -> np.ndarray | None:
        """float64 (epochs,), share of all its samples; None where one is not known."""
        if any(stream.coverage is None for stream in self.streams):
            return None
        sizes = [stream.samples for stream in self.streams]
        shares = np.array([stream.coverage for stream in self.streams])
        return np.average(shares, axis=0, weights=sizes if any(sizes) else None)

    @property
    def extremes(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest coverage of its streams, each float64 (epochs,)."""
        shares = np.array([stream.coverage for stream in self.streams])
        return shares.min(axis=0), shares.max(axis=0)


def draw(report: AuditResult) -> Figure:
    """Draw the report of an audit, as many panels as there is something to show.

    Args:
        report: what the audit found.

    Returns:
        A figure that belongs to no window.
    """
    groups = rare_against_rest(report)
    heights = dict(_panel_heights(report, groups))
    title = _title(report)
    with style.figure(8, 0.5 + 0.2 * title.count("\n") + sum(heights.values())) as figure:
        axes = {}
        if heights:
            rows = [[name] for name in heights]
            axes = figure.subplot_mosaic(rows, height_ratios=[*heights.values()])
        if "epochs" in axes:
            draw_epochs(axes["epochs"], report)
        if "coverage" in axes:
            draw_coverage(axes["coverage"], report, groups)
        if "exposures" in axes:
            draw_exposures(axes["exposures"], groups)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.5)
        _settle(figure)
    return figure


def _settle(figure: Figure) -> None:
    """Lay the panels out once and for all: each time it is done anew, last digits differ."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        ax.set_position([round(number, 4) for number in ax.get_position().bounds])


def _title(report: AuditResult) -> str:
    unmeasured = [f"Unmeasured: {line}" for line in report.unmeasured]
    return "\n".join(textwrap.fill(line, 100) for line in [headline(report), *unmeasured])


def _panel_heights(report: AuditResult, groups: list[Group]) -> Iterator[tuple[str, float]]:
    """Choose the panels, each with its height in inches."""
    if report.boundaries and report.judged.ordered:
        yield "epochs", 0.5
    # Without an identity of the samples no count of them means anything.
    if report.contents_vary:
        return
    if any(group.coverage is not None for group in groups):
        yield "coverage", 3.0
    if any(len(group.exposures) for group in groups):
        yield "exposures", 2.8


def rare_against_rest(report: AuditResult) -> list[Group]:
    """Group the streams: the rarest alone, the others together; one group without streams.

    Of streams that are equally rare it is the one that was trained least.
    """
    streams = report.streams
    if len(streams) < 2:
        names = [_stream_name(name) for name in streams] or [ALL]
        return [Group(names[0], [*streams.values()] or [report.whole])]
    rarest = min(streams, key=lambda name: _rarity(streams[name]))
    others = {name: stream for name, stream in streams.items() if name != rarest}
    rest = f"the other {len(others):,}" if len(others) > 1 else _stream_name(*others)
    return [Group(_stream_name(rarest), [streams[rarest]]), Group(rest, [*others.values()])]


def _rarity(stream: StreamCounts) -> tuple[float, float]:
    size = stream.trained if stream.samples is None else stream.samples
    return size, 1.0 if stream.coverage is None else stream.coverage[-1]


def _stream_name(name: str) -> str:
    """Name a stream: a class is a number, which alone says nothing."""
    return name if name.isidentifier() else f"stream {name}"


def group_looks(groups: Sequence[Group]) -> dict[str, style.LineLook]:
    """Choose how groups are drawn: the rare one and the rest as the two streams of all figures."""
    looks = style.LOOKS.values() if len(groups) > 1 else style.OTHERS
    return dict(zip((group.name for group in groups), looks, strict=False))


def draw_epochs(ax: Axes, report: AuditResult) -> Axes:
    """Draw how each epoch began, or that it had too few or too many steps: a cell to each.

    Args:
        ax: where.
        report: what the audit found, with an order to follow.

    Returns:
        The Axes.
    """
    marks = epoch_marks(report)
    for name, (colour, hatch) in EPOCH_LOOKS.items():
        cells = [*_runs_of(name, marks)]
        count = marks.count(name)
        label = f"{name}: {count:,} of {len(marks):,} epochs" if name != "begins" else None
        if cells:
            look = {"facecolor": colour, "edgecolor": "white", "hatch": hatch, "linewidth": 0}
            ax.broken_barh(cells, (0, 1), label=label, **look)
    if len(marks) <= MOST_CELLS:
        ax.vlines(np.arange(1.5, len(marks)), 0, 1, color="white", linewidth=2)
    ax.set(xlim=(0.5, len(marks) + 0.5), ylim=(0, 1), xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.legend(fontsize=8, loc="lower left", ncols=4, bbox_to_anchor=(0, 1.0), borderpad=0)
    return ax


def epoch_marks(report: AuditResult) -> list[str]:
    """Name the worst of each epoch: how it began, or what its steps were."""
    begun = iter(["begins", *(boundary["verdict"] for boundary in report.boundaries)])
    judged = report.judged
    marks = []
    for steps, finding in zip(judged.steps_run, judged.step_findings, strict=True):
        # An epoch without a step has trained no batch that could be at a boundary.
        occur = {finding, next(begun)} if steps else {finding}
        marks.append(next(name for name in EPOCH_LOOKS if name in occur))
    return marks


def _runs_of(name: str, marks: list[str]) -> Iterator[tuple[float, int]]:
    """Find where a mark stands in a row: begin and width, for cells around 1, 2, 3."""
    at = 0
    for mark, group in itertools.groupby(marks):
        count = len(list(group))
        if mark == name:
            yield at + 0.5, count
        at += count


def draw_coverage(ax: Axes, report: AuditResult, groups: Sequence[Group]) -> Axes:
    """Draw the coverage of each group by epoch, and what of all samples was lost.

    Args:
        ax: where.
        report: what the audit found.
        groups: of its streams.

    Returns:
        The Axes.
    """
    known = {group.name: group for group in groups if group.coverage is not None}
    look_of = group_looks(groups)
    for name, look in look_of.items():
        if name in known and len(known[name].streams) > 1:
            low, high = known[name].extremes
            epochs = np.arange(1, len(low) + 1)
            ax.fill_between(epochs, low, high, color=look.colour, alpha=0.18, linewidth=0)
    coverage.draw(ax, {name: group.coverage for name, group in known.items()}, look_of)
    if report.lost and report.whole.samples:
        _shade_lost(ax, report.lost, report.whole)
    ax.set_xlim(0.5, len(report.judged.steps_run) + 0.5)
    if report.judged.epochs and report.judged.epochs[-1].fit > 1:
        ax.set_xlabel("epoch, numbered across all fits")
    return ax


def _shade_lost(ax: Axes, lost: int, whole: StreamCounts) -> None:
    """Shade what was lost above what was trained, and say how much it is: it may be thin."""
    low, high = whole.trained / whole.samples, (whole.trained + lost) / whole.samples
    ax.axhspan(low, high, color=style.NEVER, alpha=0.15, linewidth=0)
    is_thick = high - low > 0.1
    ax.text(
        0.01,
        (low + high) / 2 if is_thick else low - 0.02,
        f"lost: {lost:,} of all {whole.samples:,} samples",
        color=style.NEVER,
        va="center" if is_thick else "top",
        transform=ax.get_yaxis_transform(),
    )


def draw_exposures(ax: Axes, groups: Sequence[Group]) -> Axes:
    """Draw how many samples of each group were trained how often, as shares of the group.

    Args:
        ax: where.
        groups: of a report's streams.

    Returns:
        The Axes.
    """
    seen = {group.name: group.exposures for group in groups if len(group.exposures)}
    is_whole = all(stream.samples is not None for group in groups for stream in group.streams)
    bins = exposure_bins(np.concatenate([*seen.values()]), with_never=is_whole)
    width = 0.8 / len(seen)
    look_of = group_looks(groups)
    is_upright = len(bins) <= MOST_UPRIGHT
    for rank, (name, exposures) in enumerate(seen.items()):
        counts = np.array([np.count_nonzero((exposures >= a) & (exposures <= b)) for a, b in bins])
        left = np.arange(len(bins)) - 0.4 + rank * width
        bars = ax.bar(
            left,
            counts / len(exposures),
            width,
            align="edge",
            color=look_of[name].colour,
            hatch="//" * rank,
            edgecolor="white",
            linewidth=0,
            label=f"{name}: {_in_numbers(exposures)}",
        )
        # A bar may be too low to be seen; its number is not.
        texts = [f"{count:,}" if count else "" for count in counts]
        ax.bar_label(bars, texts, fontsize=7.5, rotation=0 if is_upright else 90, padding=2)
    if is_whole:
        ax.axvspan(-0.5, 0.5, color=style.NEVER, alpha=0.08, linewidth=0)
    ax.set(xlim=(-0.5, len(bins) - 0.5), ylim=(0, 1.15 if is_upright else 1.4))
    slant = {} if is_upright else {"rotation": 30, "ha": "right", "fontsize": 8}
    ax.set_xticks(range(len(bins)), [_bin_name(*ends) for ends in bins], **slant)
    ax.set(xlabel="times that a sample was trained", ylabel="share of the samples")
    ax.set_yticks([0, 0.25, 0.5, 0.75, 1])
    ax.yaxis.set_major_formatter(ticker.PercentFormatter(1))
    ax.legend(fontsize=8, loc="lower left", bbox_to_anchor=(0, 1.0), borderpad=0)
    return ax


def exposure_bins(exposures: np.ndarray, *, with_never: bool) -> list[tuple[int, int]]:
    """Choose the bins of a histogram, first and last number of each.

    Each number has its own where they are few; or else each bin is twice as wide as the one
    before. Those never trained are never put together with others.

    Example:
        >>> exposure_bins(np.array([0, 1, 20]), with_never=True)
        [(0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 20)]
    """
    top = int(exposures.max())
    if top <= MOST_SINGLE:
        ends = [(number, number) for number in range(1, top + 1)]
    else:
        powers = range((top - 1).bit_length() + 1)
        ends = [(2 ** (power - 1) + 1 if power else 1, 2**power) for power in powers]
    # Nothing is drawn below what occurs.
    low = int(exposures[exposures > 0].min(initial=top))
    drawn = [(max(first, low), min(last, top)) for first, last in ends if last >= low]
    return [(0, 0)] * with_never + drawn


def _bin_name(first: int, last: int) -> str:
    if last == 0:
        return "never"
    return f"{first:,}" if first == last else f"{first:,}–{last:,}"


def _in_numbers(exposures: np.ndarray) -> str:
    """Write how many samples, and the extremes of their exposures beside the mean."""
    samples = count_of(len(exposures), "sample")
    low, high = int(exposures.min()), int(exposures.max())
    if low == high:
        return f"{samples}, each {count_of(low, 'time')}"
    return f"{samples}, {low:,} to {high:,} times, {exposures.mean():,.1f} on average"


def describe(report: AuditResult) -> str:
    """Describe what `draw` shows, given the same: its alternative text."""
    groups = rare_against_rest(report)
    panels = dict(_panel_heights(report, groups))
    parts = [headline(report)]
    if "epochs" in panels:
        marks = epoch_marks(report)
        counts = {name: marks.count(name) for name in EPOCH_LOOKS if name in marks}
        counts.pop("begins", None)
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        parts.append(f"Of {len(marks):,} epochs: {told}.")
    if "coverage" in panels:
        known = {group.name: group.coverage for group in groups if group.coverage is not None}
        ends = "; ".join(f"{name} {percent(shares[-1])}" for name, shares in known.items())
        parts.append(f"Coverage in the end: {ends}.")
    if "exposures" in panels:
        numbers = [f"{g.name}, {_in_numbers(g.exposures)}" for g in groups if len(g.exposures)]
        parts.append(f"Trained: {'; '.join(numbers)}.")
    return " ".join(parts)
