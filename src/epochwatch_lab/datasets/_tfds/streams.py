"""What a user calls: a set as two streams, and the ids of its samples."""

from pathlib import Path
from typing import Any

import numpy as np

from epochwatch._samplers.streams import Streams
from epochwatch.errors import BadInput
from epochwatch_lab.datasets._imbalance import one_vs_rest
from epochwatch_lab.datasets._tfds.builders import find_builder
from epochwatch_lab.datasets._tfds.features import (
    check_labels,
    class_names,
    find_keys,
    meant_label,
)
from epochwatch_lab.datasets._tfds.reading import read_samples
from epochwatch_lab.datasets._tfds.rows import SplitRows, whole_split


def from_tfds(
    name: str,
    positive: Any,
    split: str = "train",
    data_dir: str | Path | None = None,
    download: bool = False,
    image_key: str | None = None,
    label_key: str | None = None,
) -> Streams:
    """Load a set of TFDS as two streams: one class against all others.

    All images of the split are held in memory, for a moment twice. Without `download` nothing
    is fetched from anywhere, not even to know what a set consists of.

    Args:
        name: of the set, as `tfds.load` takes it: "mnist", "name/config", "name:1.0.0".
        positive: the class that is the minority: its name, or its number.
        split: name of a split or of a part of one, "train[:10%]". A sample has the same index
            in a part as in the whole.
        data_dir: folder that the set is prepared in; None for that of TFDS.
        download: whether to download and prepare the set if it is not there.
        image_key: feature that is the image; None for the set's own `supervised_keys`, or
            the only image.
        label_key: feature that is the class; None likewise.

    Returns:
        The streams. Images are as TFDS decodes them, (samples, height, width, channels);
        `index` is the sample's row in the whole split on disk, file after file.

    Raises:
        BadInput: there is no such set, split, feature or class; the set is not prepared, has no
            images or labels, or its images differ in shape.
        DataError: it cannot be downloaded, or its files cannot be read.

    Example:
        >>> streams = from_tfds("mnist", positive="1", download=True)  # doctest: +SKIP
        >>> streams.minority.samples, streams.minority.index[:2]  # doctest: +SKIP
        (6742, array([1, 5]))
        >>> tfds_id_of("mnist", 5)  # doctest: +SKIP
        'mnist-train.tfrecord-00000-of-00001__5'
    """
    builder = find_builder(name, data_dir, download)
    rows = SplitRows.from_split(whole_split(split, builder.info.splits))
    keys = find_keys(builder.info, image_key, label_key)
    samples = read_samples(builder, split, rows, *keys)
    names = class_names(builder.info.features[keys[1]])
    labels = check_labels(samples.labels, split, names)
    streams = one_vs_rest(samples.images, labels, meant_label(positive, labels, names))
    return Streams(*(stream._replace(index=samples.index[stream.index]) for stream in streams))


def tfds_id_of(
    name: str, index: Any, split: str = "train", data_dir: str | Path | None = None
) -> str | list[str]:
    """Turn an index back into the id that TFDS has for the sample.

    Args:
        name: of the set, as of `from_tfds`.
        index: one index or many, as `from_tfds` gives them.
        split: as of `from_tfds`.
        data_dir: as of `from_tfds`.

    Returns:
        The id, as `tfds.ReadConfig(add_tfds_id=True)` gives it; of many indices a list.

    Raises:
        BadInput: there is no such set or split, or an index is not one of the split's.
    """
    rows = SplitRows.from_split(whole_split(split, find_builder(name, data_dir).info.splits))
    indices = np.atleast_1d(index)
    if not np.issubdtype(indices.dtype, np.integer):
        raise BadInput(f"index: got {indices.dtype}, allowed: integers, as from_tfds gives them")
    wrong = indices[(indices < 0) | (indices >= rows.first[-1])]
    if wrong.size:
        raise BadInput(
            f"index: got {wrong[0]}, allowed: 0 to {rows.first[-1] - 1:,}, the rows of {name}'s "
            f"{split}"
        )
    ids = list(rows.ids(indices))
    return ids if np.ndim(index) else ids[0]
