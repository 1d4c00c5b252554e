"""Any image classification set of TensorFlow Datasets, each sample with a stable index.

TFDS numbers no samples, but has an id for each: its file and its place in that file, such as
`mnist-train.tfrecord-00000-of-00001__123`. The index here is the row that this is in the split
as it lies on disk, file after file. It stays the same however the set is read, for as long as the
same files are there, and `tfds_id_of` turns it back into the id.
"""

import difflib
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets._imbalance import LABELS_SHOWN, Streams, one_vs_rest
from epochwatch_lab.datasets.tfds_rows import Rows, whole_of

BYTES_READ_AT_ONCE = 2**26
NO_LABEL = -1  # of a ClassLabel
REASON_WIDTH = 300


class Samples(NamedTuple):
    """Some or all samples of a split.

    Attributes:
        images: (samples, height, width, channels).
        labels: (samples,), numbers or bytes.
        index: int64 (samples,).
    """

    images: np.ndarray
    labels: np.ndarray
    index: np.ndarray


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
    builder = _builder(name, data_dir, download)
    rows = Rows.of(whole_of(split, builder.info.splits))
    keys = _keys(builder.info, image_key, label_key)
    samples = _read(builder, split, rows, *keys)
    label = builder.info.features[keys[1]]
    names = getattr(label, "names", None) if getattr(label, "num_classes", None) else None
    labels = _checked_labels(samples.labels, split, names)
    streams = one_vs_rest(samples.images, labels, _label_of(positive, labels, names))
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
    rows = Rows.of(whole_of(split, _builder(name, data_dir).info.splits))
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


def _builder(name: str, data_dir: str | Path | None, download: bool = False) -> Any:
    from tensorflow_datasets.core import read_only_builder, registered

    # Not tfds.builder: of a set that is not prepared, it looks up the sizes on the network.
    try:
        return read_only_builder.builder_from_files(name, data_dir=_text(data_dir))
    except registered.DatasetNotFoundError:
        if download:
            return _prepared(name, data_dir)
        raise BadInput(_not_prepared(name, data_dir)) from None
    except Exception as error:
        raise BadInput(f"name: got {name!r}, which TFDS does not take: {_told(error)}") from error


def _prepared(name: str, data_dir: str | Path | None) -> Any:
    import tensorflow_datasets as tfds

    if not _is_known(name):
        raise BadInput(_not_prepared(name, data_dir))
    try:
        builder = tfds.builder(name, data_dir=_text(data_dir))
        builder.download_and_prepare()
    except Exception as error:
        raise DataError(
            f"name: got {name!r}, which TFDS could not download and prepare ({_told(error)}); "
            "see that the network is there, or name in data_dir where it is prepared"
        ) from error
    return builder


def _not_prepared(name: str, data_dir: str | Path | None) -> str:
    where = data_dir or "the data_dir of TFDS"
    if _is_known(name):
        return (
            f"name: got {name!r}, which is not prepared in {where}, allowed: a set that is; "
            f"prepare it with from_tfds({name!r}, …, download=True), or give the data_dir where "
            "it is"
        )
    like = difflib.get_close_matches(_parsed(name).name, _sets(), n=3)
    perhaps = f" (like it: {', '.join(like)})" if like else ""
    return (
        f"name: got {name!r}, no set of this TFDS{perhaps} and not prepared in {where}, "
        "allowed: one or the other; give the data_dir that it was stored in, of a set with "
        "configurations name/configuration"
    )


def _is_known(name: str) -> bool:
    """Say whether TFDS has code for it; what a namespace holds is not known without network."""
    parsed = _parsed(name)
    return bool(parsed.namespace) or parsed.name in _sets()


def _parsed(name: str) -> Any:
    from tensorflow_datasets.core import naming

    return naming.parse_builder_name_kwargs(name)[0]


def _sets() -> list[str]:
    import tensorflow_datasets as tfds

    return tfds.list_builders(with_community_datasets=False)


def _keys(info: Any, image_key: str | None, label_key: str | None) -> tuple[str, str]:
    """Find the features that are the image and the class."""
    import tensorflow_datasets as tfds

    supervised = info.supervised_keys or (None, None)
    image = _key("image", image_key, supervised[0], info.features, tfds.features.Image)
    label = _key("label", label_key, supervised[1], info.features, tfds.features.ClassLabel)
    if not _is_image(info.features[image]):
        raise BadInput(
            f"image_key: got {image!r}, no image but {info.features[image]}, allowed: an image; "
            "give another image_key, or take another set"
        )
    if info.features[label].shape != ():
        raise BadInput(
            f"label_key: got {label!r}, which is {info.features[label]}, allowed: one class for "
            "each image; give another label_key, or take another set"
        )
    return image, label


def _is_image(feature: Any) -> bool:
    shape = feature.shape  # of a feature with parts, a dictionary
    is_array = isinstance(shape, tuple) and len(shape) >= 2
    return is_array and np.issubdtype(feature.np_dtype, np.number)


