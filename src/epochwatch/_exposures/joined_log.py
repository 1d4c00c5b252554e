"""The logs of several workers of one training, read as one."""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from epochwatch._exposures.batches import PLACE, TrainedBatch
from epochwatch._exposures.log import ExposureLog, LoggedStep
from epochwatch._exposures.log_files import holds_log
from epochwatch._exposures.share import FOLDER_NAME, read_workers, worker_folders
from epochwatch.errors import BadInput

WORKER = pa.field("worker", pa.int32())  # as engines name it that read the folders by a glob


class JoinedLog(ExposureLog):
    """The exposures of a run of several workers, by fit, epoch, step and replica.

    `ExposureLog.read` makes it of a folder with `worker=0`, `worker=1` and so on. It answers what
    a log answers. Only a part of each worker is in memory at a time.

    Args:
        folder: that of the whole log.
        workers: the log of each worker, in order.

    Example:
        >>> import tempfile
        >>> from epochwatch._exposures.share import Share
        >>> from epochwatch._exposures.writer import ExposureWriter
        >>> folder = tempfile.TemporaryDirectory()
        >>> for worker, epochs in enumerate([[[0, 1], [2, 3]], [[0, 1]]]):
        ...     share = Share((worker,), worker, workers=2).joining(folder.name)
        ...     writer = ExposureWriter(share.folder_in(folder.name), share=share)
        ...     for number, index in enumerate(epochs, start=1):
        ...         writer.append(1, number, 0, np.array([2]), np.array(index))
        ...     writer.close()
        >>> log = ExposureLog.read(folder.name)
        >>> print(log.counts())
        4 samples trained, 6 exposures; each sample 1 to 2 times, median 1.5
        >>> log.stopped_first, log.common_end
        ((1,), LoggedStep(fit=1, epoch=1, step=0))
        >>> print(log.to_common_step().counts())
        2 samples trained, 4 exposures; each sample 2 times
        >>> folder.cleanup()
    """

    def __init__(self, folder: Path, workers: Sequence[ExposureLog]):
        super().__init__(folder, [part for log in workers for part in log.parts], manifest=None)
        self._workers = tuple(workers)

    @property
    def workers(self) -> Sequence[ExposureLog]:
        """The log of each worker, in order."""
        return self._workers

    @property
    def complete(self) -> bool:
        """Whether the records of all workers were closed."""
        return all(log.complete for log in self.workers)

    @property
    def interrupted_by(self) -> str | None:
        """Name of the exception that ended the last `fit` of a worker, the first that had one."""
        return next((log.interrupted_by for log in self.workers if log.interrupted_by), None)

    @property
    def failed_with(self) -> str | None:
        """Name of the error with which a write failed, if one did at any worker."""
        return next((log.failed_with for log in self.workers if log.failed_with), None)

    @property
    def metadata(self) -> dict:
        """What worker 0 recorded of the run."""
        return self.workers[0].metadata

    @property
    def end(self) -> LoggedStep | None:
        """The last step that any worker made; None where nothing was trained."""
        return max((log.end for log in self.workers if log.end), default=None)

    @property
    def common_end(self) -> LoggedStep | None:
        """The last step that every worker made; None where one of them made none."""
        ends = [log.end for log in self.workers]
        return None if None in ends else min(ends)

    @property
    def stopped_first(self) -> tuple[int, ...]:
        """The workers whose record ends before that of another; none where all end together."""
        if self.common_end == self.end:
            return ()
        ends = enumerate(log.end for log in self.workers)
        return tuple(number for number, end in ends if end == self.common_end)

    def to_common_step(self) -> "JoinedLog":
        """Leave out what some workers trained when another had stopped.

        Returns:
            A log that ends, for every worker, with the last step that all of them made.
        """
        return JoinedLog(self.folder, [_cut(log, self.common_end) for log in self.workers])

    def to_arrow(self) -> pa.Table:
        """Read everything into memory; see `ExposureLog.to_arrow`.

        Returns:
            A table with the columns `replica` before the index and `worker` (int32) behind it.
        """
        tables = [
            log.to_arrow().append_column(WORKER, pa.array(np.full(len(log), number, np.int32)))
            for number, log in enumerate(self.workers)
        ]
        # Stable: the rows of a batch stay in order.
        return pa.concat_tables(tables).sort_by([(name, "ascending") for name in PLACE])

    def batches(self, epoch: int | None = None, fit: int | None = None) -> Iterator[TrainedBatch]:
        """Read the batches of all workers, by fit, epoch, step and replica.

        Args:
            epoch: only of this epoch, from 1.
            fit: only of this call of `fit`, from 1.

        Returns:
            One trained batch at a time; `whole_steps` puts those of a step together.

        Raises:
            BadInput: there is no such epoch, or it is damaged.
        """
        if not self.parts and epoch is None and fit is None:
            return iter(())
        pairs = sorted(self._select_epochs(fit, epoch))
        return itertools.chain.from_iterable(map(self._batches_of, pairs))

    def _batches_of(self, pair: tuple[int, int]) -> Iterator[TrainedBatch]:
        """Merge an epoch of all workers, as far as each of them came."""
        fit, epoch = pair
        there = (log for log in self.workers if pair in log._parts_of_epochs)
        return heapq.merge(
            *(log.batches(epoch, fit) for log in there), key=lambda batch: batch.place
        )

    def _read_epochs(self) -> Iterator[tuple[tuple[int, int], Iterator[np.ndarray]]]:
        for pair, parts in sorted(self._parts_of_epochs.items()):
            # One worker after another, so that only one part is in memory.
            epochs = self._cut_into_epochs(parts)
            chunks = itertools.chain.from_iterable(each for key, each in epochs if key == pair)
            # As in a log alone, an epoch without exposures is none.
            if (first := next(chunks, None)) is not None:
                yield pair, itertools.chain([first], chunks)

    def _folders_named(self) -> str:
        folders = dict.fromkeys(part.path.parent.parent for part in self.parts) or [self.folder]
        return f"{' + '.join(map(str, folders))} ({len(self.workers)} workers)"

    def _state_named(self) -> str:
        open_ones = [number for number, log in enumerate(self.workers) if not log.complete]
        failure = f" by {self.failed_with}" if self.failed_with else ""
        state = f"{_workers_named(open_ones)} cut off{failure}" if open_ones else "complete"
        if not self.stopped_first:
            return state
        end = self.common_end
        where = (
            "with nothing trained" if end is None else "at fit {}, epoch {}, step {}".format(*end)
        )
        return f"{state}; {_workers_named(self.stopped_first)} stopped first, {where}"


