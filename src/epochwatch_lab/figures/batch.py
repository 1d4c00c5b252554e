"""The samples of one batch, as images."""

import numpy as np

from epochwatch_lab.figures import gallery
from epochwatch_lab.figures.picture import Picture, is_narrow

COLUMNS = 8
NARROW_COLUMNS = 4
SHOWN = 16  # samples: of a longer batch, its first


def picture(
    name: str, images: np.ndarray, label: np.ndarray, position: np.ndarray, title: str = ""
) -> Picture:
    """Make a picture of a batch, given as `draw` takes it; of a long one its first samples.

    Args:
        name: of the picture.
        images: as `draw` takes them.
        label: likewise.
        position: likewise.
        title: over all of them.

    Returns:
        The picture.
    """
    shown = [values[:SHOWN] for values in (images, label, position)]

    def draw_samples(figure):
        columns = NARROW_COLUMNS if is_narrow(figure) else COLUMNS
        rows = -(-len(shown[0]) // columns)
        draw(figure.subplots(rows, columns, squeeze=False), *shown)
        figure.suptitle(title, fontsize=10)

    def height(columns):
        return 1.45 * -(-len(shown[0]) // columns) + (0.25 if title else 0)

    sizes = {"wide": (8, height(COLUMNS)), "narrow": (4, height(NARROW_COLUMNS))}
    words = f"{title[:1].upper()}{title[1:]}. " if title else ""
    return Picture.drawn(name, words + describe(*shown[1:]), draw_samples, **sizes)


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
