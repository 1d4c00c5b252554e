"""The small minority block against the long majority block, to scale."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from epochwatch.figures.style import INK, LOOKS, thousands

HEIGHT = 0.55


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
    ax.add_patch(_block(0, 0, majority, "majority"))
    for start in range(0, majority, minority):
        ax.add_patch(_block(start, 1, min(minority, majority - start), "minority", start > 0))
    _extent(ax, minority, 2.05, f"minority epoch: {_steps(minority, samples_a_step):,} steps")
    _extent(ax, majority, -0.55, f"majority epoch: {_steps(majority, samples_a_step):,} steps")
    ax.set(xlim=(0, majority * 1.01), ylim=(-1.05, 2.6))
    ax.set_yticks(
        [HEIGHT / 2, 1 + HEIGHT / 2], [f"majority\n{majority:,}", f"minority\n{minority:,}"]
    )
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("samples trained of each stream")
    thousands(ax.xaxis)
    return ax


def describe(minority: int, majority: int, samples_a_step: int) -> str:
    """Say in words what `draw` shows, given the same: its alternative text."""
    return (
        f"Two bars to scale. The majority has {majority:,} samples, the minority {minority:,}. "
        f"A minority epoch of {_steps(minority, samples_a_step):,} steps passes "
        f"{minority / majority:.0%} of the majority; a majority epoch of "
        f"{_steps(majority, samples_a_step):,} steps repeats the minority "
        f"{majority / minority:.1f} times."
    )


def _steps(samples: int, samples_a_step: int) -> int:
    return -(-samples // samples_a_step)


def _block(start: int, row: int, width: int, stream: str, repeat: bool = False) -> Rectangle:
    colour = LOOKS[stream].colour
    return Rectangle(
        (start, row),
        width,
        HEIGHT,
        facecolor=colour,
        edgecolor="white",
        alpha=0.35 if repeat else 1,
    )


def _extent(ax: Axes, width: int, y: float, text: str) -> None:
    ax.annotate("", (0, y), (width, y), arrowprops={"arrowstyle": "|-|", "color": INK, "shrinkA": 0,
                "shrinkB": 0, "mutation_scale": 3})  # fmt: skip
    ax.text(0, y + 0.12, text, va="bottom", fontsize=9)
