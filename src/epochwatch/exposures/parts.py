"""The form of an exposure log on disk: numbered Parquet parts, and a manifest last.

Each part is written aside, synced and renamed, so that a killed run loses at most the part
being written. A single open Parquet file would be unreadable after kill -9.
"""

import json
from pathlib import Path

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


def open_parts(folder: Path) -> list[pq.ParquetFile]:
    """Open the parts of a log, in order.

    Args:
        folder: the log.

    Returns:
        The Parquet files.

    Raises:
        BadInput: a part is damaged, missing or there twice.
    """
    files, exposures = [], 0
    for number, path in enumerate(sorted(folder.glob(PART_GLOB))):
        file = open_part(path)
        about = json.loads(file.schema_arrow.metadata[ABOUT])
        expected = {"schema": SCHEMA_NUMBER, "part": number, "first_exposure": exposures}
        if about != expected:
            raise BadInput(
                f"{path}: got {about}, expected {expected}: a part of the log is missing, "
                "doubled or from another version; restore it or record again"
            )
        files.append(file)
        exposures += file.metadata.num_rows
    return files


def open_part(path: Path) -> pq.ParquetFile:
    """Open one part.

    Args:
        path: the part.

    Returns:
        The Parquet file.

    Raises:
        BadInput: it is damaged, or no part of an exposure log.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"{path}: damaged ({reason}); restore it or record again") from error
    if ABOUT not in (file.schema_arrow.metadata or {}):
        raise BadInput(f"{path}: not a part of an exposure log; read a folder that `watch` wrote")
    return file


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