def _key(what: str, given: str | None, own: Any, features: Any, kind: type) -> str:
    there = ", ".join(sorted(features))
    if given is not None:
        if given not in features:
            raise BadInput(f"{what}_key: got {given!r}, allowed: one of {there}")
        return given
    if isinstance(own, str):
        return own
    fitting = [key for key, feature in features.items() if isinstance(feature, kind)]
    if len(fitting) != 1:
        raise BadInput(
            f"{what}_key: got none, of a set that has {len(fitting)} features of the kind "
            f"{kind.__name__} and does not say which it is; give one of {there}, or take another "
            "set if none is"
        )
    return fitting[0]


def _read(builder: Any, split: str, rows: Rows, image_key: str, label_key: str) -> Samples:
    """Read a split into one array of images.

    Raises:
        BadInput: images differ in shape.
        DataError: files are missing or damaged.
    """
    samples = builder.info.splits[split].num_examples
    batches = _batches(builder, split, rows, image_key, label_key)
    batch = next(batches)
    images = np.empty((samples, *batch.images.shape[1:]), batch.images.dtype)
    labels, index, end = [], [], 0
    while batch is not None:
        if batch.images.shape[1:] != images.shape[1:]:
            raise BadInput(_shapes_differ(images, batch, index, rows))
        begin, end = end, end + len(batch.images)
        images[begin:end] = batch.images
        labels.append(batch.labels)
        index.append(batch.index)
        batch = next(batches, None)
    return Samples(images, np.concatenate(labels), np.concatenate(index))


def _shapes_differ(images: np.ndarray, batch: Samples, index: list, rows: Rows) -> str:
    first, other = rows.ids(np.array([index[0][0], batch.index[0]]))
    return (
        f"images: got shapes {images.shape[1:]} ({first}) and {batch.images.shape[1:]} ({other}), "
        "allowed: one shape for all; resize them with tf.image.resize, store what comes of it "
        "with tfds.dataset_builders.store_as_tfds_dataset, and load that"
    )


def _batches(builder: Any, split: str, rows: Rows, image: str, label: str) -> Iterator[Samples]:
    stored_as = builder.info.file_format.value
    read = _from_source if stored_as == "array_record" else _from_dataset
    try:
        yield from read(builder, split, rows, image, label)
    # Missing and damaged files raise whatever the format's reader does.
    except Exception as error:
        raise DataError(
            f"{builder.info.full_name}: cannot be read ({_told(error)}); delete the folder "
            f"{builder.data_dir} and prepare the set again"
        ) from error


def _from_dataset(
    builder: Any, split: str, rows: Rows, image: str, label: str
) -> Iterator[Samples]:
    import tensorflow_datasets as tfds

    config = tfds.ReadConfig(add_tfds_id=True, interleave_cycle_length=1, try_autocache=False)
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=config,
        decoders=tfds.decode.PartialDecoding({image: True, label: True}),
    )
    for batch in tfds.as_numpy(dataset.batch(_batch_size(builder.info.features[image]))):
        yield Samples(batch[image], batch[label], rows.of_ids(batch["tfds_id"]))


def _from_source(builder: Any, split: str, rows: Rows, image: str, label: str) -> Iterator[Samples]:
    """Read array records, which TFDS has as a sequence without ids, in the order of the files."""
    index = rows.of_part(builder.info.splits[split])
    for row, sample in zip(index, builder.as_data_source(split), strict=True):
        yield Samples(sample[image][None], np.array([sample[label]]), np.array([row]))


def _batch_size(feature: Any) -> int:
    """Only images known to have one shape can be batched."""
    if None in feature.shape:
        return 1
    size = int(np.prod(feature.shape)) * np.dtype(feature.np_dtype).itemsize
    return max(1, BYTES_READ_AT_ONCE // size)


def _checked_labels(labels: np.ndarray, split: str, names: list[str] | None) -> np.ndarray:
    """Refuse labels that name no class; decode those that are texts."""
    if labels.dtype.kind in "OS":
        return np.array([label.decode() for label in labels])
    is_missing = np.isnan(labels) if names is None else labels == NO_LABEL
    if is_missing.any():
        value = "NaN" if names is None else NO_LABEL
        raise BadInput(
            f"labels: got {value}, which is no class, for {is_missing.sum():,} of "
            f"{len(labels):,} samples of {split!r}, allowed: a class for each; take another split"
        )
    return labels


def _label_of(positive: Any, labels: np.ndarray, names: list[str] | None) -> Any:
    """Find the label that is meant, by its name or as it stands."""
    present = np.unique(labels).tolist()
    is_name = isinstance(positive, str) and names is not None
    label = names.index(positive) if is_name and positive in names else positive
    if label not in present:
        said = [repr(one) if names is None else f"{one} {names[one]!r}" for one in present]
        more = ", …" * (len(said) > LABELS_SHOWN)
        raise BadInput(
            f"positive: got {positive!r}, allowed: a class that is in the split, by "
            f"{'label' if names is None else 'number or name'}: "
            f"{', '.join(said[:LABELS_SHOWN])}{more}"
        )
    return label


def _text(path: str | Path | None) -> str | None:
    return None if path is None else str(path)


def _told(error: Exception) -> str:
    return textwrap.shorten(f"{type(error).__name__}: {error}", REASON_WIDTH)
