"""Which position of a stream is trained at which step: the figure the project is about."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from epochwatch._exposures.positions import Span
from epochwatch._report.style import FAINT, LOOKS, thousands

_HEADROOM = 1.16
_MOST_NUMBERED = 20


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


def _find_jumps(span: Span) -> np.ndarray:
    """The batches where positions do not follow on: no line shall join them."""
    # A batch that holds the stream's end and its beginning.
    wraps_inside = span.last < span.first
    falls_back = np.diff(span.last, prepend=span.last[:1]) < 0
    return np.flatnonzero(falls_back | wraps_inside)


def describe(span: Span, samples: int, stream: str) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    begins = span.first[np.searchsorted(span.step, np.append(0, span.epoch_ends[:-1]))]
    listed = ", ".join(f"{position:,}" for position in begins[:4])
    more = " and so on" if len(begins) > 4 else ""
    return (
        f"Position in the {stream} stream of {samples:,} samples against training step, over "
        f"{len(begins)} epochs. The epochs begin at position {listed}{more}; the highest "
        f"position reached is {span.last.max():,}."
    )


def _mark_epochs(ax: Axes, ends: np.ndarray, samples: int) -> None:
    """Draw a rule where each epoch ends; number the epochs while there is room for it."""
    for end in ends[:-1]:
        ax.axvline(end, color=FAINT, linewidth=0.8, zorder=0)
    if len(ends) <= _MOST_NUMBERED:
        middles = (np.append(0, ends[:-1]) + ends) / 2
        for number, middle in enumerate(middles, start=1):
            ax.text(middle, samples * 1.08, str(number), fontsize=7, ha="center", va="center")
