"""What the runs of a sweep have measured: a dot a run, a bar for where the mean lies."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np

from epochwatch._report.style import FAINT, INK, OTHERS
from epochwatch_lab.figures.picture import Picture, is_narrow

_ROW = 0.26  # inches
_NARROWEST = 0.02


def picture(groups: Sequence, numbers: Mapping[str, Sequence], means: Mapping) -> Picture:
    """Draw what the runs of a sweep have measured.

    Args:
        groups: of runs, with `named` and `parameters`.
        numbers: by the number's name, for each group a number from each of its runs.
        means: by the number's name, the interval of each group's mean.
    """
    names = [group.named for group in groups]
    bars = {
        name: [one[:3] if one.sample_size > 2 else None for one in of_groups]
        for name, of_groups in means.items()
    }

    def drawn(figure):
        rows, columns = (len(numbers), 1) if is_narrow(figure) else (1, len(numbers))
        axes = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
        draw(axes, names, numbers, bars)
        axes[0].set_ylabel(", ".join(groups[0].parameters))

    sizes = (8, height(len(names))), (4, height(len(names)) * len(numbers))
    return Picture.drawn("sweep", describe(names, numbers), drawn, *sizes)


def height(rows: int) -> float:
    """The height that a figure of so many groups of runs needs, in inches."""
    return 1.3 + _ROW * rows


def draw(
    axes: Sequence, names: Sequence[str], numbers: Mapping[str, Sequence], means: Mapping
) -> None:
    """Draw one panel for each number, one row for each group of runs.

    Args:
        axes: one for each number, sharing their y.
        names: of the groups.
        numbers: by the number's name, for each group a number from each of its runs.
        means: by the number's name, for each group (mean, low, high), or None where there is
            nothing to estimate.
    """
    for ax, look, (name, of_groups) in zip(axes, OTHERS, numbers.items(), strict=False):
        for row, values in enumerate(of_groups):
            ax.plot(values, [row] * len(values), look.marker, color=look.colour, ms=4.5, alpha=0.7)
        for row, estimate in enumerate(means.get(name, ())):
            if estimate:
                mean, low, high = estimate
                ax.plot([low, high], [row, row], color=INK, lw=1.2, zorder=3)
                ax.plot([mean], [row], "|", color=INK, ms=9, zorder=3)
        ax.set_title(name.replace(" ", "\n"))
        ax.grid(axis="y", color=FAINT, lw=0.5)
        ax.xaxis.set_major_locator(mpl.ticker.MaxNLocator(2))
        ax.set_xlim(*_limits(of_groups))
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)


def describe(names: Sequence[str], numbers: Mapping[str, Sequence]) -> str:
    """Put what `draw` shows into words: its alternative text.

    Args:
        names: of the groups.
        numbers: as `draw` takes them.

    Returns:
        The text.
    """
    parts = []
    for name, of_groups in numbers.items():
        means = [np.mean(values) for values in of_groups]
        low, high = int(np.argmin(means)), int(np.argmax(means))
        parts.append(
            f"{name}: from {means[low]:.4g} ({names[low]}) to {means[high]:.4g} ({names[high]})"
            if f"{means[low]:.4g}" != f"{means[high]:.4g}"
            else f"{name}: {means[low]:.4g} for all"
        )
    runs = sum(len(values) for values in next(iter(numbers.values())))
    return f"Dot plots of {runs:,} runs in {len(names):,} groups. Means: {'; '.join(parts)}."


def _limits(of_groups: Sequence) -> tuple[float, float]:
    """Show the runs; what differs by less than a hundredth stands close together."""
    values = np.concatenate(of_groups)
    middle = (values.min() + values.max()) / 2
    half = max(0.65 * np.ptp(values), _NARROWEST / 2)
    return middle - half, middle + half
