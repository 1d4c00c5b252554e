"""The form of an exposure log on disk: numbered Parquet parts, and a manifest.

Each part is written aside, synced and renamed, so that a killed run loses at most the part
being written. A single open Parquet file would be unreadable after kill -9. What a part says
of itself stands in its Parquet metadata: nothing beside the parts is needed to read them. The
manifest is there from the start, and final at the end. Parts and manifest name the log that
they are of.
"""

import contextlib
import itertools
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from epochwatch._exposures.batches import COLUMNS, DISTRIBUTED_COLUMNS, PLACE, REPLICA
from epochwatch._files import write_whole
from epochwatch.errors import BadInput

SCHEMA_NUMBER = 2
DISTRIBUTED_SCHEMA_NUMBER = 3  # with replicas; an undistributed log stays as it was, in its bytes
# 1 does not say which log a part is of, nor how many rows it has.
READ_SCHEMA_NUMBERS = (1, SCHEMA_NUMBER, DISTRIBUTED_SCHEMA_NUMBER)
MANIFEST = "manifest.json"
PART_NAME = "part-{:06d}.parquet"
PART_GLOB = "part-*.parquet"
ABOUT = b"epochwatch"
OF_MANIFEST = {"complete", "exposures", "interrupted_by", "failed_with", "metadata"}
OF_PART = {"part", "first_exposure", "epochs", "last_step", "crc32"}


def write_manifest(folder: Path, manifest: dict, synced: bool = True) -> None:
    """Write the manifest in place of the one before; `sync_file` may sync it later."""
    text = seal({"schema": _schema_number(manifest), **manifest}) + b"\n"
    write_whole(folder / MANIFEST, lambda file: file.write(text), synced, synced)


def read_manifest(folder: Path) -> dict | None:
    """Read the manifest; None where there is none."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        text = path.read_bytes()
        # Empty where the power was cut before a new one was synced.
        return {"log": None, **unseal(text, path, OF_MANIFEST)} if text else None
    except BadInput:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{path}: damaged ({error}); delete this file to read the log without it"
        ) from error


def write_part(folder: Path, table: pa.Table, about: dict) -> None:
    """Write one part of the log, whole or not at all.

    `about` is what it says of itself: which `log` it is of, its number `part`, `first_exposure`
    (exposures in the parts before it), its own `exposures`, `epochs` (pairs of fit and epoch,
    in order), `last_step`, `metadata` if it differs from that of the part before, and the
    `Share` of a distributed training.
    """
    sealed = seal({"schema": _schema_number(about), **about, "crc32": checksums(table)})

    def write(file):
        # Arrow's own schema says what Parquet's says already, in 600 bytes a part.
        with pq.ParquetWriter(
            file,
            table.schema,
            compression="zstd",
            use_dictionary=False,
            column_encoding=dict.fromkeys(table.schema.names, "DELTA_BINARY_PACKED"),
            write_statistics=["fit", "epoch"],  # what readers select by
            store_schema=False,
        ) as parquet:
            # One row group a part: a row group a batch costs 8.5 bytes an exposure.
            parquet.write_table(table, row_group_size=max(1, table.num_rows))
            parquet.add_key_value_metadata({ABOUT: sealed})

    # The manifest syncs its name, or the file system does by itself, within seconds.
    write_whole(folder / PART_NAME.format(about["part"]), write, sync_name=False)


def holds_log(folder: Path) -> bool:
    """Whether a folder holds a log of one process, however damaged."""
    return (folder / MANIFEST).exists() or any(folder.glob(PART_GLOB))


class LogPart(NamedTuple):
    """One part of a log on disk.

    Attributes:
        path: its file. It is opened when read: a log may have more parts than a process
            may have open files.
        about: what it says of itself; see `write_part`.
        fits_before: of the logs that it is joined to.
    """

    path: Path
    about: dict
    fits_before: int = 0

    @property
    def exposures(self) -> int:
        """Rows in it."""
        return self.about["exposures"]

    @property
    def is_distributed(self) -> bool:
        """Whether it says of each row which replica trained it."""
        return "replicas" in self.about

    @property
    def epochs(self) -> list[tuple[int, int]]:
        """Pairs of fit and epoch, in the order trained."""
        return [(fit + self.fits_before, epoch) for fit, epoch in self.about["epochs"]]

    def rows(self, at_once: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Read some columns, so many rows at once; of a damaged part none is given out.

        What one device trained is replica 0's, where replicas are asked for.
        """
        with _damage_named(self.path), pq.ParquetFile(self.path) as file:
            table = file.read(columns)
            # Only the columns asked for have been read.
            if not checksums(table).items() <= self.about["crc32"].items():
                raise ValueError("its values have another checksum")
        if self.fits_before and "fit" in columns:
            fit = pc.add(table["fit"], pa.scalar(self.fits_before, pa.int32()))
            table = table.set_column(0, COLUMNS.field("fit"), fit)
        if REPLICA in columns and not self.is_distributed:
            zeros = np.zeros(table.num_rows, np.int32)
            table = table.append_column(REPLICA, pa.array(zeros)).select(columns)
        table = table.slice(0, self.exposures)  # of a part that was cut, those that are left
        # Without the metadata, which is of this part alone.
        yield from table.replace_schema_metadata().to_batches(max_chunksize=at_once)

    def up_to(self, end: tuple[int, int, int]) -> "LogPart | None":
        """Leave out what stands behind a step, `(fit, epoch, step)`; None if that is all."""
        pairs = list(itertools.takewhile(lambda pair: pair <= end[:2], self.epochs))
        if not pairs:
            return None
        if pairs == self.epochs and (*pairs[-1], self.about["last_step"]) <= end:
            return self
        chunks = list(self.rows(max(1, self.exposures), PLACE[:3]))
        fit, epoch, step = (
            np.concatenate([np.empty(0, np.int64), *(rows.column(name) for rows in chunks)])
            for name in PLACE[:3]
        )
        is_later = (fit > end[0]) | ((fit == end[0]) & (epoch > end[1]))
        is_later |= (fit == end[0]) & (epoch == end[1]) & (step > end[2])
        kept = int(np.argmax(np.append(is_later, True)))
        # Steps without exposures have no row: the epoch went on, so it has all of them.
        last_step = end[2] if pairs[-1] == end[:2] else int(step[:kept].max(initial=0))
        epochs = self.about["epochs"][: len(pairs)]
        cut = {"exposures": kept, "epochs": epochs, "last_step": last_step}
        return self._replace(about=self.about | cut)


