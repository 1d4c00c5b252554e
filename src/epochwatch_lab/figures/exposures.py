"""How often the samples of each stream were trained."""

from collections.abc import Mapping

import numpy as np

from epochwatch._exposures.positions import binned
from epochwatch._report.exposures import describe, draw
from epochwatch_lab.figures.picture import Picture, is_narrow

__all__ = ["describe", "draw", "picture"]


def picture(exposures: Mapping[str, np.ndarray]) -> Picture:
    """Make the picture `exposures`, a panel to a stream.

    Args:
        exposures: per stream int64 (samples,), by position.

    Returns:
        The picture.
    """
    bins = {stream: binned(of_stream) for stream, of_stream in exposures.items()}

    def draw_streams(figure):
        shape = (len(bins), 1) if is_narrow(figure) else (1, len(bins))
        for ax, (stream, of_stream) in zip(
            figure.subplots(*shape, squeeze=False).flat, bins.items(), strict=True
        ):
            draw(ax, of_stream, stream)

    alt = " ".join(
        describe(bins[stream], stream, np.count_nonzero(of_stream == 0))
        for stream, of_stream in exposures.items()
    )
    sizes = {"wide": (8, 3.2), "narrow": (4, 2.9 * len(bins))}
    return Picture.drawn("exposures", alt, draw_streams, **sizes)
