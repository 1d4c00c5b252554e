"""The samples of a split, each with its row."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets._reason import reason_of
from epochwatch_lab.datasets._tfds.rows import SplitRows

BYTES_READ_AT_ONCE = 2**26


class SplitSamples(NamedTuple):
    """Some or all samples of a split.

    Attributes:
        images: (samples, height, width, channels).
        labels: (samples,), numbers or bytes.
        index: int64 (samples,).
    """

    images: np.ndarray
    labels: np.ndarray
    index: np.ndarray


def read_samples(
    builder: Any, split: str, rows: SplitRows, image_key: str, label_key: str
) -> SplitSamples:
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
    return SplitSamples(images, np.concatenate(labels), np.concatenate(index))


def _shapes_differ(images: np.ndarray, batch: SplitSamples, index: list, rows: SplitRows) -> str:
    first, other = rows.ids(np.array([index[0][0], batch.index[0]]))
    return (
        f"images: got shapes {images.shape[1:]} ({first}) and {batch.images.shape[1:]} ({other}), "
        "allowed: one shape for all; resize them with tf.image.resize, store the result with "
        "tfds.dataset_builders.store_as_tfds_dataset, and load that"
    )


def _batches(
    builder: Any, split: str, rows: SplitRows, image: str, label: str
) -> Iterator[SplitSamples]:
    stored_as = builder.info.file_format.value
    read = _from_source if stored_as == "array_record" else _from_dataset
    try:
        yield from read(builder, split, rows, image, label)
    # Missing and damaged files raise whatever the format's reader does.
    except Exception as error:
        raise DataError(
            f"{builder.info.full_name}: cannot be read ({reason_of(error)}); delete the folder "
            f"{builder.data_dir} and prepare the set again"
        ) from error


def _from_dataset(
    builder: Any, split: str, rows: SplitRows, image: str, label: str
) -> Iterator[SplitSamples]:
    import tensorflow_datasets as tfds

    config = tfds.ReadConfig(add_tfds_id=True, interleave_cycle_length=1, try_autocache=False)
    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        read_config=config,
        decoders=tfds.decode.PartialDecoding({image: True, label: True}),
    )
    for batch in tfds.as_numpy(dataset.batch(_batch_size(builder.info.features[image]))):
        yield SplitSamples(batch[image], batch[label], rows.rows_from_ids(batch["tfds_id"]))


def _from_source(
    builder: Any, split: str, rows: SplitRows, image: str, label: str
) -> Iterator[SplitSamples]:
    """Read array records, which TFDS has as a sequence without ids, in the order of the files."""
    index = rows.part_rows(builder.info.splits[split])
    for row, sample in zip(index, builder.as_data_source(split), strict=True):
        yield SplitSamples(sample[image][None], np.array([sample[label]]), np.array([row]))


def _batch_size(feature: Any) -> int:
    """Only images known to have one shape can be batched."""
    if None in feature.shape:
        return 1
    size = int(np.prod(feature.shape)) * np.dtype(feature.np_dtype).itemsize
    return max(1, BYTES_READ_AT_ONCE // size)
