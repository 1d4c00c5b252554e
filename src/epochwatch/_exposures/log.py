"""Reading an exposure log back: what was trained, in the order trained."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from epochwatch._exposures import counts, divergence
from epochwatch._exposures.batches import (
    COLUMNS,
    DISTRIBUTED_COLUMNS,
    TrainedBatch,
    cut_into_batches,
    cut_into_epochs,
    index_column,
)
from epochwatch._exposures.log_files import LogPart, find_parts, read_manifest
from epochwatch._exposures.share import Share, holds_workers
from epochwatch.errors import BadInput

ROWS_AT_ONCE = 2**20  # a little more than a part has, so that most are read at once


class LoggedStep(NamedTuple):
    """Where in a run: fit and epoch from 1, the step of the epoch from 0."""

    fit: int
    epoch: int
    step: int


class ExposureLog:
    """The exposures of a run, in the order trained.

    Args:
        folder: where the log is.
        parts: its parts, in order.
        manifest: what the manifest says; None where there is none.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from epochwatch._exposures.writer import ExposureWriter
        >>> folder = tempfile.TemporaryDirectory()
        >>> def recorded(name, epochs):
        ...     writer = ExposureWriter(f"{folder.name}/{name}", {"feed": "arrays"})
        ...     for number, index in enumerate(epochs, start=1):
        ...         writer.append(1, number, 0, np.array([2, 1]), np.array(index))
        ...     writer.close()
        ...     return ExposureLog.read(writer.folder)
        >>> log = recorded("once", [[0, 1, 2], [3, 0, 1]])
        >>> other = recorded("again", [[0, 1, 2], [3, 4, 1]])
        >>> len(log), log.end, log.complete, log.metadata
        (6, LoggedStep(fit=1, epoch=2, step=1), True, {'feed': 'arrays'})
        >>> log.counts()[0], log.coverage(np.arange(5))
        (2, array([0.6, 0.8]))
        >>> next(log.batches(epoch=2))
        TrainedBatch(fit=1, epoch=2, step=0, index=array([3, 0]), replica=None)
        >>> print(log.counts())
        4 samples trained, 6 exposures; each sample 1 to 2 times, median 1.5
        >>> print(log.first_divergence(other))
        first divergence at fit 1, epoch 2, step 0, row 1: 0 here, 4 there
        >>> folder.cleanup()
    """

    def __init__(self, folder: Path, parts: list[LogPart], manifest: dict | None):
        self.folder = folder
        self.parts = parts
        self.manifest = manifest

    @classmethod
    def read(cls, path: str | Path) -> "ExposureLog":
        """Open a log. What it holds is read from disk when asked for.

        Args:
            path: the folder that `watch(model, log=…)` was given, or in it that of one worker.

        Returns:
            The log; a `JoinedLog` where several workers have trained.

        Raises:
            BadInput: there is no log, or it is damaged or incomplete in its middle.
        """
        folder = Path(path)
        if holds_workers(folder):
            from epochwatch._exposures import joined_log  # which needs this module

            return joined_log.read_workers_logs(folder)
        manifest = read_manifest(folder)  # before the parts: more of them may be coming
        log = cls(folder, find_parts(folder, manifest), manifest)
        if not log.parts and log.manifest is None:
            got = "is a file" if folder.is_file() else "holds no exposure log"
            raise BadInput(
                f"{folder} {got if folder.exists() else 'does not exist'}; give the folder that "
                "you gave to `watch` as its log"
            )
        expected = log.manifest["exposures"] if log.manifest else 0
        if len(log) < expected or (log.complete and len(log) > expected):
            raise BadInput(
                f"{folder}: got {len(log):,} exposures, but the manifest counts {expected:,}: the "
                "last parts are missing or belong elsewhere; restore the folder from a copy"
            )
        return log

    @classmethod
    def join(cls, logs: Sequence["ExposureLog"], drop_redone: bool = False) -> "ExposureLog":
        """Join the logs of a training that was interrupted into one.

        Each log continues where the one before ends, as `fit(initial_epoch=…)` does: its first
        epoch is the next one. It is another call of `fit`, so its fits are numbered after those
        before, as if one process had trained everything.

        Args:
            logs: in the order trained.
            drop_redone: what happens to the epochs of a log that the next one has, too: False
                refuses them, True leaves them out. Leave them out where the training went on
                from weights that were saved before these epochs.

        Returns:
            One log, which is complete if the last one is.

        Raises:
            BadInput: there is an epoch missing between two logs, or trained by both.

        Example:
            >>> import tempfile
            >>> import numpy as np
            >>> from epochwatch._exposures.writer import ExposureWriter
            >>> folder = tempfile.TemporaryDirectory()
            >>> def recorded(name, epochs):
            ...     writer = ExposureWriter(f"{folder.name}/{name}")
            ...     for number in epochs:
            ...         writer.append(1, number, 0, np.array([1]), np.array([number * 10]))
            ...         writer.flush()
            ...     writer.close()
            ...     return ExposureLog.read(writer.folder)
            >>> first, second = recorded("first", [1, 2, 3]), recorded("second", [3, 4])
            >>> joined = ExposureLog.join([first, second], drop_redone=True)
            >>> [(batch.fit, batch.epoch, batch.index.item()) for batch in joined.batches()]
            [(1, 1, 10), (1, 2, 20), (2, 3, 30), (2, 4, 40)]
            >>> folder.cleanup()
        """
        if not logs:
            raise BadInput("join: got no log, allowed: one or more, in the order trained")
        if len(workers := sorted({len(log.workers) for log in logs})) > 1:
            raise BadInput(
                f"join: got logs of {' and '.join(map(str, workers))} workers, allowed: logs of as "
                "many workers each; join the logs of each worker"
            )
        if workers != [1]:
            of_workers = zip(*(log.workers for log in logs), strict=True)
            joined = [cls.join(each, drop_redone) for each in of_workers]
            return type(logs[-1])(logs[-1].folder, joined)
        parts = []
        for log in logs:
            fits_before = max((fit for part in parts for fit, _ in part.epochs), default=0)
            parts = _kept_before(log, parts, drop_redone)
            parts += [
                part._replace(fits_before=part.fits_before + fits_before) for part in log.parts
            ]
        return cls(logs[-1].folder, parts, logs[-1].manifest)

    @property
    def workers(self) -> Sequence["ExposureLog"]:
        """The logs of the processes that trained: this one alone, or those that are joined."""
        return (self,)

    @property
    def share(self) -> Share | None:
        """What the process trained of a distributed training; None if it was not distributed."""
        said = [self.manifest] if self.manifest else [part.about for part in self.parts[-1:]]
        return Share.from_json(said[0]) if said else None

    @property
    def complete(self) -> bool:
        """Whether the record was closed: False after a kill, or a write that failed."""
        return self.manifest is not None and self.manifest["complete"]

    @property
    def interrupted_by(self) -> str | None:
        """Name of the exception that ended the last `fit`, if one did."""
        return self.manifest["interrupted_by"] if self.manifest else None

    @property
    def failed_with(self) -> str | None:
        """Name of the error, such as ENOSPC, with which a write failed, if one did."""
        return self.manifest["failed_with"] if self.manifest else None

    @property
    def metadata(self) -> dict:
        """What was recorded of the run: feed, backend, versions, parameters."""
        of_parts = [part.about["metadata"] for part in self.parts if "metadata" in part.about]
        # A log that was cut off has only the manifest it began with; its parts know more.
        if self.manifest is not None and (self.complete or not of_parts):
            return self.manifest["metadata"]
        return of_parts[-1] if of_parts else {}

    @property
    def end(self) -> LoggedStep | None:
        """The last step of the record; None where nothing was trained."""
        if not self.parts:
            return None
        last = self.parts[-1]
        return LoggedStep(*last.epochs[-1], last.about["last_step"])

    def __len__(self) -> int:
        return sum(part.exposures for part in self.parts)

    def __repr__(self) -> str:
        end = "nothing trained"
        if self.end:
            end = "to fit {}, epoch {}, step {}".format(*self.end)
        return (
            f"<{type(self).__name__} {self._folders_named()}: {len(self):,} exposures {end}; "
            f"{self._state_named()}>"
        )

    def to_arrow(self) -> pa.Table:
        """Read everything into memory.

        Returns:
            A table of `fit`, `epoch` (int32), `step`, `index` (int64): a row an exposure. That of
            a distributed training has `replica` (int32) before the index, and `worker` (int32)
            behind it where several processes have trained. Data frame libraries take it:
            `to_pandas()`, `polars.from_arrow`, DuckDB by name.
        """
        # The schema is given because a log without exposures has no part to read it from.
        return pa.Table.from_batches(self._read_rows(), schema=self._schema())

    def counts(self) -> counts.Counts:
        """Count the exposures per index. Memory grows with the samples only.

        Returns:
            A mapping from index to exposures, with the arrays `.index` and `.exposures`.
        """
        return counts.Counts.from_chunks(map(index_column, self._read_rows(["index"])))

    def coverage(self, streams):
        """Compute what part of each stream has been trained by the end of each epoch.

        Args:
            streams: int64 array of a stream's indices, or a dictionary of such arrays.

        Returns:
            float64 (epochs,), from 0 to 1; or a dictionary of such arrays.

        Raises:
            BadInput: a stream is empty, or does not hold integers.
        """
        if not isinstance(streams, Mapping):
            return self.coverage({"given": streams})["given"]
        names = []
        pieces = (chunks for name, chunks in self._read_epochs() if not names.append(name))
        shares = counts.coverage(pieces, streams)
        # An epoch within which a callback called `fit` comes in pieces: the last one counts.
        ends = list({name: place for place, name in enumerate(names)}.values())
        return {stream: by_piece[ends] for stream, by_piece in shares.items()}

    def batches(self, epoch: int | None = None, fit: int | None = None) -> Iterator[TrainedBatch]:
        """Read the batches in the order trained, from the parts that have them.

        Args:
            epoch: only of this epoch, from 1.
            fit: only of this call of `fit`, from 1.

        Returns:
            One trained batch at a time.

        Raises:
            BadInput: there is no such epoch, or it is damaged.
        """
        if epoch is None and fit is None:
            return cut_into_batches(self._read_rows())
        pairs = self._select_epochs(fit, epoch)
        parts = [part for part in self.parts if not pairs.isdisjoint(part.epochs)]
        # A part that has the epoch may have others beside it.
        batches = cut_into_batches(self._read_rows(parts=parts))
        return (batch for batch in batches if batch[:2] in pairs)

    def first_divergence(self, other: "ExposureLog") -> divergence.Divergence | None:
        """Find the first exposure that another record of the same training does not share.

        Args:
            other: the other record. Where the two are cut into parts does not matter.

        Returns:
            Fit, epoch, step, replica and row, and the index in either record; None if both
            records are of the same exposures in the same order. As text, it is a sentence.
        """
        return divergence.first_divergence(self.batches(), other.batches())

    def _schema(self) -> pa.Schema:
        # Of logs that are joined, some may be of one device.
        is_distributed = self.share or any(part.is_distributed for part in self.parts)
        return DISTRIBUTED_COLUMNS if is_distributed else COLUMNS

    def _read_rows(
        self, columns: list[str] | None = None, parts: Iterable[LogPart] | None = None
    ) -> Iterator[pa.RecordBatch]:
        columns = self._schema().names if columns is None else columns
        for part in self.parts if parts is None else parts:
            yield from part.rows(ROWS_AT_ONCE, columns)

    def _read_epochs(self) -> Iterator[tuple[tuple[int, int], Iterator[np.ndarray]]]:
        """Read the indices epoch by epoch; those of one are used up before the next."""
        return self._cut_into_epochs(self.parts)

    def _cut_into_epochs(
        self, parts: Iterable[LogPart]
    ) -> Iterator[tuple[tuple[int, int], Iterator[np.ndarray]]]:
        # Without the column of steps, which coverage does not need.
        return cut_into_epochs(self._read_rows(["fit", "epoch", "index"], parts))

    @functools.cached_property
    def _parts_of_epochs(self) -> dict[tuple[int, int], list[LogPart]]:
        parts = {}
        for part in self.parts:
            for pair in dict.fromkeys(part.epochs):
                parts.setdefault(pair, []).append(part)
        return parts

    def _select_epochs(self, fit: int | None, epoch: int | None) -> set[tuple[int, int]]:
        """Find the epochs that are asked for, at least one."""
        wanted = {p for p in self._parts_of_epochs if fit in (None, p[0]) and epoch in (None, p[1])}
        if not wanted:
            raise BadInput(
                f"batches: no {_selection_named(fit, epoch)} in {self._folders_named()}, which has "
                f"{self._epochs_listed()}"
            )
        return wanted

    def _state_named(self) -> str:
        failure = f" by {self.failed_with}" if self.failed_with else ""
        return "complete" if self.complete else f"cut off there{failure}"

    def _folders_named(self) -> str:
        folders = dict.fromkeys(part.path.parent for part in self.parts) or [self.folder]
        return " + ".join(map(str, folders))

    def _epochs_listed(self) -> str:
        epochs = {}
        for fit, epoch in self._parts_of_epochs:
            epochs.setdefault(fit, []).append(epoch)
        ranges = [f"fit {fit}, epochs {min(n)} to {max(n)}" for fit, n in epochs.items()]
        return "; ".join(ranges) or "none"


def _kept_before(log: ExposureLog, parts: list[LogPart], drop_redone: bool) -> list[LogPart]:
    """Return those of the parts that a log goes on from, or refuse it."""
    if not parts or not log.parts:
        return parts
    (fit, _), (_, first) = parts[-1].epochs[-1], log.parts[0].epochs[0]
    if drop_redone:
        # Earlier fits, whose epochs have the same numbers, are not what it goes on from.
        parts = [p for p in parts if not all(f == fit and e >= first for f, e in p.epochs)]
    last = parts[-1].epochs[-1] if parts else (fit, first - 1)
    if last != (fit, first - 1) and not (drop_redone and last[0] < fit):
        says = f"join: {log.folder} begins with epoch {first}, but the log before ends with epoch "
        missing = f"give the log between them too, which ends with epoch {first - 1}"
        redone = (
            "a part of that log holds these epochs and earlier ones, and cannot be cut"
            if drop_redone
            else "if the training went on from earlier weights, give drop_redone=True"
        )
        raise BadInput(f"{says}{last[1]}: {missing if last[1] < first else redone}")
    return parts


def _selection_named(fit: int | None, epoch: int | None) -> str:
    selection = {"fit": fit, "epoch": epoch}
    return ", ".join(f"{name} {value}" for name, value in selection.items() if value is not None)
