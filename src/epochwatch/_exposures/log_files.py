"""The form of an exposure log on disk: numbered Parquet parts, and a manifest.

Each part is written aside, synced and renamed, so that a killed run loses at most the part
being written. A single open Parquet file would be unreadable after kill -9. What a part says
of itself stands in its Parquet metadata: nothing beside the parts is needed to read them. The
manifest is there from the start, and final at the end.
"""

import contextlib
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from epochwatch._exposures.batches import COLUMNS
from epochwatch._files import write_whole
from epochwatch.errors import BadInput

SCHEMA_NUMBER = 1
MANIFEST = "manifest.json"
PART_NAME = "part-{:06d}.parquet"
PART_GLOB = "part-*.parquet"
ABOUT = b"epochwatch"


def write_manifest(folder: Path, manifest: dict) -> None:
    """Write the manifest in place of the one before."""
    text = seal({"schema": SCHEMA_NUMBER, **manifest}) + b"\n"
    write_whole(folder / MANIFEST, lambda file: file.write(text))


def read_manifest(folder: Path) -> dict | None:
    """Read the manifest; None where there is none."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        return unseal(path.read_bytes(), path)
    except BadInput:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path}: damaged ({error}); delete it to read the parts without it"
        ) from error


def write_part(folder: Path, table: pa.Table, about: dict) -> None:
    """Write one part of the log, whole or not at all.

    `about` is what it says of itself: its number `part`, `first_exposure` (exposures in the
    parts before it), `epochs` (pairs of fit and epoch, in order), `last_step`, and `metadata`
    if it differs from that of the part before.
    """
    sealed = seal({"schema": SCHEMA_NUMBER, **about, "crc32": checksums(table)})

    def write(file):
        # Arrow's own schema says what Parquet's says already, in 600 bytes a part.
        with pq.ParquetWriter(
            file,
            COLUMNS,
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(COLUMNS.names, "DELTA_BINARY_PACKED"),
            write_statistics=["fit", "epoch"],  # what readers select by
            store_schema=False,
        ) as parquet:
            # One row group a part: a row group a batch costs 8.5 bytes an exposure.
            parquet.write_table(table, row_group_size=max(1, table.num_rows))
            parquet.add_key_value_metadata({ABOUT: sealed})

    write_whole(folder / PART_NAME.format(about["part"]), write)


class LogPart(NamedTuple):
    """One part of a log on disk.

    Attributes:
        path: its file. It is opened when read: a log may have more parts than a process
            may have open files.
        exposures: rows in it.
        about: what it says of itself; see `write_part`.
    """

    path: Path
    exposures: int
    about: dict

    @property
    def epochs(self) -> list[tuple[int, int]]:
        """Pairs of fit and epoch, in the order trained."""
        return [tuple(pair) for pair in self.about["epochs"]]

    def rows(self, at_once: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns, so many rows in memory at once; a damaged one is refused."""
        crc32 = dict.fromkeys(columns, 0)
        with _damage_named(self.path), pq.ParquetFile(self.path) as file:
            for rows in file.iter_batches(batch_size=at_once, columns=columns):
                crc32 = checksums(rows, crc32)
                # Without the metadata, which is of this part alone.
                yield rows.replace_schema_metadata()
            # Only the columns asked for have been read.
            if not crc32.items() <= self.about["crc32"].items():
                raise ValueError("its values have another checksum")


def checksums(rows: pa.RecordBatch | pa.Table, before: dict[str, int] | None = None):
    """Compute a CRC-32 of each column's values, however they are cut into batches."""
    before = before or {}
    columns = zip(rows.schema.names, rows.columns, strict=True)
    # Of the values and not of the file: two writers may compress the same values differently.
    return {name: zlib.crc32(column.to_numpy(), before.get(name, 0)) for name, column in columns}


def find_parts(folder: Path) -> list[LogPart]:
    """Find the parts of a log, in order; a damaged, missing or doubled one is refused."""
    parts, exposures = [], 0
    for number, path in enumerate(sorted(folder.glob(PART_GLOB))):
        part = _open_part(path)
        got = {name: part.about[name] for name in ("part", "first_exposure")}
        # By what the part says of itself: a file can be renamed.
        expected = {"part": number, "first_exposure": exposures}
        if got != expected:
            raise BadInput(
                f"{path}: got {got}, expected {expected}: a part of the log is missing or "
                "doubled; restore it or record again"
            )
        parts.append(part)
        exposures += part.exposures
    return parts


def _open_part(path: Path) -> LogPart:
    """Read what a part says of itself, and how many rows it has."""
    with _damage_named(path), pq.ParquetFile(path) as file:
        metadata = file.metadata.metadata or {}
        if ABOUT in metadata:
            about = unseal(metadata[ABOUT], path)
            if file.schema_arrow != COLUMNS:
                raise ValueError(f"its columns are {file.schema_arrow.names}")
            return LogPart(path, file.metadata.num_rows, about)
    raise BadInput(f"{path}: not a part of an exposure log; read a folder that `watch` wrote")


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except BadInput:
        raise
    # Arrow's errors are of these types too: a flipped byte raises any of them (as measured).
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise BadInput(f"{path}: damaged ({reason}); restore it or record again") from error


def seal(content: dict) -> bytes:
    """Turn a content into JSON that tells whether it was changed: a checksum stands last.

    Example:
        >>> seal({"exposures": 3})
        b'{"exposures": 3, "checksum": 2645068136}'
    """
    return json.dumps({**content, "checksum": zlib.crc32(json.dumps(content).encode())}).encode()


def unseal(text: bytes, path: Path) -> dict:
    """Read what `seal` made; ValueError if it was changed since."""
    content = json.loads(text)
    if not isinstance(content, dict) or "schema" not in content:
        raise ValueError("it names no version")
    if content["schema"] != SCHEMA_NUMBER:
        raise BadInput(
            f"{path}: got a log of version {content['schema']}, allowed: {SCHEMA_NUMBER}; read it "
            "with the epochwatch that wrote it"
        )
    checksum = content.pop("checksum", None)
    if checksum != zlib.crc32(json.dumps(content).encode()):
        raise ValueError("its text has another checksum")
    return content
