"""Reading an exposure log back: what was trained, in the order trained."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from epochwatch.errors import BadInput
from epochwatch.exposures import parts
from epochwatch.exposures.counts import Counts, coverage

ROWS_AT_ONCE = 1_000_000


class TrainedBatch(NamedTuple):
    """One batch that was trained.

    Attributes:
        fit: which call of `fit`, from 1.
        epoch: which epoch, from 1, as that call prints it.
        step: which step of the epoch, from 0.
        index: int64 (batch,), the samples in the batch.
    """

    fit: int
    epoch: int
    step: int
    index: np.ndarray


class ExposureLog:
    """The exposures of a run, in the order trained.

    Args:
        folder: where the log is.
        found: its parts, in order.
        manifest: what the manifest says; None where the record was cut off.

    Example:
        `ExposureLog.read("run.exposures")` shows itself as
        `<ExposureLog run.exposures: 100,000 exposures to fit 1, epoch 10, step 624; complete>`.
    """

    def __init__(self, folder: Path, found: list[parts.Part], manifest: dict | None):
        self.folder = folder
        self.parts = found
        self.manifest = manifest

    @classmethod
    def read(cls, path: str | Path) -> "ExposureLog":
        """Open a log. What it holds is read from disk when asked for.

        Args:
            path: the folder that `watch(model, log=…)` was given.

        Returns:
            The log.

        Raises:
            BadInput: there is no log, or it is damaged or incomplete in its middle.
        """
        folder = Path(path)
        found, manifest = parts.find_parts(folder), parts.read_manifest(folder)
        if not found and manifest is None:
            raise BadInput(f"{folder}: no exposure log; give the folder that `watch` was given")
        log = cls(folder, found, manifest)
        if manifest is not None and manifest["exposures"] != len(log):
            raise BadInput(
                f"{folder}: {len(log):,} exposures, and the manifest says "
                f"{manifest['exposures']:,}: the last parts are missing; restore them"
            )
        return log

    @property
    def complete(self) -> bool:
        """Whether the record was closed: False after a kill."""
        return self.manifest is not None

    @property
    def interrupted_by(self) -> str | None:
        """Name of the exception that ended the last `fit`, if one did."""
        return self.manifest["interrupted_by"] if self.manifest else None

    def __len__(self) -> int:
        return sum(part.exposures for part in self.parts)

    def __repr__(self) -> str:
        end = "nothing trained"
        if len(self):
            *_, rows = self.parts[-1].rows(ROWS_AT_ONCE)
            (last,) = rows.slice(rows.num_rows - 1).to_pylist()
            end = f"to fit {last['fit']}, epoch {last['epoch']}, step {last['step']}"
        state = "complete" if self.complete else "cut off there"
        return f"<ExposureLog {self.folder}: {len(self):,} exposures {end}; {state}>"

    def to_arrow(self) -> pa.Table:
        """Read everything into memory.

        Returns:
            A table of `fit`, `epoch` (int32), `step`, `index` (int64): a row an exposure.
        """
        rows = [batch.replace_schema_metadata() for batch in self._rows()]
        return pa.Table.from_batches(rows, schema=parts.COLUMNS)

    def counts(self) -> Counts:
        """Count the exposures per index.

        Returns:
            A mapping from index to exposures, with the arrays `.index` and `.exposures`.
        """
        return Counts.of(_index(rows) for rows in self._rows())

    def coverage(self, streams):
        """Say what part of each stream has been trained by the end of each epoch.

        Args:
            streams: int64 array of a stream's indices, or a dictionary of such arrays.

        Returns:
            float64 (epochs,), from 0 to 1; or a dictionary of such arrays.
        """
        if isinstance(streams, Mapping):
            return {name: self.coverage(stream) for name, stream in streams.items()}
        epochs = (map(_index, rows) for _, rows in self._epochs())
        return coverage(epochs, np.asarray(streams))

    def batches(self) -> Iterator[TrainedBatch]:
        """Go through the batches in the order trained.

        Yields:
            One trained batch at a time.
        """
        pieces = itertools.chain.from_iterable(map(_batches, self._rows()))
        for place, group in itertools.groupby(pieces, key=lambda batch: batch[:3]):
            # A batch may have been cut where one read of rows ends and the next begins.
            yield TrainedBatch(*place, np.concatenate([batch.index for batch in group]))

    def _rows(self) -> Iterator[pa.RecordBatch]:
        for part in self.parts:
            yield from part.rows(ROWS_AT_ONCE)

    def _epochs(self):
        pieces = itertools.chain.from_iterable(map(_by_epoch, self._rows()))
        for epoch, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
            yield epoch, (rows for _, rows in group)


def _index(rows: pa.RecordBatch) -> np.ndarray:
    return rows.column("index").to_numpy()


def _runs(rows: pa.RecordBatch, names: tuple[str, ...]) -> Iterator[tuple[tuple, pa.RecordBatch]]:
    """Cut rows where one of the columns changes its value."""
    columns = [rows.column(name).to_numpy() for name in names]
    changes = np.any([np.diff(column) != 0 for column in columns], axis=0)
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1, [rows.num_rows]])
    for start, stop in itertools.pairwise(starts.tolist()):
        yield tuple(int(column[start]) for column in columns), rows.slice(start, stop - start)


def _by_epoch(rows: pa.RecordBatch):
    return _runs(rows, ("fit", "epoch"))


def _batches(rows: pa.RecordBatch) -> Iterator[TrainedBatch]:
    for place, part in _runs(rows, ("fit", "epoch", "step")):
        yield TrainedBatch(*place, _index(part))
