"""Inspecting a damaged file, and reading what stands between the damage.

A file that reads without a gap to its end is never looked at here.
"""

import functools
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from epochwatch_lab.datasets.tfrecords import _framing as framing
from epochwatch_lab.datasets.tfrecords._faults import EMPTY, Fault, Faults
from epochwatch_lab.datasets.tfrecords._layout import MIXER, Export

END = -1
FOREVER = np.iinfo(np.int64).max
NO_RUNS = np.empty((0, 3), np.int64)


def from_offset(path, offset) -> tf.data.Dataset:
    """Read a file that is not packed from one of its records on."""
    variant = tf.raw_ops.TFRecordDatasetV2(
        filenames=[path], compression_type="", buffer_size=2**18, byte_offsets=[offset]
    )
    return tf.data.experimental.from_variant(variant, tf.TensorSpec((), tf.string))


def _reading_on(path: Path, offset: int) -> Iterator[bytes]:
    # By itself the dataset would not do: TensorFlow forgets the offsets when it optimises it.
    place = tf.data.Dataset.from_tensors((str(path), np.int64(offset)))
    return place.flat_map(from_offset).as_numpy_iterator()


class FileInspector:
    """Inspects files that something is wrong with, each once.

    Args:
        export: that the files belong to.
        faults: where to note what is wrong.
    """

    def __init__(self, export: Export, faults: Faults):
        self.export = export
        self.faults = faults
        self._lock = threading.Lock()
        self._files = {}
        self._accounted = {}  # by file: records that can be read or are known to be damaged

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
        # Read to its end without a gap: there is nothing to inspect, only to count.
        if first == END and expected and bytes_read % framing.WORD == size:
            self._account(number, int(expected))
            return b"", NO_RUNS
        with self._lock:
            if number not in self._files:
                self._files[number] = self._inspect(path)
        inspection = self._files[number]
        until = FOREVER if first == END else first
        for fault in inspection.faults:
            if expected <= fault.record < until:
                self.faults.note(int(number), fault)
        ends_unexplained = first == END and not inspection.explains_end(expected, size)
        if ends_unexplained:
            what = "corrupt: the rest of the file cannot be unpacked"
            self.faults.note(int(number), Fault(path.name, int(expected), what, ends_file=True))
        if first == END:
            cut = sum(fault.lost for fault in inspection.faults if fault.ends_file)
            known = max(int(expected), len(inspection.ends)) + cut + ends_unexplained
            self._account(number, known)
        return str(inspection.plain).encode(), inspection.runs(expected, until)

    def _account(self, number: int, records: int) -> None:
        """At the last file's end, miss patches that the mixer promises and that left no trace."""
        with self._lock:
            self._accounted[int(number)] = records
            accounted = sum(self._accounted.values())
            is_last = len(self._accounted) == len(self.export.chosen)
        promised = self.export.promised
        if is_last and promised is not None and promised > accounted:
            missing = promised - accounted
            what = f"{missing:,} of the {promised:,} patches that {MIXER} promises are in no file"
            fault = Fault("all files", accounted, what, lost=missing)
            self.faults.note(len(self.export.files), fault)

    @functools.cached_property
    def _folder(self) -> tempfile.TemporaryDirectory:
        return tempfile.TemporaryDirectory(prefix="epochwatch-")

    def _inspect(self, path: Path) -> "Inspection":
        plain = path
        if framing.is_packed(path):
            plain = framing.unpack_file(path, Path(self._folder.name))
        inspection = Inspection(plain, [], [], [])
        records = iter(())
        for frame in framing.read_frames(plain):
            if not frame.number:
                records = _reading_on(plain, 0)
            what = frame.fault
            if what is None:
                try:
                    what = self.export.layout.fault_of(next(records))
                except tf.errors.DataLossError:
                    what = "corrupt: the checksum of its data is wrong"
                    # A reader that has met a wrong checksum is of no more use.
                    records = _reading_on(plain, frame.end)
            inspection.add(path.name, frame, what)
        inspection.add_end(path)
        return inspection


class Inspection(NamedTuple):
    """What is known of a file from frame to frame.

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

    def add_end(self, path: Path) -> None:
        """Take down how the file ends, where no fault has said so yet."""
        if self.faults and self.faults[-1].ends_file:
            return
        if not self.ends:
            self.faults.append(Fault(path.name, 0, EMPTY, lost=0))
        elif self.ends[-1] % framing.WORD != framing.unpacked_bytes(path):
            what = "truncated: the packed file ends before it"
            self.faults.append(Fault(path.name, len(self.ends), what, ends_file=True))

    def explains_end(self, read: int, size: int) -> bool:
        """Whether these faults, or none, are why no more than so many records were read."""
        whole = len(self.ends) == read and [0, *self.ends][-1] % framing.WORD == size
        return whole or any(fault.record >= read for fault in self.faults)

    def runs(self, begin: int, end: int) -> np.ndarray:
        """Where good records stand together, within bounds: int64 (runs, 3)."""
        good = np.array([number for number in self.good if begin <= number < end], np.int64)
        if not len(good):
            return NO_RUNS
        runs = np.split(good, np.flatnonzero(np.diff(good) > 1) + 1)
        begins = [0, *self.ends]
        return np.array([(begins[run[0]], run[0], len(run)) for run in runs], np.int64)
