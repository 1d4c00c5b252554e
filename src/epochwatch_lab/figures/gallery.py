"""Images of samples, each with a line or two about it."""

from collections.abc import Sequence

import numpy as np

from epochwatch_lab.figures.picture import Picture, is_narrow

COLUMNS, NARROW_COLUMNS = 8, 4


def picture(name: str, images: np.ndarray, titles: Sequence[str], what: str) -> Picture:
    """Draw samples in rows of eight, on a telephone of four.

    Args:
        name: of the picture.
        images: (samples, height, width), grey values.
        titles: of each image, two lines at most.
        what: they are, for the alternative text.

    Returns:
        The picture.
    """

    def draw_rows(figure):
        columns = NARROW_COLUMNS if is_narrow(figure) else COLUMNS
        axes = figure.subplots(_rows(images, columns), columns, squeeze=False)
        draw(axes, images, titles)

    return Picture.drawn(
        name,
        describe(titles, what),
        draw_rows,
        wide=(8, 0.1 + 1.4 * _rows(images, COLUMNS)),
        narrow=(4, 0.1 + 1.35 * _rows(images, NARROW_COLUMNS)),
    )


def _rows(images: np.ndarray, columns: int) -> int:
    return max(1, -(-len(images) // columns))


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
