"""What is in an export: which files, which bands, how large; and the index of a record."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

MIXER = "mixer.json"
RECORDS = 2**32  # that a file may have at most
LOT_BYTES, LOT_RECORDS = 2**20, 64


def record_index(file_number, record):
    """Number a record in all of an export: file number × 2**32 + record number.

    Example:
        >>> record_index(2, 17)
        8589934609
    """
    return file_number * RECORDS + record


def file_and_record(index):
    """Split an index into the number of its file and of the record in it; integers or arrays.

    Args:
        index: as `read_export` delivers it; int64 where it is an array.

    Returns:
        Two of what the index is.

    Example:
        >>> file_and_record(8589934609)
        (2, 17)
    """
    return index // RECORDS, index % RECORDS


def patch_numbers(indices: np.ndarray, records: Sequence[int]) -> np.ndarray:
    """Number records through all files of a set, as an export numbers its patches.

    Args:
        indices: int64, of records of files 0, 1, … of an export that is one set.
        records: how many each file has.

    Returns:
        int64, from 0.
    """
    file, record = file_and_record(indices)
    return np.concatenate([[0], np.cumsum(records)])[file] + record


class Layout(NamedTuple):
    """What all records of an export have in common.

    Attributes:
        bands: names of the bands, or of a table's properties, without the label.
        label: name of the label band.
        shape: (height, width) of a patch with its margins; () of a table.
    """

    bands: tuple[str, ...]
    label: str
    shape: tuple[int, ...]

    @property
    def values(self) -> int:
        """Numbers in a band of a record."""
        return math.prod(self.shape)

    @property
    def lot_size(self) -> int:
        """Records to parse in one go: what is done once for each lot costs little then."""
        bytes_of_record = 4 * self.values * (len(self.bands) + 1)
        return min(max(LOT_BYTES // bytes_of_record, 1), LOT_RECORDS)

    def fault_of(self, data: bytes) -> str | None:
        """What is wrong with the data of a record; None where nothing is."""
        sizes = feature_sizes(data)
        if sizes is None:
            return "corrupt: it is not a tf.train.Example"
        for name in (*self.bands, self.label):
            if name not in sizes:
                return f"the band {name!r} is missing"
            if sizes[name] != self.values:
                wanted = " × ".join(map(str, self.shape)) or "1"
                got = "no numbers" if sizes[name] is None else f"{sizes[name]:,} values"
                return f"the band {name!r} has {got}, allowed: {wanted}"
        return None


class Export(NamedTuple):
    """An export on disk.

    Attributes:
        files: all record files of its folder, in the order of their names; a file's place here
            is its number, in whichever set it is read.
        chosen: numbers of the files to read.
        layout: of their records.
        mixer: what `mixer.json` says; None where there is none.
        mixer_files: numbers of the files that the mixer counts.
    """

    files: tuple[Path, ...]
    chosen: tuple[int, ...]
    layout: Layout
    mixer: dict | None
    mixer_files: tuple[int, ...]

    @property
    def margin(self) -> int:
        """Pixels on each side of a patch that its neighbours have as well."""
        if self.mixer is None:
            return 0
        _, width = self.layout.shape
        return (width - self.mixer["patchDimensions"][0]) // 2

    def patches_in_row(self, records: int) -> int:
        """Patches in a row of the scene; where the mixer does not say it, as in a square."""
        return (self.mixer or {}).get("patchesPerRow") or math.ceil(math.sqrt(records))

    @property
    def promised(self) -> int | None:
        """Patches that the mixer promises of just the files to read; None for no promise."""
        is_whole = self.mixer and set(self.chosen) == set(self.mixer_files)
        return int(self.mixer["totalPatches"]) if is_whole else None


def feature_sizes(data: bytes) -> dict[str, int | None] | None:
    """Count the numbers in each feature of a `tf.train.Example`; None where it is none.

    A feature of something else than numbers counts None.
    """
    import tensorflow as tf

    try:
        features = tf.train.Example.FromString(data).features.feature
    except Exception:  # protobuf's DecodeError, which TensorFlow does not name
        return None
    return {
        name: len(one.float_list.value) if one.WhichOneof("kind") == "float_list" else None
        for name, one in features.items()
    }
