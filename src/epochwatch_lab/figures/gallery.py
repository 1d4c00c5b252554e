"""Images of samples, each with a line or two about it."""

from collections.abc import Sequence

import numpy as np


def draw(axes: np.ndarray, images: np.ndarray, titles: Sequence[str]) -> np.ndarray:
    """Draw a sample to an Axes.

    Args:
        axes: array of Axes, at least as many as images; the rest is left empty.
        images: (samples, height, width), grey values.
        titles: of each image.

    Returns:
        The Axes.
    """
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        ax.imshow(image, cmap="gray_r", vmin=0, vmax=255)
        ax.set_title(title, fontsize=8, loc="center")
    return axes


def describe(titles: Sequence[str], what: str) -> str:
    """Put what `draw` shows into words: how many of what, and the title of each."""
    each = ", ".join(" ".join(title.split()) for title in titles)
    return f"{len(titles)} images: {what}. {each or 'There are none'}."
