"""The samples of one batch, as images."""

import numpy as np

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
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, value, place in zip(axes.flat, images, label, position, strict=False):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(f"label {value}\nposition {place:,}", fontsize=8, loc="center")
    return axes


def describe(label: np.ndarray, position: np.ndarray) -> str:
    """Say in words what `draw` shows: its alternative text."""
    labels = " ".join(map(str, label))
    positions = " ".join(map(str, position))
    return f"{len(label)} images of one batch. Labels: {labels}. Positions: {positions}."
