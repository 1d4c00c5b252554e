"""How many samples are still unseen, by theory and as simulated or measured."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from epochwatch.figures.style import OTHERS, thousands


class Curve(NamedTuple):
    """Samples not yet seen after so many epochs.

    Attributes:
        epochs: float64 (points,).
        expected: float64 (points,), in closed form.
        found_at: int64 (n,), the epochs after which they were counted.
        found: float64 (n, 3), the count: low, middle and high.
    """

    epochs: np.ndarray
    expected: np.ndarray
    found_at: np.ndarray
    found: np.ndarray


def draw(ax: Axes, curves: Mapping[str, Curve], samples: int) -> Axes:
    """Draw samples unseen against epochs: lines in closed form, bars as found.

    Args:
        ax: where.
        curves: by the name of a way to take samples.
        samples: in the stream.

    Returns:
        The Axes.
    """
    for look, (name, curve) in zip(OTHERS, curves.items(), strict=False):
        seen = curve.expected > 0  # a logarithmic axis has no nought
        ax.plot(curve.epochs[seen], curve.expected[seen], look.line, color=look.colour, label=name)
        low, middle, high = curve.found.T
        ax.errorbar(curve.found_at, middle, [middle - low, high - middle], fmt=look.marker,
                    color=look.colour, ms=4, capsize=2.5, lw=1.2)  # fmt: skip
    ax.set(yscale="symlog", ylim=(0, samples * 1.5), xlabel="minority epochs")
    ax.set_ylabel("majority samples never seen")
    ax.set_xlim(left=0)
    thousands(ax.yaxis)
    ax.legend(fontsize=8.5, loc="upper right")
    return ax


def describe(curves: Mapping[str, Curve], samples: int) -> str:
    """Say in words what `draw` shows, given the same: its alternative text."""
    said = []
    for name, curve in curves.items():
        points = [0, len(curve.found_at) - 1] if len(curve.found_at) > 1 else [0]
        told = " and ".join(f"{curve.found[i, 1]:,.0f} after {curve.found_at[i]:,}" for i in points)
        said.append(f"{name}: {told}")
    return f"Of {samples:,} majority samples, never seen by minority epochs: {'; '.join(said)}."
