"""The two streams of an export: counted in one pass, and written as sets of their own."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from epochwatch.errors import BadInput
from epochwatch_lab.datasets.tfrecords._faults import SKIP, Faults
from epochwatch_lab.datasets.tfrecords._layout import Export, file_and_record, record_index
from epochwatch_lab.datasets.tfrecords._reading import Reading, read_records
from epochwatch_lab.datasets.tfrecords._writing import open_writer

AT_ONCE = 256  # records handed to Python
NONE = np.empty(0, np.int64)


class Survey(NamedTuple):
    """What is in an export, counted in one pass.

    Attributes:
        index: int64 (records,), of every record that can be read, in order.
        positives: int64 (records,), pixels of the rare class in each.
        pixels: in a record.
    """

    index: np.ndarray
    positives: np.ndarray
    pixels: int

    @property
    def minority(self) -> np.ndarray:
        """int64, the indices of the records with a pixel of the rare class."""
        return self.index[self.positives > 0]

    @property
    def majority(self) -> np.ndarray:
        """int64, the indices of all others."""
        return self.index[self.positives == 0]

    @property
    def per_file(self) -> np.ndarray:
        """int64 (files,), records that can be read in each file, up to the last that has any."""
        return np.bincount(file_and_record(self.index)[0])

    def positives_of(self, index: np.ndarray) -> np.ndarray:
        """Look up the pixels of the rare class in some of the records."""
        return self.positives[np.searchsorted(self.index, index)]

    def class_sizes(self) -> dict[str, dict[str, int]]:
        """Count the patches with and without the rare class, and the pixels of it and of others.

        Returns:
            By `rare` and `others`: `patches` and `pixels`.
        """
        rare = {"patches": len(self.minority), "pixels": int(self.positives.sum())}
        all_pixels = len(self.index) * self.pixels
        others = {"patches": len(self.majority), "pixels": all_pixels - rare["pixels"]}
        return {"rare": rare, "others": others}


def survey_export(export: Export, faults: Faults | None = None, positive: float = 1) -> Survey:
    """Go through an export once, and count.

    Args:
        export: as `find_export` returns it.
        faults: as of `read_export`.
        positive: value of the rare class in the label band.

    Returns:
        The counts; memory is 16 bytes a record.

    Raises:
        BadInput: a fault, where it is to stop at one.
    """
    faults = faults or Faults()

    def counted(channels: tf.Tensor, label: tf.Tensor, data: tf.Tensor) -> tuple:
        return (tf.math.count_nonzero(label == positive, axis=1),)

    records = read_records(export, faults, counted, Reading()).batch(AT_ONCE)
    with faults.in_one_line():
        batches = list(records.as_numpy_iterator())
    index, positives = map(np.concatenate, zip(*batches, strict=True)) if batches else (NONE, NONE)
    return Survey(index, positives, export.layout.values)


class CopiedStream(NamedTuple):
    """A stream written as a set of its own.

    Attributes:
        index: int64 (records,), of its records in the new folder, ascending.
        origin: int64 (records,), of the same records in the export they were copied from.
    """

    index: np.ndarray
    origin: np.ndarray

    def origin_of(self, index: np.ndarray) -> np.ndarray:
        """Look up where some of the records were copied from."""
        return self.origin[np.searchsorted(self.index, index)]


def split_export(
    export: Export,
    folder: str | Path,
    counts: Survey,
    *,
    positive: float = 1,
    files: int = 4,
    compressed: bool = False,
) -> dict[str, CopiedStream]:
    """Write the records of the two streams as sets of their own, `minority-*` and `majority-*`.

    The records are copied as they are; what cannot be read is in neither set. The minority, rare
    as it is, goes into one file.

    Args:
        export: as `find_export` returns it.
        folder: where, a new one.
        counts: what `survey_export` counted in the export.
        positive: value of the rare class in the label band.
        files: how many files to spread the majority over, evenly and in order.
        compressed: whether to pack them with GZIP.

    Returns:
        By stream, what was written.

    Raises:
        BadInput: the folder is there already, or a stream is empty.
    """
    folder, parts = Path(folder), {"majority": files, "minority": 1}
    streams = {name: getattr(counts, name) for name in parts}
    for name, index in streams.items():
        if not len(index):
            raise BadInput(
                f"positive: got {positive:g}, which leaves the {name} none of "
                f"{len(counts.index):,} records, allowed: a value that only some patches have"
            )
    if folder.exists():
        raise BadInput(f"folder: got {folder}, which exists, allowed: a new one")
    folder.mkdir(parents=True)
    copied, first = {}, 0
    for name, origin in streams.items():
        copies = _copies(export, positive, is_minority=name == "minority")
        split = np.array_split(origin, parts[name])
        for number, part in enumerate(split):
            with open_writer(folder, name, number, compressed) as write:
                write(itertools.islice(copies, len(part)))
        # Files are numbered over both streams: majority-* sorts before minority-*.
        index = [record_index(first + n, np.arange(len(part))) for n, part in enumerate(split)]
        copied[name] = CopiedStream(np.concatenate(index), origin)
        first += len(split)
    return copied


def _copies(export: Export, positive: float, *, is_minority: bool) -> Iterator[bytes]:
    """Go through the records of a stream as they stand in their files."""

    def copied(channels: tf.Tensor, label: tf.Tensor, data: tf.Tensor) -> tuple:
        return tf.reduce_any(label == positive, axis=1), data

    # The faults were reported when the export was surveyed.
    records = read_records(export, Faults(SKIP), copied, Reading())
    of_stream = records.filter(lambda index, has_any, record: has_any == is_minority)
    batches = of_stream.map(lambda index, has_any, record: record).batch(AT_ONCE // 8)
    return itertools.chain.from_iterable(batches.as_numpy_iterator())
