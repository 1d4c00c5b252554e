"""One class against all others, in any ratio: two streams whose samples keep their index."""

from typing import Any

import numpy as np

from epochwatch._samplers.streams import Stream, Streams
from epochwatch.errors import BadInput

LABELS_SHOWN = 20


def one_vs_rest(images: np.ndarray, labels: np.ndarray, positive: Any = 1) -> Streams:
    """Split the samples into the positive class and the rest.

    The positive class is called the minority, as one class of many usually is, whether
    or not it has fewer samples.

    Args:
        images: (n, …), any dtype; the first axis is the samples.
        labels: (n,), the class of each sample.
        positive: the label of the positive class.

    Returns:
        The two streams.

    Raises:
        BadInput: labels are not one-dimensional, lengths differ, no sample is positive,
            every sample is, or an image has a NaN.

    Example:
        >>> streams = one_vs_rest(np.arange(50, 55), np.array([3, 1, 4, 1, 5]))
        >>> streams.minority
        Stream(images=array([51, 53]), label=1, index=array([1, 3]))
        >>> streams.majority.index
        array([0, 2, 4])
    """
    images, labels = np.asarray(images), np.asarray(labels)
    _check_lengths(images, labels)
    _check_labels(labels, positive)
    _check_no_nan(images)
    is_positive = labels == positive
    return Streams(_stream(images, is_positive, 1), _stream(images, ~is_positive, 0))


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
        >>> streams = one_vs_rest(np.arange(24), np.arange(24) % 4 == 0, positive=True)
        >>> [stream.samples for stream in at_ratio(streams, 9)]
        [2, 18]
        >>> [stream.samples for stream in at_ratio(streams, 2)]
        [6, 12]
    """
    if ratio < 1:
        raise BadInput(f"ratio: got {ratio}, allowed: 1 or more, majority samples to one")
    minority, majority = streams
    # At the highest ratio one is left: a stream is never empty.
    wanted = max(1, round(majority.samples / ratio))
    if wanted <= minority.samples:
        return Streams(_left_over(minority, wanted, seed), majority)
    return Streams(minority, _left_over(majority, minority.samples * ratio, seed))


def _stream(images: np.ndarray, is_member: np.ndarray, label: int) -> Stream:
    index = np.flatnonzero(is_member).astype(np.int64)
    return Stream(images[index], label, index)


def _check_lengths(images: np.ndarray, labels: np.ndarray) -> None:
    if labels.ndim != 1:
        raise BadInput(
            f"labels: got shape {labels.shape}, allowed: one dimension, a class number for "
            "each image (turn one-hot labels into these by argmax over the last axis)"
        )
    if images.shape[:1] != labels.shape:
        raise BadInput(
            f"images and labels: got shapes {images.shape} and {labels.shape}, allowed: the "
            "same number of images (along the first axis) and labels"
        )


def _check_labels(labels: np.ndarray, positive: Any) -> None:
    present = np.unique(labels).tolist()
    if positive not in present:
        raise BadInput(f"positive: got {positive!r}, allowed: one of {_listed(present)}")
    if len(present) == 1:
        raise BadInput(
            f"labels: got {positive!r} for all {len(labels):,} samples, allowed: at least one "
            "sample of another class, to be the majority"
        )


def _listed(present: list) -> str:
    shown = ", ".join(map(repr, present[:LABELS_SHOWN])) or "the labels, but there are none"
    return shown + ", …" * (len(present) > LABELS_SHOWN)


def _check_no_nan(images: np.ndarray) -> None:
    # Whole numbers have no NaN, and `isnan` refuses texts.
    if not np.issubdtype(images.dtype, np.inexact):
        return
    bad_rows = np.flatnonzero(np.isnan(images).any(axis=tuple(range(1, images.ndim))))
    if bad_rows.size:
        raise BadInput(
            f"images: got NaN in {bad_rows.size:,} of {len(images):,} images, the first in row "
            f"{bad_rows[0]}, allowed: numbers only; leave these rows out of images and labels"
        )


def _left_over(stream: Stream, samples: int, seed: int) -> Stream:
    # The beginning of one permutation: what a higher ratio keeps, a lower one keeps too.
    chosen = np.random.default_rng([seed, stream.label]).permutation(stream.samples)[:samples]
    chosen.sort()
    return Stream(stream.images[chosen], stream.label, stream.index[chosen])