def checksums(table: pa.Table) -> dict[str, int]:
    """Compute a CRC-32 of each column's values."""
    columns = zip(table.schema.names, table.columns, strict=True)
    # Of the values and not of the file: two writers may compress the same values differently.
    return {name: zlib.crc32(column.to_numpy()) for name, column in columns}


def find_parts(folder: Path, manifest: dict | None) -> list[LogPart]:
    """Find the parts of a log, in order; one that is damaged, missing or foreign is refused."""
    # One at a time: a log may have more parts than a process may have open files.
    parts = [_open_part(path) for path in sorted(folder.glob(PART_GLOB))]
    starts = itertools.accumulate((part.exposures for part in parts), initial=0)
    of_log = (manifest or parts[0].about)["log"] if manifest or parts else None
    for number, (part, first) in enumerate(zip(parts, starts, strict=False)):
        if part.about["log"] != of_log:
            raise BadInput(
                f"{part.path}: belongs to another log (its id is {part.about['log']}, that of the "
                f"folder is {of_log}); restore the folder from a copy"
            )
        got = {name: part.about[name] for name in ("part", "first_exposure")}
        # By what the part says of itself: a file can be renamed.
        expected = {"part": number, "first_exposure": first}
        if got != expected:
            raise BadInput(
                f"{part.path}: got {got}, expected {expected}: a part of the log is missing or is "
                "there twice; restore it or record again"
            )
    return parts


def _open_part(path: Path) -> LogPart:
    """Read what a part says of itself, and how many rows it has."""
    with _damage_named(path), pq.ParquetFile(path) as file:
        metadata = file.metadata.metadata or {}
        if ABOUT in metadata:
            about = unseal(metadata[ABOUT], path, OF_PART)
            if file.schema_arrow != (DISTRIBUTED_COLUMNS if "replicas" in about else COLUMNS):
                raise ValueError(f"its columns are {file.schema_arrow.names}")
            about = {"log": None, "exposures": file.metadata.num_rows, **about}
            if about["exposures"] != file.metadata.num_rows:
                raise ValueError(f"{file.metadata.num_rows} rows, not {about['exposures']}")
            return LogPart(path, about)
    raise BadInput(f"{path}: not a part of an exposure log; read a folder that `watch` wrote")


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except BadInput:
        raise
    # Arrow's errors are of these types too: a flipped byte raises any of them (as measured).
    except (pa.ArrowException, OSError, ValueError, RecursionError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise BadInput(f"{path}: damaged ({reason}); restore it or record again") from error


def _schema_number(content: dict) -> int:
    return DISTRIBUTED_SCHEMA_NUMBER if "replicas" in content else SCHEMA_NUMBER


def seal(content: dict) -> bytes:
    """Turn a content into JSON that tells whether it was changed: a checksum stands last.

    Example:
        >>> seal({"exposures": 3})
        b'{"exposures": 3, "checksum": 2645068136}'
    """
    return json.dumps({**content, "checksum": zlib.crc32(json.dumps(content).encode())}).encode()


def unseal(text: bytes, path: Path, needed: set[str]) -> dict:
    """Read what `seal` made; ValueError if it was changed since."""
    content = json.loads(text)
    if not isinstance(content, dict) or "schema" not in content:
        raise ValueError("it names no version")
    if content["schema"] not in READ_SCHEMA_NUMBERS:
        raise BadInput(
            f"{path}: got a log of version {content['schema']!r:.20}, allowed: 1 to 3; read it "
            "with the epochwatch that wrote it"
        )
    checksum = content.pop("checksum", None)
    if checksum != zlib.crc32(json.dumps(content).encode()):
        raise ValueError("its text has another checksum")
    if lacking := sorted(needed - content.keys()):
        raise ValueError(f"it lacks {', '.join(lacking)}")
    return content
