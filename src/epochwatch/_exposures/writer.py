"""Writing an exposure log while a training runs."""

import contextlib
import errno
import itertools
import json
import os
import secrets
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from epochwatch._exposures import log_folder
from epochwatch._exposures.batches import Piece, exposure_table
from epochwatch._exposures.jobs_behind import JobsBehind
from epochwatch._exposures.log_files import MANIFEST, write_manifest, write_part
from epochwatch._exposures.share import Share
from epochwatch._files import sync_file
from epochwatch.errors import BadInput, RecordingFailed

EXPOSURES_A_PART = 1_000_000
ON_WRITE_ERROR = ("stop", "continue")


class ExposureWriter:
    """Appends exposures to a log, a part at a time.

    A thread writes a part and syncs it to the disk while the next one is trained; it is there
    from `open` to `close`. What it cannot write is told by the next call here. A kill loses the
    part that is being written, and what has not been flushed.

    Args:
        path: folder of the log; it must not exist yet, or be empty. The log of a resumable
            training may be there, but only a `ResumableWriter` goes on with it.
        metadata: what the log shall say of the run, for example its feed, backend, versions
            and parameters; whatever JSON can hold. The attribute of that name may be changed
            at any time; the next part then says so.
        on_write_error: what a write that fails (a full disk, say) does to the training:
            "stop" raises `RecordingFailed`; "continue" warns once, and records no more.
        share: what this process trains of a distributed training, whose run it has joined; None
            if it is not distributed.

    Raises:
        BadInput: there is something already, or the folder cannot be made or written to.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> writer = ExposureWriter(folder.name, {"feed": "arrays"})
        >>> writer.open()
        >>> writer.append(1, 1, 0, np.array([2, 1]), np.array([40, 7, 12]))
        >>> writer.close()
        >>> writer.exposures
        3
        >>> folder.cleanup()
    """

    def __init__(
        self,
        path: str | Path,
        metadata: dict | None = None,
        on_write_error: str = "stop",
        share: Share | None = None,
    ):
        if on_write_error not in ON_WRITE_ERROR:
            raise BadInput(f"on_write_error: got {on_write_error!r}, allowed: 'stop' or 'continue'")
        self.folder = Path(path).absolute()  # the training may change the current folder
        self.metadata = metadata or {}
        self.on_write_error = on_write_error
        self.replicas = share.replicas if share else ()
        self.failed_with: str | None = None
        self.pending: list[Piece] = []
        self.pending_exposures = 0
        self.batches = 0  # taken since the log began
        self.parts = 0  # written
        self.exposures = 0
        self._share = share.as_json() if share else {}
        self._process = os.getpid()
        self._behind = JobsBehind()
        self._given = (0, 0)  # parts and exposures given to the thread
        self._metadata_of_last_part: str | None = None
        descriptor, log_id, self._owner = log_folder.take_folder(self.folder)
        self._unlock = weakref.finalize(self, os.close, descriptor)
        self._is_anothers = log_id is not None  # of another process, until it is cut back
        # So that no part of another log is taken for its own.
        self._log_id = log_id or secrets.token_hex(8)
        if not self._is_anothers:
            with log_folder.unwritable_refused(self.folder):
                # An empty log already, so that nobody else takes the folder for a free one.
                self._write_manifest(complete=True)

    def open(self) -> None:
        """Begin to record: until `close`, the log counts as cut off where its parts end."""
        if self._is_fork():
            raise RecordingFailed(
                f"log: {str(self.folder)!r} is being written by process {self._process}, from "
                "which this one was forked; watch the model again here, with another path"
            )
        if self._is_anothers:
            raise BadInput(
                f"log: {str(self.folder)!r} belongs to a resumable training; call "
                "`resumable(model, folder)` as well, or choose another path"
            )
        if self.failed_with and self.on_write_error == "stop":
            raise RecordingFailed(
                f"log: {str(self.folder)!r} ended with {self.failed_with}; watch the model "
                "again, with another path"
            )
        if not self.failed_with:
            with self._failure_noted():
                # In place before a step is trained; that it is synced need not be waited for,
                # unless a later process must find there whose log it is.
                self._write_manifest(complete=False, synced=self._owner is not None)
                self._behind.put(sync_file, self.folder / MANIFEST)

    def append(
        self, fit: int, epoch: int, first_step: int, lengths: np.ndarray, indices: np.ndarray
    ) -> None:
        """Take consecutive batches of one epoch.

        Args:
            fit: which call of `fit`, from 1.
            epoch: which epoch, from 1.
            first_step: step of the first batch, from 0.
            lengths: int64 (batches,), samples in each batch; 0 for a step without exposures. In
                a distributed training, a step has a batch for each replica, in their order.
            indices: int64 (sum of lengths,), their indices.

        Raises:
            ValueError: there are not as many indices as the lengths say, or not as many batches
                as whole steps have.
            TypeError: the indices are not integers that int64 can hold.
            RecordingFailed: see `flush`.
        """
        # "safe": a float is refused, not rounded. Copied, as the caller may fill them again.
        lengths, indices = (a.astype(np.int64, casting="safe") for a in (lengths, indices))
        if lengths.sum() != len(indices) or lengths.min(initial=0) < 0:
            raise ValueError(f"got {len(indices)} indices for batches of lengths {lengths}")
        if len(lengths) % self._batches_a_step:
            raise ValueError(
                f"got {len(lengths)} batches for steps of {len(self.replicas)} replicas"
            )
        self._end_if_failed()
        # Nothing more is kept of a log that has failed, so that memory does not grow.
        if self.failed_with or not len(lengths):
            return
        self.pending.append(Piece(int(fit), int(epoch), int(first_step), lengths, indices))
        self.pending_exposures += len(indices)
        self.batches += len(lengths)
        if self.pending_exposures >= EXPOSURES_A_PART:
            self.flush()

    def flush(self) -> None:
        """Have the thread write what is pending, as one part.

        Raises:
            RecordingFailed: what was given to the thread before could not be written, and
                `on_write_error` is "stop".
        """
        self._end_if_failed()
        if self.pending and not self._is_fork():
            self._write_pending(self._behind.put)

    def fail(self, reason: str) -> None:
        """End the record here, because what was trained is not known any further.

        Args:
            reason: what the log shall say, such as the name of an exception.
        """
        self.failed_with = self.failed_with or reason

    def close(self, interruption: str | None = None) -> None:
        """Write what is left, and the final manifest, which names what ended the training early.

        Raises:
            RecordingFailed: see `flush`.
        """
        # A fork has a copy of what is pending, and no thread; the log is its parent's.
        if self._is_fork():
            return
        # The manifest is written even where the last part could not be.
        try:
            self._behind.end()
            self._end_if_failed()
            if self.pending:
                # Not by the thread: while Python shuts down none can be started.
                with self._failure_noted():
                    self._write_pending(lambda write, *part: write(*part))
        finally:
            is_cut_off = self.failed_with or self.pending or self._behind.error
            complete = not is_cut_off and self._behind.done
            with self._failure_noted():
                self._write_manifest(complete, interruption)

    def _write_pending(self, run) -> None:
        """Have what is pending written as a part: `run` is called with how, and with what."""
        parts, exposures = self._given
        pieces, last = self.pending.copy(), self.pending[-1]
        about = {"log": self._log_id, "part": parts, "first_exposure": exposures}
        about["exposures"] = sum(len(piece.indices) for piece in pieces)
        about["epochs"] = [pair for pair, _ in itertools.groupby(piece[:2] for piece in pieces)]
        about["last_step"] = last.first_step + len(last.lengths) // self._batches_a_step - 1
        about |= self._share
        metadata = json.dumps(self.metadata)
        # Most parts leave it out: it would be repeated in each of a thousand.
        if metadata != self._metadata_of_last_part:
            about["metadata"] = json.loads(metadata)  # the other one may change meanwhile
        after = ((parts + 1, exposures + about["exposures"]), metadata, [], 0)
        run(self._write_part, pieces, about)
        # At once: no Ctrl-C comes between, and before it the part is written again.
        self._given, self._metadata_of_last_part, self.pending, self.pending_exposures = after

    def _write_part(self, pieces: list[Piece], about: dict) -> None:
        self._unlock()  # a folder with a part is never free
        write_part(self.folder, exposure_table(pieces, self.replicas), about)
        self.parts = about["part"] + 1
        self.exposures = about["first_exposure"] + about["exposures"]

    def _write_manifest(
        self, complete: bool, interruption: str | None = None, synced: bool = True
    ) -> None:
        manifest = {"log": self._log_id, "complete": complete}
        manifest |= {"parts": self.parts, "exposures": self.exposures}
        manifest |= {"interrupted_by": interruption, "failed_with": self.failed_with}
        if self._owner is not None:
            manifest[log_folder.OWNER] = self._owner
        manifest |= self._share
        write_manifest(self.folder, {**manifest, "metadata": self.metadata}, synced)

    @property
    def _batches_a_step(self) -> int:
        return len(self.replicas) or 1

    def _is_fork(self) -> bool:
        return os.getpid() != self._process

    def _end_if_failed(self) -> None:
        """Tell, once, of what the thread could not write."""
        if self._behind.error is not None and not self.failed_with:
            self._end_record(self._behind.error)

    @contextlib.contextmanager
    def _failure_noted(self) -> Iterator[None]:
        """Let the first write that fails end the record; those after it are expected to."""
        try:
            yield
        except OSError as error:
            if not self.failed_with:
                self._end_record(error)

    def _end_record(self, error: BaseException) -> None:
        """Record no more, and do to the training what `on_write_error` says."""
        number, reason = getattr(error, "errno", None), getattr(error, "strerror", None)
        self.failed_with = errno.errorcode.get(number or 0, type(error).__name__)
        self.pending, self.pending_exposures = [], 0
        with contextlib.suppress(OSError):  # the manifest that is there says "cut off"
            self._write_manifest(complete=False)
        message = (
            f"log: cannot write to {str(self.folder)!r} ({reason or error}, "
            f"{self.failed_with}); the {self.exposures:,} exposures written before can be read; "
        )
        if self.on_write_error == "stop":
            raise RecordingFailed(
                message + "free space or choose another path, and train again"
            ) from error
        warnings.warn(message + "training goes on without a record", RuntimeWarning, stacklevel=4)
