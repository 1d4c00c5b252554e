"""Reading exports into `tf.data`, with the index of each record and an eye for damage.

Whole files are read, parsed and numbered by TensorFlow alone. Where a number is left out, or a
file ends before it should, the file is looked through in Python, once: what is wrong is noted,
and what can still be read is.
"""

import functools
import itertools
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from epochwatch.datasets.tfrecords import framing
from epochwatch.datasets.tfrecords.faults import EMPTY, SKIP, Fault, Faults
from epochwatch.datasets.tfrecords.layout import MIXER, Export, Layout, index_of
from epochwatch.datasets.tfrecords.writing import writer
from epochwatch.errors import BadInput

DECODERS = 2  # lots of records of a file parsed at once
AT_ONCE = 256  # records handed to Python
END = -1
FOREVER = np.iinfo(np.int64).max
NO_RUNS = np.empty((0, 3), np.int64)
NONE = np.empty(0, np.int64)
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
        export: as `find_export` found it.
        faults: where faults are noted, and whether to stop at them; None stops.
        target: "patch" for the label of a whole patch or row, 1 where any pixel is positive;
            "pixels" for the rasterised label.
        positive: value of the rare class in the label band.
        reading: in which order; None for file after file.

    Returns:
        A dataset of `(x, {"label", "index"})`: x float32 (height, width, bands), of a table
        (bands,); label float32, (height, width, 1) of pixels; index int64, file number × 2**32
        + record number.

    Raises:
        BadInput: there is no such target.
    """
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

    read = _records(export, faults or Faults(), samples, reading or Reading())
    return read.map(lambda index, x, label: (x, {"label": label, "index": index}))


def silently(export: Export) -> tf.data.Dataset:
    """Read an export as `ignore_errors()` does, which leaves out what is damaged and says nothing.

    Args:
        export: as `find_export` found it.

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


def survey(export: Export, faults: Faults | None = None, positive: float = 1) -> Survey:
    """Go through an export once, and count.

    Args:
        export: as `find_export` found it.
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

    records = _records(export, faults, counted, Reading()).batch(AT_ONCE)
    with faults.in_one_line():
        found = list(records.as_numpy_iterator())
        index, positives = map(np.concatenate, zip(*found, strict=True)) if found else (NONE, NONE)
        _check_total(export, faults, len(index))
    return Survey(index, positives, export.layout.values)


def _check_total(export: Export, faults: Faults, read: int) -> None:
    """Miss patches that the mixer promises and that left no trace, as a file cut between two."""
    total = int(export.mixer["totalPatches"]) if export.mixer else read
    missing = total - read - faults.skipped
    if missing:
        what = f"{missing:,} of the {total:,} patches that {MIXER} promises are nowhere"
        faults.note(len(export.files), Fault("all files", read, what, lost=missing))


class Copied(NamedTuple):
    """A stream written as a set of its own.

    Attributes:
        index: int64 (records,), of its records in the new folder, ascending.
        origin: int64 (records,), of the same records in the export they were copied from.
    """

    index: np.ndarray
    origin: np.ndarray


def split_export(
    export: Export,
    folder: str | Path,
    counts: Survey,
    *,
    positive: float = 1,
    files: int = 4,
    compressed: bool = False,
) -> dict[str, Copied]:
    """Write the records of the two streams as sets of their own, `minority-*` and `majority-*`.

    The records are copied as they are; what cannot be read is in neither set. The minority, rare
    as it is, goes into one file.

    Args:
        export: as `find_export` found it.
        folder: where, a new one.
        counts: what `survey` counted in the export.
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
                f"positive: got {positive:g}, of which the {name} has no record among "
                f"{len(counts.index):,}; allowed: a value that some patches have and some have not"
            )
    if folder.exists():
        raise BadInput(f"folder: got {folder}, which is there; allowed: a new one")
    folder.mkdir(parents=True)
    copied, first = {}, 0
    for name, origin in streams.items():
        copies = _copies(export, positive, is_minority=name == "minority")
        split = np.array_split(origin, parts[name])
        for number, part in enumerate(split):
            with writer(folder, name, number, compressed) as write:
                write(itertools.islice(copies, len(part)))
        index = [index_of(first + n, np.arange(len(part))) for n, part in enumerate(split)]
        copied[name] = Copied(np.concatenate(index), origin)
        first += len(split)
    return copied


