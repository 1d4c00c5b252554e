"""Finding an export on disk, and reading off its first records what all of them have."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from epochwatch.errors import BadInput
from epochwatch_lab.datasets.tfrecords._framing import is_packed
from epochwatch_lab.datasets.tfrecords._layout import MIXER, Export, Layout, feature_sizes

ENDINGS = (".tfrecord", ".tfrecord.gz")
FILES_LOOKED_INTO, RECORDS_LOOKED_AT = 8, 3


def find_export(
    path: str | Path,
    label_band: str,
    *,
    prefix: str = "",
    bands: Sequence[str] | None = None,
    size: tuple[int, int] | None = None,
) -> Export:
    """Find an export of Earth Engine, image patches or a table, and what is in it.

    Args:
        path: its folder, or the one file of a table.
        label_band: name of the band, or property, that is the label.
        prefix: read only files whose names begin so.
        bands: names of the other bands, in the order wanted. None for all that the first
            records have, B2 before B10.
        size: height and width of the patches with their margins. None for what `mixer.json` and
            the first records say; needed where they are not square and there is none.

    Returns:
        The export.

    Raises:
        BadInput: there is no such folder, file or band, or nothing says the size.
    """
    files = _files(Path(path))
    chosen = _numbers_beginning(files, prefix)
    if not chosen:
        names = ", ".join(sorted({_stem(file.name) for file in files}))
        raise BadInput(f"prefix: got {prefix!r}, allowed: the beginning of one of {names}")
    mixer, stem = _mixer(files[0].parent, [files[number].name for number in chosen])
    sizes = _commonest_sizes([files[number] for number in chosen])
    wanted = (
        tuple(bands) if bands else tuple(sorted(sizes.keys() - {label_band}, key=_natural_order))
    )
    for name in (label_band, *wanted):
        if name not in sizes:
            which = "label_band" if name == label_band else "bands"
            allowed = ", ".join(sorted(sizes, key=_natural_order))
            raise BadInput(f"{which}: got {name!r}, allowed: {allowed}, which the records have")
    shape = size or _patch_shape(sizes[label_band], mixer)
    layout = Layout(wanted, label_band, tuple(shape))
    return Export(files, chosen, layout, mixer, _numbers_beginning(files, stem))


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


def _numbers_beginning(files: tuple[Path, ...], prefix: str) -> tuple[int, ...]:
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
        # A folder may hold several exports, each with a mixer of its own.
        if all(name.startswith(stem) for name in names):
            try:
                mixer = json.loads(file.read_text())
                dimensions = [int(n) for n in mixer["patchDimensions"]]
                return mixer | {"patchDimensions": dimensions}, stem
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{file}: not a mixer file of Earth Engine ({type(error).__name__}: {error}); "
                    "export it again, or remove it and give size="
                ) from None
    return None, ""


def _commonest_sizes(files: list[Path]) -> dict[str, int | None]:
    """Count what features the first records of some files have; take what most of them have."""
    seen = Counter()
    for data in _first_records(files):
        sizes = feature_sizes(data)
        if sizes:
            seen[tuple(sorted(sizes.items()))] += 1
    if not seen:
        raise BadInput(
            f"export: found no readable record in {files[0].parent}, allowed: an export of Earth "
            "Engine as TFRecord"
        )
    return dict(seen.most_common(1)[0][0])


def _first_records(files: list[Path]) -> Iterator[bytes]:
    import tensorflow as tf

    # An empty one would use up one of the few looks.
    some = (file for file in files if file.stat().st_size)
    for file in itertools.islice(some, FILES_LOOKED_INTO):
        records = tf.data.TFRecordDataset(str(file), "GZIP" if is_packed(file) else "")
        yield from records.take(RECORDS_LOOKED_AT).ignore_errors().as_numpy_iterator()


def _patch_shape(values: int | None, mixer: dict | None) -> tuple[int, ...]:
    """Infer height and width from the number of values: the mixer leaves out the margin."""
    # A table: each record is one pixel.
    if values == 1:
        return ()
    width, height = mixer["patchDimensions"] if mixer else (1, 1)
    for margin in itertools.count():
        pixels = (height + margin) * (width + margin)
        if pixels == values:
            return height + margin, width + margin
        if values is None or pixels > values:
            raise BadInput(
                f"size: got {values} values in a band, which do not fill a patch of {width} × "
                f"{height} with an equal margin on all sides; give size=(height, width)"
            )


def _natural_order(name: str) -> list:
    """The key that sorts B2 before B10."""
    parts = re.split(r"(\d+)", name)
    return [(not part.isdigit(), int(part) if part.isdigit() else part) for part in parts]