def read_workers_logs(folder: Path) -> JoinedLog:
    """Open the log of several workers.

    Args:
        folder: that of the whole log.

    Raises:
        BadInput: a worker's folder is missing, is there twice or is of another run.
    """
    folders = {n: path for n, path in worker_folders(folder).items() if holds_log(path)}
    logs = {number: ExposureLog.read(path) for number, path in folders.items()}
    expected = read_workers(folder)
    for number, log in logs.items():
        share = log.share
        if share is None or share.worker != number:
            got = "a training of one process" if share is None else f"worker {share.worker}"
            raise BadInput(
                f"{log.folder}: holds the log of {got}, not of worker {number}: it is there twice "
                "or was renamed; restore the folder from a copy"
            )
        # Without the file beside the folders, the first of them says what the others must be of.
        expected = expected or (share.workers, share.run)
        if (share.workers, share.run) != expected:
            raise BadInput(
                f"{log.folder}: is of the run {share.run!r} of {share.workers} workers, not of "
                f"{expected[1]!r} of {expected[0]} as the others; restore the folder from a copy"
            )
    workers = expected[0] if expected else 1
    if missing := [number for number in range(workers) if number not in logs]:
        raise BadInput(
            f"{folder}: lacks {FOLDER_NAME.format(missing[0])}, allowed: a log of each of the "
            f"{workers} workers; copy it there, or read the folder of one worker alone"
        )
    return JoinedLog(folder, list(logs.values()))


def _cut(log: ExposureLog, end: LoggedStep | None) -> ExposureLog:
    """Leave out what one worker trained behind a step."""
    parts = []
    for part in log.parts if end else ():
        kept = part.up_to(end)
        parts += [] if kept is None else [kept]
        if kept is not part:
            break
    return ExposureLog(log.folder, parts, log.manifest)


def _workers_named(numbers: Sequence[int]) -> str:
    return f"worker{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