def _copies(export: Export, positive: float, *, is_minority: bool) -> Iterator[bytes]:
    """Go through the records of a stream as they stand in their files."""

    def copied(channels: tf.Tensor, label: tf.Tensor, data: tf.Tensor) -> tuple:
        return tf.reduce_any(label == positive, axis=1), data

    records = _records(export, Faults(SKIP), copied, Reading())
    of_stream = records.filter(lambda index, has_any, record: has_any == is_minority)
    batches = of_stream.map(lambda index, has_any, record: record).batch(AT_ONCE // 8)
    return itertools.chain.from_iterable(batches.as_numpy_iterator())


def _records(export: Export, faults: Faults, make: Callable, reading: Reading) -> tf.data.Dataset:
    """Read the chosen files: `(index, *made)` of every record, `make` getting it parsed."""
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
        self.check = Checked(export, faults)
        self.features = _features(self.layout)
        self.together = export.layout.together

    def __call__(self, number: tf.Tensor, path: tf.Tensor, packed: tf.Tensor) -> tf.data.Dataset:
        records = tf.data.TFRecordDataset(path, packed).enumerate().batch(self.together)
        # Whatever is left out here is missed below, where the numbers are looked at.
        made = records.map(self._parsed, num_parallel_calls=DECODERS).ignore_errors()
        nothing = tf.nest.map_structure(
            lambda spec: tf.zeros((0, *spec.shape[1:]), spec.dtype), made.element_spec[3]
        )
        end = tf.data.Dataset.from_tensors((np.int64(END), np.int64(0), np.int64(0), nothing))
        follow = functools.partial(self._follow, number)
        return made.concatenate(end).scan((np.int64(0), np.int64(0)), _beside).flat_map(follow)

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
            found = tf.numpy_function(self.check, gap, [tf.string, tf.int64], stateful=True)
            return self._saved(number, *found).concatenate(delivered())

        return tf.cond(first == expected, delivered, after_a_gap)

    def _numbered(self, number, first, made) -> tf.data.Dataset:
        count = tf.shape(made[0], tf.int64)[0]
        index = index_of(number, first) + tf.range(count)
        return tf.data.Dataset.from_tensor_slices((index, *made))

    def _saved(self, number, path, runs) -> tf.data.Dataset:
        """Read what stands between damage: runs of whole records, by offset, number and length."""
        runs = tf.ensure_shape(runs, (None, 3))

        def of_run(run):
            records = _from_offset(path, run[0]).take(run[2]).enumerate(run[1])
            made = records.batch(self.together).map(self._parsed)
            return made.flat_map(
                lambda first, count, size, made: self._numbered(number, first, made)
            )

        return tf.data.Dataset.from_tensor_slices(runs).flat_map(of_run)


def _beside(state: tuple, element: tuple) -> tuple:
    """Put beside some records which one was expected, and the bytes read before them."""
    (expected, bytes_read), (first, count, size, made) = state, element
    return (first + count, bytes_read + size), (expected, bytes_read, first, made)


def _from_offset(path, offset) -> tf.data.Dataset:
    """Read a file that is not packed from one of its records on."""
    variant = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=2**18, byte_offsets=[offset]
    )
    return tf.data.experimental.from_variant(variant, tf.TensorSpec((), tf.string))


def _reading_on(path: Path, offset: int) -> Iterator[bytes]:
    # By itself the dataset would not do: TensorFlow forgets the offsets when it optimises it.
    place = tf.data.Dataset.from_tensors((str(path), np.int64(offset)))
    return place.flat_map(_from_offset).as_numpy_iterator()


