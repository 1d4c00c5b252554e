"""Reading exports into `tf.data`, with the index of each record and an eye for damage.

Whole files are read, parsed and numbered by TensorFlow alone. Where a number is left out, or a
file ends before it should, the file is looked through in Python, once: what is wrong is noted,
and what can still be read is.
"""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from epochwatch.errors import BadInput
from epochwatch_lab.datasets.tfrecords import _framing as framing
from epochwatch_lab.datasets.tfrecords._checking import END, FileInspector, from_offset
from epochwatch_lab.datasets.tfrecords._faults import SKIP, Faults
from epochwatch_lab.datasets.tfrecords._layout import Export, Layout, record_index

DECODERS = 2  # lots of records of a file parsed at once
TARGETS = ("patch", "pixels")


class Reading(NamedTuple):
    """How files are read.

    Attributes:
        files_at_once: `cycle_length` of `interleave`; 1 reads file after file.
        block: records taken from a file before it is the next one's turn.
        deterministic: whether the order is fixed where files are read in parallel.
        parallel: files read in parallel; None for one thread that goes from file to file.
        shuffled_files: seed for another order of files in every pass; None for that of names.
    """

    files_at_once: int = 1
    block: int = 1
    deterministic: bool = True
    parallel: int | None = None
    shuffled_files: int | None = None


def read_export(
    export: Export,
    faults: Faults | None = None,
    *,
    target: str = "patch",
    positive: float = 1,
    reading: Reading | None = None,
) -> tf.data.Dataset:
    """Read an export once through.

    Args:
        export: as `find_export` returns it.
        faults: where faults are noted, and whether to stop at them; None stops. TensorFlow says
            so in a page, `with faults.in_one_line(): model.fit(…)` in one line. Where the export
            has a mixer, a pass that goes to the end also misses what left no trace.
        target: "patch" for the label of a whole patch or row, 1 where any pixel is positive;
            "pixels" for the rasterised label.
        positive: value of the rare class in the label band.
        reading: in which order; None for file after file.

    Returns:
        A dataset of `(x, {"label", "index"})`: x float32 (height, width, bands), of a table
        (bands,); label float32, (height, width, 1) of pixels; index int64, file number × 2**32
        + record number.

    Raises:
        BadInput: there is no such target, or `faults` are none.
    """
    if not isinstance(faults, Faults | None):
        raise BadInput(f'faults: got {faults!r:.40}, allowed: Faults("stop"), Faults("skip")')
    if target not in TARGETS:
        raise BadInput(f"target: got {target!r}, allowed: {', '.join(TARGETS)}")

    shape, bands = export.layout.shape, len(export.layout.bands)

    def samples(channels: tf.Tensor, label: tf.Tensor, data: tf.Tensor) -> tuple:
        is_positive = tf.cast(label == positive, tf.float32)
        channels_last = tf.transpose(channels, (0, 2, 1))
        x = tf.reshape(channels_last, (-1, *shape, bands))
        if target == "patch":
            return x, tf.reduce_max(is_positive, axis=1)
        return x, tf.reshape(is_positive, (-1, *shape, 1))

    read = read_records(export, faults or Faults(), samples, reading or Reading())
    return read.map(lambda index, x, label: (x, {"label": label, "index": index}))


