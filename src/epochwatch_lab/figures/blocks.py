"""The small minority block against the long majority block, to scale."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from epochwatch._report.style import INK, LOOKS, thousands
from epochwatch._text import percent
from epochwatch_lab.figures.picture import Picture, is_narrow

_HEIGHT = 0.55
_MOST_REPEATS = 100
_POINTED_AT = 0.02  # of the widest bar


def picture(minority: int, majority: int, samples_a_step: int) -> Picture:
    """Make of both streams, given as `draw` takes them, the picture `blocks`."""
    sizes = (minority, majority, samples_a_step)
    return Picture.drawn(
        "blocks", describe(*sizes), lambda figure: draw(figure.subplots(), *sizes), narrow=(4, 2.6)
    )


def picture_rows(rows: Sequence[tuple[int, int, int]]) -> Picture:
    """Make of pairs of streams, given as `draw_rows` takes them, the picture `ratios`."""

    def draw_pairs(figure):
        axes = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        draw_rows(axes, rows)

    sizes = {"wide": (8, 0.6 + 0.95 * len(rows)), "narrow": (4, 0.6 + 1.15 * len(rows))}
    return Picture.drawn("ratios", describe_rows(rows), draw_pairs, **sizes)


def draw(ax: Axes, minority: int, majority: int, samples_a_step: int) -> Axes:
    """Draw both streams as blocks, the minority repeated until the majority is through.

    Args:
        ax: where.
        minority: samples in the minority stream.
        majority: samples in the majority stream.
        samples_a_step: samples of each stream in a batch.

    Returns:
        The Axes.
    """
    _draw_blocks(ax, minority, majority)
    _draw_extent(
        ax, minority, 2.05, f"minority epoch: {_steps_for(minority, samples_a_step):,} steps"
    )
    _draw_extent(
        ax, majority, -0.55, f"majority epoch: {_steps_for(majority, samples_a_step):,} steps"
    )
    ax.set(xlim=(0, majority * 1.01), ylim=(-1.05, 2.6))
    ax.set_yticks(
        [_HEIGHT / 2, 1 + _HEIGHT / 2], [f"majority\n{majority:,}", f"minority\n{minority:,}"]
    )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("samples trained of each stream")
    thousands(ax.xaxis)
    return ax


def describe(minority: int, majority: int, samples_a_step: int) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    return (
        f"Two bars to scale. The majority has {majority:,} samples, the minority {minority:,}. "
        f"A minority epoch of {_steps_for(minority, samples_a_step):,} steps passes "
        f"{minority / majority:.0%} of the majority; a majority epoch of "
        f"{_steps_for(majority, samples_a_step):,} steps repeats the minority "
        f"{majority / minority:.1f} times."
    )


def draw_rows(axes: Sequence, rows: Sequence[tuple[int, int, int]]) -> Sequence:
    """Draw several pairs of streams below each other, all to one scale.

    A minority too small to be seen well at that scale is pointed at, and where its repeats would
    be too small they are drawn as one bar that says how many.

    Args:
        axes: one to a pair, sharing their x.
        rows: minority, majority and samples a step of each pair, as `draw` takes them.

    Returns:
        The Axes.
    """
    widest = max(majority for _, majority, _ in rows)
    for ax, (minority, majority, a_step) in zip(axes, rows, strict=True):
        _draw_blocks(ax, minority, majority)
        if minority < _POINTED_AT * widest:
            pointer = {"marker": "v", "color": LOOKS["minority"].colour, "ms": 5}
            # A block this narrow is hard to see by itself.
            ax.plot([minority / 2], [1.08 + _HEIGHT], **pointer, clip_on=False)
        if majority > _MOST_REPEATS * minority:
            times, middle = f"{majority / minority:,.0f} times", {"ha": "center", "va": "center"}
            ax.text(majority / 2, 1 + _HEIGHT / 2, times, **middle, fontsize=8)
        ax.set(xlim=(0, widest * 1.01), ylim=(-0.35, 1.85))
        ax.set_yticks([_HEIGHT / 2, 1 + _HEIGHT / 2], ["majority", "minority"], fontsize=8)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        apart = "\n" if is_narrow(ax.figure) else "    "
        ax.set_title(
            f"1 : {majority / minority:,.4g}{apart}minority {minority:,} in "
            f"{_steps_for(minority, a_step):,} steps, majority {majority:,} in "
            f"{_steps_for(majority, a_step):,}",
            fontsize=9 if apart != "\n" else 8,
            pad=2,
        )
        thousands(ax.xaxis)
    for ax in axes[:-1]:
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="x", length=0, labelbottom=False)
    axes[-1].set_xlabel("samples trained of each stream")
    return axes


def describe_rows(rows: Sequence[tuple[int, int, int]]) -> str:
    """Put what `draw_rows` shows, given the same, into words: its alternative text."""
    pairs = "; ".join(
        f"{minority:,} to {majority:,}, a minority epoch {percent(minority / majority)} of a "
        "majority epoch"
        for minority, majority, _ in rows
    )
    return f"Pairs of bars, all to one scale, minority to majority: {pairs}."


def _steps_for(samples: int, samples_a_step: int) -> int:
    return -(-samples // samples_a_step)


def _draw_blocks(ax: Axes, minority: int, majority: int) -> None:
    """Draw the majority, and the minority repeated below it; a great many repeats as one."""
    ax.add_patch(_block(0, 0, majority, "majority"))
    few = majority <= _MOST_REPEATS * minority
    ax.add_patch(_block(0, 1, min(minority, majority), "minority", edged=few))
    for start in range(minority, majority, minority if few else majority):
        width = min(minority, majority - start) if few else majority - start
        ax.add_patch(_block(start, 1, width, "minority", repeat=True, edged=few))


def _block(
    start: int, row: int, width: int, stream: str, *, repeat: bool = False, edged: bool = True
) -> Rectangle:
    colour = LOOKS[stream].colour
    return Rectangle(
        (start, row),
        width,
        _HEIGHT,
        facecolor=colour,
        edgecolor="white" if edged else "none",
        alpha=0.35 if repeat else 1,
    )


def _draw_extent(ax: Axes, width: int, y: float, text: str) -> None:
    bar = {"arrowstyle": "|-|", "color": INK, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 3}
    ax.annotate("", (0, y), (width, y), arrowprops=bar)
    ax.text(0, y + 0.12, text, va="bottom", fontsize=9)
