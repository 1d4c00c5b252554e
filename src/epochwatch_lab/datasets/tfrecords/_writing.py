"""Exports as Earth Engine writes them, made up: image patches and tables."""

import contextlib
import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from epochwatch.errors import BadInput
from epochwatch_lab.datasets.tfrecords._layout import MIXER
from epochwatch_lab.datasets.tfrecords._scene import LABEL_BAND, Scene

METRES = 10.0  # an edge of a pixel
ORIGIN = (500_000.0, 5_200_000.0)  # upper left corner, in metres of UTM zone 12 north


def write_export(
    folder: str | Path,
    patches: int = 30_010,
    *,
    ratio: int = 3_000,
    bands: int = 12,
    patch: int = 64,
    kernel: int = 8,
    files: int = 4,
    compressed: bool = True,
    seed: int = 0,
    prefix: str = "mixed",
    progress: Callable[[int], None] = lambda done: None,
) -> Scene:
    """Write image patches as `Export.image.toDrive(fileFormat="TFRecord")` does.

    Each record is a patch, row by row of the scene: every band a list of float32, the
    rasterised label `landcover` among them (1 for the rare class, 0 for all else). Beside the
    files lies `<prefix>-mixer.json`. What is written depends on the seed and the sizes, not on
    the number of files; memory is bounded whatever is written.

    Args:
        folder: where; it is made if need be.
        patches: records in all.
        ratio: patches without the rare class to one with it.
        bands: spectral bands, B1, B2 …
        patch: pixels along an edge of a patch, without its margin.
        kernel: pixels by which patches overlap (`kernelSize`): even, and at most a quarter of
            the patch.
        files: how many files to spread the patches over.
        compressed: whether to pack them with GZIP.
        seed: of everything.
        prefix: what the names of the files begin with.
        progress: called with the patches written since the last call.

    Returns:
        The scene, which knows what is in each patch.

    Raises:
        BadInput: a size is not allowed.
    """
    _check_counts(patches=patches, ratio=ratio, bands=bands, files=files)
    if patch < 8 or kernel % 2 or not 0 <= kernel <= patch // 4:
        raise BadInput(
            f"patch and kernel: got {patch} and {kernel}, allowed: a patch of 8 pixels or more, "
            "and an even kernel from 0 to a quarter of it"
        )
    scene = Scene.from_sizes(patches, ratio, bands, patch, kernel, seed)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = [*(f"B{number + 1}" for number in range(bands)), LABEL_BAND]
    template = RecordTemplate(names, scene.size**2)
    ends = np.linspace(0, patches, files + 1).astype(int)
    for number, (begin, end) in enumerate(itertools.pairwise(ends)):
        with open_writer(folder, prefix, number, compressed) as write:
            for numbers in _number_chunks(begin, end, scene.at_once):
                write(template.filled(scene.pixels(numbers)))
                progress(len(numbers))
    mixer = json.dumps(mixer_of(scene), indent=2)
    (folder / f"{prefix}-{MIXER}").write_text(f"{mixer}\n")
    return scene


def write_table(
    file: str | Path, rows: int = 10_000, *, ratio: int = 3_000, bands: int = 12, seed: int = 0
) -> np.ndarray:
    """Write a table as `Export.table.toDrive(fileFormat="TFRecord")` does: one GZIP file.

    Each record is a sampled pixel; every property is a list of one float32, `landcover` too.

    Args:
        file: where; its folder is made if need be.
        rows: records.
        ratio: rows without the rare class to one with it.
        bands: spectral bands, B1, B2 …
        seed: of everything.

    Returns:
        int64, the rows of the rare class.

    Raises:
        BadInput: a size is not allowed.
    """
    _check_counts(rows=rows, ratio=ratio, bands=bands)
    scene = Scene.from_sizes(rows, ratio, bands, 8, 0, seed)
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    template = RecordTemplate([*(f"B{number + 1}" for number in range(bands)), LABEL_BAND], 1)
    with tf.io.TFRecordWriter(str(file), "GZIP") as open_file:
        for numbers in _number_chunks(0, rows, scene.at_once):
            pixels = scene.pixels(numbers).reshape(len(numbers), bands + 1, -1)
            at = pixels[:, -1].argmax(axis=1)  # the first of the rare class, or any
            for record in template.filled(pixels[np.arange(len(numbers)), :, at]):
                open_file.write(record)
    return scene.minority


class RecordTemplate:
    """Records that differ in their numbers only, so that they are made many at a time.

    Args:
        names: of the bands.
        values: float32 in each.
    """

    def __init__(self, names: Sequence[str], values: int):
        example = tf.train.Example()
        # Different numbers to a band, by which its place in the serialised record is found.
        marks = [np.full(values, -1 - place, np.float32) for place in range(len(names))]
        for name, mark in zip(names, marks, strict=True):
            example.features.feature[name].float_list.value.extend(mark)
        self.record = example.SerializeToString(deterministic=True)
        self.begins = [self.record.index(mark.tobytes()) for mark in marks]

    def filled(self, numbers: np.ndarray) -> Iterator[bytes]:
        """Make records of float32 (records, bands, …)."""
        numbers = np.ascontiguousarray(numbers).reshape(len(numbers), len(self.begins), -1)
        as_bytes = numbers.view(np.uint8)
        made = np.tile(np.frombuffer(self.record, np.uint8), (len(numbers), 1))
        for band, begin in enumerate(self.begins):
            made[:, begin : begin + as_bytes.shape[2]] = as_bytes[:, band]
        return (record.tobytes() for record in made)


@contextlib.contextmanager
def open_writer(folder: Path, prefix: str, number: int, compressed: bool) -> Iterator[Callable]:
    """Open one file of a set, made aside: what is called with records writes them."""
    name = f"{prefix}-{number:05}.tfrecord" + ".gz" * compressed
    # `.part` is none of the endings that an export is found by.
    aside = folder / f".{name}.part"
    try:
        with tf.io.TFRecordWriter(str(aside), "GZIP" if compressed else "") as file:
            yield lambda records: [file.write(record) for record in records]
        shutil.move(aside, folder / name)
    finally:
        aside.unlink(missing_ok=True)


def mixer_of(scene: Scene) -> dict:
    """Describe where the patches belong as Earth Engine does, which leaves out their margins."""
    return {
        "projection": {
            "crs": "EPSG:32612",
            "affine": {"doubleMatrix": [METRES, 0.0, ORIGIN[0], 0.0, -METRES, ORIGIN[1]]},
        },
        "patchDimensions": [scene.patch, scene.patch],
        "patchesPerRow": scene.columns,
        "totalPatches": scene.patches,
    }


def _check_counts(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise BadInput(f"{name}: got {count}, allowed: 1 or more")


def _number_chunks(begin: int, end: int, at_once: int) -> Iterator[np.ndarray]:
    for first in range(begin, end, at_once):
        yield np.arange(first, min(first + at_once, end))
