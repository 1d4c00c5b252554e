"""The form of an exposure log on disk: numbered Parquet parts, and a manifest last.

Each part is written aside, synced and renamed, so that a killed run loses at most the part
being written. A single open Parquet file would be unreadable after kill -9.
"""

import contextlib
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from epochwatch.errors import BadInput
from epochwatch.files import write_whole

SCHEMA_NUMBER = 1
MANIFEST = "manifest.json"
PART_NAME = "part-{:06d}.parquet"
PART_GLOB = "part-*.parquet"
ABOUT = b"epochwatch"
COLUMNS = pa.schema(
    [("fit", pa.int32()), ("epoch", pa.int32()), ("step", pa.int64()), ("index", pa.int64())]
)


def write_part(folder: Path, number: int, first_exposure: int, table: pa.Table) -> None:
    """Write one part of the log, whole or not at all.

    Args:
        folder: the log.
        number: the part's number, from 0.
        first_exposure: exposures in the parts before this one.
        table: the exposures, with the columns of `COLUMNS`.
    """
    about = {"schema": SCHEMA_NUMBER, "part": number, "first_exposure": first_exposure}
    about["crc32"] = checksums(table.to_batches())
    table = table.replace_schema_metadata({ABOUT: json.dumps(about).encode()})

    def write(file):
        # One row group a part: a row group a batch costs 8.5 bytes an exposure.
        pq.write_table(
            table,
            file,
            row_group_size=max(1, table.num_rows),
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(COLUMNS.names, "DELTA_BINARY_PACKED"),
        )

    write_whole(folder / PART_NAME.format(number), write)


def write_manifest(folder: Path, manifest: dict) -> None:
    """Write the manifest: the sign that the record was closed.

    Args:
        folder: the log.
        manifest: what it says.
    """
    text = json.dumps({"schema": SCHEMA_NUMBER, **manifest}, indent=1) + "\n"
    write_whole(folder / MANIFEST, lambda file: file.write(text.encode()))


class Part(NamedTuple):
    """One part of a log on disk.

    Attributes:
        path: its file. It is opened when read: a log may have more parts than a process
            may have open files.
        exposures: rows in it.
        crc32: of each column's values, as they were written.
    """

    path: Path
    exposures: int
    crc32: list[int]

    def rows(self, at_once: int) -> Iterator[pa.RecordBatch]:
        """Read the part.

        Args:
            at_once: rows in memory at a time.

        Yields:
            The exposures, in the order trained.

        Raises:
            BadInput: it is damaged.
        """
        crc32 = [0] * len(COLUMNS)
        with _damage_told(self.path), pq.ParquetFile(self.path) as file:
            for rows in file.iter_batches(batch_size=at_once):
                crc32 = checksums([rows], crc32)
                yield rows
            if crc32 != self.crc32:
                raise ValueError("its values have another checksum")


def checksums(batches: Iterable[pa.RecordBatch], crc32: list[int] | None = None) -> list[int]:
    """Compute a checksum of each column's values, however they are cut into batches.

    Args:
        batches: rows.
        crc32: of the rows before them.

    Returns:
        CRC-32 by column.
    """
    crc32 = crc32 or [0] * len(COLUMNS)
    for rows in batches:
        values = [column.to_numpy().tobytes() for column in rows.columns]
        crc32 = [zlib.crc32(*pair) for pair in zip(values, crc32, strict=True)]
    return crc32


def find_parts(folder: Path) -> list[Part]:
    """Find the parts of a log, in order.

    Args:
        folder: the log.

    Returns:
        The parts.

    Raises:
        BadInput: a part is damaged, missing or there twice.
    """
    found, exposures = [], 0
    for number, path in enumerate(sorted(folder.glob(PART_GLOB))):
        about, rows = _about(path)
        crc32 = about.pop("crc32", None)
        expected = {"schema": SCHEMA_NUMBER, "part": number, "first_exposure": exposures}
        if about != expected:
            raise BadInput(
                f"{path}: got {about}, expected {expected}: a part of the log is missing, "
                "doubled or from another version; restore it or record again"
            )
        found.append(Part(path, rows, crc32))
        exposures += rows
    return found


def _about(path: Path) -> tuple[dict, int]:
    """Read what a part says of itself, and how many rows it has."""
    with _damage_told(path), pq.ParquetFile(path) as file:
        metadata = file.schema_arrow.metadata or {}
        if ABOUT in metadata and file.schema_arrow.remove_metadata() == COLUMNS:
            return json.loads(metadata[ABOUT]), file.metadata.num_rows
    raise BadInput(f"{path}: not a part of an exposure log; read a folder that `watch` wrote")


@contextlib.contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    # Arrow's errors are of these types too: a flipped byte raises any of them (as measured).
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise BadInput(f"{path}: damaged ({reason}); restore it or record again") from error


def read_manifest(folder: Path) -> dict | None:
    """Read the manifest.

    Args:
        folder: the log.

    Returns:
        What it says, or None where the record was never closed.

    Raises:
        BadInput: it is damaged or of another version.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        manifest = json.loads(path.read_text())
        version = manifest["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: damaged; delete it to read the parts without it") from error
    if version != SCHEMA_NUMBER:
        raise BadInput(
            f"{path}: got a log of version {version}, allowed: {SCHEMA_NUMBER}; read it with "
            "the epochwatch that wrote it"
        )
    return manifest
