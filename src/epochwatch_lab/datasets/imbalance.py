"""The same streams with another imbalance between them, by leaving samples out."""

import numpy as np

from epochwatch.errors import BadInput
from epochwatch_lab.datasets.one_vs_rest import Stream, Streams


def at_ratio(streams: Streams, ratio: int, seed: int = 0) -> Streams:
    """Leave samples out until the majority is `ratio` times the minority, or as near as can be.

    Samples of the minority are left out. Where it has too few even so, because the ratio is
    below the natural one, it is kept whole and the majority gives up samples instead. With one
    seed, what is kept at a higher ratio is also kept at a lower one.

    Args:
        streams: the minority and the majority.
        ratio: majority samples to one of the minority.
        seed: which samples are left out.

    Returns:
        The streams, in their original order; each has at least one sample.

    Raises:
        BadInput: the ratio is below 1.

    Example:
        >>> from epochwatch_lab.datasets import one_vs_rest
        >>> streams = one_vs_rest(np.arange(24), np.arange(24) % 4 == 0, positive=True)
        >>> [stream.samples for stream in at_ratio(streams, 9)]
        [2, 18]
        >>> [stream.samples for stream in at_ratio(streams, 2)]
        [6, 12]
    """
    if ratio < 1:
        raise BadInput(f"ratio: got {ratio}, allowed: 1 or more majority samples to one")
    minority, majority = streams
    wanted = max(1, round(majority.samples / ratio))
    if wanted <= minority.samples:
        return Streams(_some(minority, wanted, seed), majority)
    return Streams(minority, _some(majority, minority.samples * ratio, seed))


def _some(stream: Stream, samples: int, seed: int) -> Stream:
    chosen = np.random.default_rng([seed, stream.label]).permutation(stream.samples)[:samples]
    chosen.sort()
    return Stream(stream.images[chosen], stream.label, stream.index[chosen])
