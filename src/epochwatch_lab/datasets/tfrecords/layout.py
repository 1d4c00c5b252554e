"""What is in an export: which files, which bands, how large; and the index of a record."""

import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from epochwatch.errors import BadInput
from epochwatch_lab.datasets.tfrecords.framing import is_packed

ENDINGS = (".tfrecord", ".tfrecord.gz")
MIXER = "mixer.json"
RECORDS = 2**32  # that a file may have at most
LOT_BYTES, LOT_RECORDS = 2**20, 64
FILES_LOOKED_INTO, RECORDS_LOOKED_AT = 8, 3


def index_of(file_number, record):
    """Number a record in all of an export: file number × 2**32 + record number.

    Example:
        >>> index_of(2, 17)
        8589934609
    """
    return file_number * RECORDS + record


def file_and_record(index):
    """Say which file and which record of it an index stands for; integers or arrays.

    Example:
        >>> file_and_record(8589934609)
        (2, 17)
    """
    return index // RECORDS, index % RECORDS


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
    def together(self) -> int:
        """Records to parse in one go: what is done once for each lot costs little then."""
        bytes_of_record = 4 * self.values * (len(self.bands) + 1)
        return min(max(LOT_BYTES // bytes_of_record, 1), LOT_RECORDS)

    def fault_of(self, data: bytes) -> str | None:
        """Say what is wrong with the data of a record; None where nothing is."""
        sizes = sizes_of(data)
        if sizes is None:
            return "corrupt: it is no tf.train.Example"
        for name in (*self.bands, self.label):
            if name not in sizes:
                return f"the band {name!r} is missing"
            if sizes[name] != self.values:
                wanted = " × ".join(map(str, self.shape)) or "1"
                got = "other than numbers" if sizes[name] is None else f"{sizes[name]:,} values"
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
        of_mixer: numbers of the files that the mixer tells of.
    """

    files: tuple[Path, ...]
    chosen: tuple[int, ...]
    layout: Layout
    mixer: dict | None
    of_mixer: tuple[int, ...]

    @property
    def promised(self) -> int | None:
        """Patches that the mixer promises of just the files to read; None for no promise."""
        is_whole = self.mixer and set(self.chosen) == set(self.of_mixer)
        return int(self.mixer["totalPatches"]) if is_whole else None


def find_export(
    path: str | Path,
    label_band: str,
    *,
    prefix: str = "",
    bands: Sequence[str] | None = None,
    size: tuple[int, int] | None = None,
) -> Export:
    """Find out what is in an export of Earth Engine: image patches, or a table.

    Args:
        path: its folder, or the one file of a table.
        label_band: name of the band, or property, that is the label.
        prefix: read only files whose names begin so.
        bands: names of the other bands, in the order wanted. None for all that the first
            records have, B2 before B10.
        size: height and width of the patches with their margins. None for what `mixer.json` and
            the first records say; needed where they are not square and there is none.

    Returns:
        What was found.

    Raises:
        BadInput: there is no such folder, file or band, or the size cannot be told.
    """
    files = _files(Path(path))
    chosen = _beginning(files, prefix)
    if not chosen:
        names = ", ".join(sorted({_stem(file.name) for file in files}))
        raise BadInput(f"prefix: got {prefix!r}, allowed: the beginning of one of {names}")
    mixer, stem = _mixer(files[0].parent, [files[number].name for number in chosen])
    sizes = _commonest([files[number] for number in chosen])
    wanted = tuple(bands) if bands else tuple(sorted(sizes.keys() - {label_band}, key=_natural))
    for name in (label_band, *wanted):
        if name not in sizes:
            which = "label_band" if name == label_band else "bands"
            allowed = ", ".join(sorted(sizes, key=_natural))
            raise BadInput(f"{which}: got {name!r}, allowed: {allowed}, which the records have")
    shape = size or _shape(sizes[label_band], mixer)
    layout = Layout(wanted, label_band, tuple(shape))
    return Export(files, chosen, layout, mixer, _beginning(files, stem))


def sizes_of(data: bytes) -> dict[str, int | None] | None:
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


def _files(path: Path) -> tuple[Path, ...]:
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise BadInput(
            f"export: got {path}, which does not exist, allowed: a folder that an export was "
            "written to, or one of its files"
        )
    files = sorted(file for file in path.iterdir() if file.name.endswith(ENDINGS))
    if not files:
        raise BadInput(f"export: got {path}, allowed: a folder with files named *.tfrecord[.gz]")
    return tuple(files)


def _beginning(files: tuple[Path, ...], prefix: str) -> tuple[int, ...]:
    """Say which files have names that begin so, by number."""
    return tuple(number for number, file in enumerate(files) if file.name.startswith(prefix))


def _stem(name: str) -> str:
    return re.sub(r"-?\d*\.tfrecord(\.gz)?$", "", name)


def _mixer(folder: Path, names: list[str]) -> tuple[dict | None, str]:
    """Read the mixer that belongs to files of these names: its own begins as theirs do.

    Returns:
        What it says, and what the names of all its files begin with; None where there is none.
    """
    for file in sorted(folder.glob(f"*{MIXER}")):
        stem = file.name.removesuffix(MIXER).removesuffix("-")
        if all(name.startswith(stem) for name in names):
            try:
                mixer = json.loads(file.read_text())
                dimensions = [int(n) for n in mixer["patchDimensions"]]
                return mixer | {"patchDimensions": dimensions}, stem
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{file}: no mixer of Earth Engine ({type(error).__name__}: {error}); export "
                    "it again, or give size= and take the file away"
                ) from None
    return None, ""


def _commonest(files: list[Path]) -> dict[str, int | None]:
    """Look at the first records of some files: what most of them have."""
    found = Counter()
    for data in _first_records(files):
        sizes = sizes_of(data)
        if sizes:
            found[tuple(sorted(sizes.items()))] += 1
    if not found:
        raise BadInput(
            f"export: got no record that can be read in {files[0].parent}, allowed: an export of "
            "Earth Engine as TFRecord"
        )
    return dict(found.most_common(1)[0][0])


def _first_records(files: list[Path]) -> Iterator[bytes]:
    import tensorflow as tf

    some = (file for file in files if file.stat().st_size)
    for file in itertools.islice(some, FILES_LOOKED_INTO):
        records = tf.data.TFRecordDataset(str(file), "GZIP" if is_packed(file) else "")
        yield from records.take(RECORDS_LOOKED_AT).ignore_errors().as_numpy_iterator()


def _shape(values: int | None, mixer: dict | None) -> tuple[int, ...]:
    """Tell the height and width from the number of values, of which the margin is not told."""
    if values == 1:
        return ()
    width, height = mixer["patchDimensions"] if mixer else (1, 1)
    for margin in itertools.count():
        found = (height + margin) * (width + margin)
        if found == values:
            return height + margin, width + margin
        if values is None or found > values:
            raise BadInput(
                f"size: got {values} values in a band, which is no patch of {width} × {height} "
                "with the same margin on all sides; give size=(height, width)"
            )


def _natural(name: str) -> list:
    """Sort B2 before B10."""
    return [(not part.isdigit(), int(part) if part.isdigit() else part)
            for part in re.split(r"(\d+)", name)]  # fmt: skip


def numbers_of(indices: np.ndarray, records: Sequence[int]) -> np.ndarray:
    """Number records through all files of a set, as an export numbers its patches.

    Args:
        indices: int64, of records of files 0, 1, … of an export that is one set.
        records: how many each file has.

    Returns:
        int64, from 0.
    """
    file, record = file_and_record(indices)
    return np.concatenate([[0], np.cumsum(records)])[file] + record
