"""Damage done to record files on purpose, to see what becomes of the rest."""

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from epochwatch_lab.datasets.tfrecords import _framing as framing
from epochwatch_lab.datasets.tfrecords._faults import SKIP, Faults
from epochwatch_lab.datasets.tfrecords._finding import find_export
from epochwatch_lab.datasets.tfrecords._reading import read_silently
from epochwatch_lab.datasets.tfrecords._scene import LABEL_BAND
from epochwatch_lab.datasets.tfrecords._streams import survey_export
from epochwatch_lab.datasets.tfrecords._writing import write_export

TRIAL = {"patches": 40, "ratio": 4, "bands": 3, "patch": 8, "kernel": 2, "files": 2}
TRIAL_RECORD = 5


def corrupt_data(file: Path, record: int) -> None:
    """Turn a byte over in the data of a record."""
    _turn_over(file, _frame(file, record).offset + framing.HEADER + 100)


def corrupt_length(file: Path, record: int) -> None:
    """Turn a byte over in the length of a record."""
    _turn_over(file, _frame(file, record).offset + 1)


def truncate(file: Path, record: int) -> None:
    """Cut a file off in the middle of a record."""
    frame = _frame(file, record)
    file.write_bytes(file.read_bytes()[: (frame.offset + frame.end) // 2])


def cut_between(file: Path, record: int) -> None:
    """Cut a file off right before a record."""
    file.write_bytes(file.read_bytes()[: _frame(file, record).offset])


def empty(file: Path, record: int) -> None:
    """Leave an empty file."""
    file.write_bytes(b"")


def drop_band(file: Path, record: int) -> None:
    """Take a band out of a record."""
    _change(file, record, lambda features: features.pop("B2"))


def shrink_patch(file: Path, record: int) -> None:
    """Take one of its values from the label of a record."""
    _change(file, record, lambda features: features[LABEL_BAND].float_list.value.pop())


def pack_and_cut(file: Path, record: int) -> None:
    """Pack a file with GZIP, and cut off its last third."""
    packed = gzip.compress(file.read_bytes(), mtime=0)
    file.write_bytes(packed[: 2 * len(packed) // 3])


WAYS: dict[str, Callable[[Path, int], None]] = {
    "a byte of the data turned over": corrupt_data,
    "a byte of the length turned over": corrupt_length,
    "cut off in a record": truncate,
    "cut off between two records": cut_between,
    "an empty file": empty,
    "a band missing": drop_band,
    "a patch of another size": shrink_patch,
    "packed, and cut off": pack_and_cut,
}
"""By what it is called, how to do it to a file that is not packed, at one of its records."""


class DamageTrial(NamedTuple):
    """What became of a small export with one damage.

    Attributes:
        said: of the damage, in one line.
        read: records read in spite of it.
        skipped: records counted as left out.
        silently: records that `ignore_errors()` of `tf.data` reads, which says nothing.
    """

    said: str
    read: int
    skipped: int
    silently: int


def try_damage(harm: Callable[[Path, int], None], on_fault: str = SKIP) -> DamageTrial:
    """Write a small export, damage a record of its first file, and read it in two ways.

    Args:
        harm: one of `WAYS`.
        on_fault: "skip", or "stop".

    Returns:
        What became of it.

    Raises:
        BadInput: it is to stop.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_export(folder, **TRIAL, compressed=False)
        hurt = find_export(folder, LABEL_BAND)
        harm(hurt.files[0], TRIAL_RECORD)
        faults = Faults(on_fault)
        read = len(survey_export(hurt, faults).index)
        silently = sum(1 for _ in read_silently(hurt))
        return DamageTrial(str(next(iter(faults))), read, faults.skipped, silently)


def _frame(file: Path, record: int) -> framing.Frame:
    return next(frame for frame in framing.read_frames(file) if frame.number == record)


def _turn_over(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 0xFF
    file.write_bytes(content)


def _change(file: Path, record: int, change: Callable) -> None:
    records = list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator())
    example = tf.train.Example.FromString(records[record])
    change(example.features.feature)
    records[record] = example.SerializeToString(deterministic=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for data in records:
            writer.write(data)
