"""The samples of one batch, as images."""

import numpy as np

from epochwatch_lab.figures import gallery

COLUMNS = 8


def draw(axes: np.ndarray, images: np.ndarray, label: np.ndarray, position: np.ndarray):
    """Draw a batch, a sample to an Axes.

    Args:
        axes: array of Axes, at least as many as samples; the rest is left empty.
        images: (batch, height, width), grey values.
        label: int (batch,).
        position: int (batch,), rank of each sample within its own stream.

    Returns:
        The Axes.
    """
    named = zip(label, position, strict=True)
    return gallery.draw(axes, images, [f"label {a}\nposition {b:,}" for a, b in named])


def describe(label: np.ndarray, position: np.ndarray) -> str:
    """Put what `draw` shows into words: its alternative text."""
    labels = " ".join(map(str, label))
    positions = " ".join(map(str, position))
    return f"{len(label)} images of one batch. Labels: {labels}. Positions: {positions}."
