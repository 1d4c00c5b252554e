"""Which position of a stream is trained at which step: the figure the project is about."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from epochwatch._exposures.positions import Span
from epochwatch._report.style import FAINT, LOOKS, NEVER, thousands
from epochwatch_lab.figures.picture import Picture, is_narrow

_HEADROOM = 1.16
_MOST_NUMBERED = 20
_TALL = 0.2  # of a stream: what is never trained is named in its own band from there on


class Column(NamedTuple):
    """What a run trained of one stream, and what it did not.

    Attributes:
        span: what was trained, batch by batch.
        never: bool (samples,), by position: whether it was never trained.
    """

    span: Span
    never: np.ndarray


def picture(title: str, spans: Mapping[str, Span], sizes: Mapping[str, int]) -> Picture:
    """Make of one run, given as `draw_columns` takes it, the picture `order`."""

    def draw_run(figure):
        axes = figure.subplots(len(spans), 1, sharex=True, squeeze=False)
        draw_columns(axes, {title: spans}, sizes)

    alt = describe_columns({title: spans}, sizes)
    return Picture.drawn("order", alt, draw_run, wide=(8, 4.2), narrow=(4, 4.2))


def picture_beside(columns: Mapping[str, Column], stream: str) -> Picture:
    """Make the picture `order_side_by_side`: what several runs trained of a stream, and what not.

    Args:
        columns: the runs, by title.
        stream: its name.

    Returns:
        The picture.
    """

    def draw_runs(figure):
        shape = (len(columns), 1) if is_narrow(figure) else (1, len(columns))
        axes = figure.subplots(*shape, sharex=True, sharey=True, squeeze=False)
        for ax, (title, column) in zip(axes.flat, columns.items(), strict=True):
            draw(ax, column.span, len(column.never), stream)
            draw_never(ax, column)
            ax.set(title=title, xlabel="training step")
            ax.label_outer()

    alt = " ".join(f"{title}. {describe_never(c, stream)}" for title, c in columns.items())
    sizes = {"wide": (8, 3.2), "narrow": (4, 2.4 * len(columns))}
    return Picture.drawn("order_side_by_side", alt, draw_runs, **sizes)


def draw(ax: Axes, span: Span, samples: int, stream: str) -> Axes:
    """Draw positions against steps, with a rule where each epoch ends.

    A line that goes on over the rules resumes; one that falls back at each of them restarts.

    Args:
        ax: where.
        span: what was trained of the stream.
        samples: samples in the stream.
        stream: `minority` or `majority`.

    Returns:
        The Axes.
    """
    colour = LOOKS[stream].colour
    _mark_epochs(ax, span.epoch_ends, samples)
    for run in np.split(np.arange(len(span.step)), _find_jumps(span)):
        ax.plot(span.step[run], span.last[run], color=colour, linewidth=2, solid_capstyle="butt")
    ax.axhline(samples, color=colour, linewidth=0.8, linestyle=":")
    ax.set(
        xlim=(0, span.epoch_ends[-1]), ylim=(0, samples * _HEADROOM), ylabel=f"{stream} position"
    )
    thousands(ax.xaxis)
    thousands(ax.yaxis)
    return ax


def draw_columns(axes: np.ndarray, columns: Mapping, sizes: Mapping[str, int]) -> np.ndarray:
    """Draw runs side by side, a column to a run and a row to a stream.

    Args:
        axes: array of Axes (streams, runs).
        columns: per title of a run, the span of each stream.
        sizes: samples in each stream.

    Returns:
        The Axes.
    """
    for column, (title, spans) in zip(axes.T, columns.items(), strict=True):
        for ax, (stream, span) in zip(column, spans.items(), strict=True):
            draw(ax, span, sizes[stream], stream)
            ax.label_outer()
        column[0].set_title(title)
        column[-1].set_xlabel("training step")
    return axes


def describe_columns(columns: Mapping, sizes: Mapping[str, int]) -> str:
    """Put what `draw_columns` shows, given the same, into words: its alternative text."""
    return " ".join(
        f"{title}: {describe(span, sizes[stream], stream)}"
        for title, spans in columns.items()
        for stream, span in spans.items()
    )


def draw_never(ax: Axes, column: Column) -> Axes:
    """Shade the positions that were never trained, and say how many they are."""
    bottoms, heights = _bands(column.never)
    width = int(column.span.epoch_ends[-1])
    ax.barh(bottoms, width, heights, align="edge", color=NEVER, alpha=0.15, linewidth=0, zorder=0)
    text = {"color": NEVER, "weight": "bold", "fontsize": 10}
    if not len(heights):
        return ax
    said = f"{heights.sum():,} never seen"
    tallest = heights.argmax()
    bottom, height = bottoms[tallest], heights[tallest]
    if height >= _TALL * len(column.never):
        ax.text(width / 2, bottom + height / 2, said, ha="center", va="center", **text)
    else:
        # Beside a line that climbs to the right there is room on the left.
        ax.annotate(said, (0, bottom), (6, -3), textcoords="offset points", va="top", **text)
    return ax


def describe_never(column: Column, stream: str) -> str:
    """Put what `draw` and `draw_never` show, given the same, into words."""
    samples, never = len(column.never), np.count_nonzero(column.never)
    return (
        f"{samples - never:,} of {samples:,} {stream} samples were seen, {never:,} were never "
        f"seen; epochs begin at position {_begins(column.span)}."
    )


def _bands(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find where a mask is true: the beginning of each band, and how many follow."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return edges[::2], np.diff(edges)[::2]


def _find_jumps(span: Span) -> np.ndarray:
    """The batches where positions do not follow on: no line shall join them."""
    # A batch that holds the stream's end and its beginning.
    wraps_inside = span.last < span.first
    falls_back = np.diff(span.last, prepend=span.last[:1]) < 0
    return np.flatnonzero(falls_back | wraps_inside)


def describe(span: Span, samples: int, stream: str) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    return (
        f"Position in the {stream} stream of {samples:,} samples against training step, over "
        f"{len(span.epoch_ends)} epochs. The epochs begin at position {_begins(span)}; the highest "
        f"position reached is {span.last.max():,}."
    )


def _begins(span: Span) -> str:
    """List the positions that the first epochs begin at."""
    begins = span.first[np.searchsorted(span.step, np.append(0, span.epoch_ends[:-1]))]
    listed = ", ".join(f"{position:,}" for position in begins[:4])
    return listed + (" and so on" if len(begins) > 4 else "")


def _mark_epochs(ax: Axes, ends: np.ndarray, samples: int) -> None:
    """Draw a rule where each epoch ends; number the epochs while there is room for it."""
    for end in ends[:-1]:
        ax.axvline(end, color=FAINT, linewidth=0.8, zorder=0)
    if len(ends) <= _MOST_NUMBERED:
        middles = (np.append(0, ends[:-1]) + ends) / 2
        for number, middle in enumerate(middles, start=1):
            ax.text(middle, samples * 1.08, str(number), fontsize=8, ha="center", va="center")