class Checked:
    """Looks through files that something is wrong with, each once.

    Args:
        export: that the files belong to.
        faults: where to note what is found.
    """

    def __init__(self, export: Export, faults: Faults):
        self.export = export
        self.faults = faults
        self._lock = threading.Lock()
        self._files = {}

    def __call__(self, number, expected, bytes_read, first) -> tuple[bytes, np.ndarray]:
        """Note what is wrong with the records from `expected` on, to before `first`.

        Args:
            number: of the file.
            expected: record that should have come.
            bytes_read: of the file, unpacked.
            first: the record that came instead; END where none did.

        Returns:
            The file to read what can be saved from, and where: int64 (runs, 3), offset, number
            of the first record and how many.
        """
        path = self.export.files[number]
        size = framing.unpacked_bytes(path)
        if first == END and expected and bytes_read % framing.WORD == size:
            return b"", NO_RUNS
        with self._lock:
            if number not in self._files:
                self._files[number] = self._look_through(path)
        found = self._files[number]
        until = FOREVER if first == END else first
        for fault in found.faults:
            if expected <= fault.record < until:
                self.faults.note(int(number), fault)
        if first == END and not found.tells_the_end(expected, size):
            what = "corrupt: the file cannot be unpacked any further"
            self.faults.note(int(number), Fault(path.name, int(expected), what, ends_file=True))
        return str(found.plain).encode(), found.runs(expected, until)

    @functools.cached_property
    def _folder(self) -> tempfile.TemporaryDirectory:
        return tempfile.TemporaryDirectory(prefix="epochwatch-")

    def _look_through(self, path: Path) -> "Looked":
        plain = framing.unpack(path, Path(self._folder.name)) if framing.is_packed(path) else path
        found = Looked(plain, [], [], [])
        records = iter(())
        for frame in framing.frames(plain):
            if not frame.number:
                records = _reading_on(plain, 0)
            what = frame.fault
            if what is None:
                try:
                    what = self.export.layout.fault_of(next(records))
                except tf.errors.DataLossError:
                    what = "corrupt: the checksum of its data is wrong"
                    records = _reading_on(plain, frame.end)
            found.add(path.name, frame, what)
        told = bool(found.faults) and found.faults[-1].ends_file
        if not found.ends and not told:
            found.faults.append(Fault(path.name, 0, EMPTY, lost=0))
        elif not told and found.ends[-1] % framing.WORD != framing.unpacked_bytes(path):
            ends = "truncated: the packed file ends before it"
            found.faults.append(Fault(path.name, len(found.ends), ends, ends_file=True))
        return found


class Looked(NamedTuple):
    """What was found in a file.

    Attributes:
        plain: the file, or an unpacked copy of it.
        faults: what is wrong.
        ends: where each record ends.
        good: numbers of the records that can be used.
    """

    plain: Path
    faults: list[Fault]
    ends: list[int]
    good: list[int]

    def add(self, name: str, frame: framing.Frame, what: str | None) -> None:
        """Take down a record and what is wrong with it."""
        if what is None:
            self.good.append(frame.number)
        else:
            self.faults.append(Fault(name, frame.number, what, ends_file=frame.end is None))
        if frame.end is not None:
            self.ends.append(frame.end)

    def tells_the_end(self, read: int, size: int) -> bool:
        """Say whether these faults, or none, are why no more than so many records were read."""
        whole = len(self.ends) == read and [0, *self.ends][-1] % framing.WORD == size
        return whole or any(fault.record >= read for fault in self.faults)

    def runs(self, begin: int, end: int) -> np.ndarray:
        """Say where good records stand together, within bounds: int64 (runs, 3)."""
        good = np.array([number for number in self.good if begin <= number < end], np.int64)
        if not len(good):
            return NO_RUNS
        runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
        begins = [0, *self.ends]
        return np.array([(begins[run[0]], run[0], len(run)) for run in runs], np.int64)