def example_patches(
    export: Export, wanted: np.ndarray, positive: float = 1
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read some patches to look at.

    Args:
        export: as `find_export` returns it.
        wanted: int64, the indices of the patches.
        positive: value of the rare class in the label band.

    Returns:
        The first band and the label of each, those with the rare class first.
    """
    left, found = set(wanted.tolist()), []
    # What is damaged stands in the report already, and is not wanted.
    records = read_export(export, Faults(SKIP), target="pixels", positive=positive)
    for x, targets in records.as_numpy_iterator():
        if int(targets["index"]) in left:
            left.remove(int(targets["index"]))
            found.append((x[..., 0], targets["label"][..., 0]))
        if not left:
            break
    return sorted(found, key=lambda patch: -patch[1].max())


def read_silently(export: Export) -> tf.data.Dataset:
    """Read an export as `ignore_errors()` does, which leaves out what is damaged and says nothing.

    Args:
        export: as `find_export` returns it.

    Returns:
        A dataset of the records that are left, parsed.
    """
    paths = [str(export.files[number]) for number in export.chosen]
    packed = ["GZIP" if framing.is_packed(Path(path)) else "" for path in paths]
    files = tf.data.Dataset.from_tensor_slices((paths, packed))
    records = files.flat_map(lambda path, kind: tf.data.TFRecordDataset(path, kind))
    features = _features(export.layout)
    return records.map(lambda data: tf.io.parse_single_example(data, features)).ignore_errors()


def _features(layout: Layout) -> dict:
    names = (*layout.bands, layout.label)
    return {name: tf.io.FixedLenFeature([layout.values], tf.float32) for name in names}


def read_records(
    export: Export, faults: Faults, make: Callable, reading: Reading
) -> tf.data.Dataset:
    """Read the chosen files in lots, and deliver `(index, *made)` of every record.

    Args:
        export: as `find_export` returns it.
        faults: as of `read_export`.
        make: gets the bands (records, bands, values), the label (records, values) and the data
            (records,) of a lot; returns what is wanted of it, as a tuple.
        reading: in which order.

    Returns:
        The dataset.
    """
    numbers = list(export.chosen)
    paths = [export.files[number] for number in numbers]
    packed = ["GZIP" if framing.is_packed(path) else "" for path in paths]
    of_file = _FileReader(export, faults, make)
    files = tf.data.Dataset.from_tensor_slices(
        (np.array(numbers, np.int64), list(map(str, paths)), packed)
    )
    if reading.shuffled_files is not None:
        files = files.shuffle(len(paths), seed=reading.shuffled_files)
    cycle = min(reading.files_at_once, len(paths))
    if cycle == 1:
        return files.flat_map(of_file)
    return files.interleave(
        of_file,
        cycle_length=cycle,
        block_length=reading.block,
        num_parallel_calls=reading.parallel and min(reading.parallel, cycle),
        deterministic=reading.deterministic if reading.parallel else None,
    )


class _FileReader:
    """Reads one file at a call, in the graph, a few records at a time."""

    def __init__(self, export: Export, faults: Faults, make: Callable):
        self.layout = export.layout
        self.make = make
        self.inspect = FileInspector(export, faults)
        self.features = _features(self.layout)
        self.lot_size = export.layout.lot_size

    def __call__(self, number: tf.Tensor, path: tf.Tensor, packed: tf.Tensor) -> tf.data.Dataset:
        records = tf.data.TFRecordDataset(path, packed).enumerate().batch(self.lot_size)
        # Whatever is left out here is missed below, where the numbers are looked at.
        made = records.map(self._parsed, num_parallel_calls=DECODERS).ignore_errors()
        nothing = tf.nest.map_structure(
            lambda spec: tf.zeros((0, *spec.shape[1:]), spec.dtype), made.element_spec[3]
        )
        # So that a gap at the very end is noticed, too.
        end = tf.data.Dataset.from_tensors((np.int64(END), np.int64(0), np.int64(0), nothing))
        follow = functools.partial(self._follow, number)
        begin = (np.int64(0), np.int64(0))  # the first record expected, the bytes read
        return made.concatenate(end).scan(begin, _with_expected).flat_map(follow)

    def _parsed(self, records: tf.Tensor, data: tf.Tensor) -> tuple:
        parsed = tf.io.parse_example(data, self.features)
        channels = tf.concat([parsed[name] for name in self.layout.bands], 1)
        channels = tf.reshape(channels, (-1, len(self.layout.bands), self.layout.values))
        frames = tf.size(data, tf.int64) * (framing.HEADER + framing.FOOTER)
        size = frames + tf.cast(tf.reduce_sum(tf.strings.length(data)), tf.int64)
        made = self.make(channels, parsed[self.layout.label], data)
        return records[0], tf.size(records, tf.int64), size, made

    def _follow(self, number, expected, bytes_read, first, made) -> tf.data.Dataset:
        """Deliver records; where others should have come before them, see to those first."""

        def delivered():
            return self._numbered(number, first, made)

        def after_a_gap():
            gap = (number, expected, bytes_read, first)
            saved = tf.numpy_function(self.inspect, gap, [tf.string, tf.int64], stateful=True)
            return self._saved(number, *saved).concatenate(delivered())

        return tf.cond(first == expected, delivered, after_a_gap)

    def _numbered(self, number, first, made) -> tf.data.Dataset:
        count = tf.shape(made[0], tf.int64)[0]
        index = record_index(number, first) + tf.range(count)
        return tf.data.Dataset.from_tensor_slices((index, *made))

    def _saved(self, number, path, runs) -> tf.data.Dataset:
        """Read what stands between damage: runs of whole records, by offset, number and length."""
        runs = tf.ensure_shape(runs, (None, 3))

        def of_run(run):
            records = from_offset(path, run[0]).take(run[2]).enumerate(run[1])
            made = records.batch(self.lot_size).map(self._parsed)
            return made.flat_map(
                lambda first, count, size, made: self._numbered(number, first, made)
            )

        return tf.data.Dataset.from_tensor_slices(runs).flat_map(of_run)


def _with_expected(state: tuple, element: tuple) -> tuple:
    """Put beside some records which one was expected, and the bytes read before them."""
    (expected, bytes_read), (first, count, size, made) = state, element
    return (first + count, bytes_read + size), (expected, bytes_read, first, made)
