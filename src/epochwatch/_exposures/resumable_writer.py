"""Writing one exposure log in several processes, where a training is killed and resumed."""

from pathlib import Path

from epochwatch._exposures import log_folder
from epochwatch._exposures.batches import pack_pieces, unpack_pieces
from epochwatch._exposures.jobs_behind import JobsBehind
from epochwatch._exposures.log_files import read_manifest
from epochwatch._exposures.share import Share
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._files import sync_folder
from epochwatch.errors import BadInput


class ResumableWriter(ExposureWriter):
    """An `ExposureWriter` whose log may be written by one process after another.

    Without `claim`, it is a plain one. With it, each process calls `claim` and `cut_back` before
    anything else, and `go_on` when the training is put back to the checkpoint. Until then,
    nothing is recorded: the fits that were finished are gone through without training, and
    what a loop of the user's own trains beside them is in the checkpoint already.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> folder = tempfile.TemporaryDirectory()
        >>> killed = ResumableWriter(folder.name)
        >>> killed.claim("training")
        >>> killed.cut_back(None)
        >>> killed.open()
        >>> killed.append(1, 1, 0, np.array([2]), np.array([40, 7]))
        >>> checkpoint = killed.state()
        >>> killed.append(1, 1, 1, np.array([1]), np.array([12]))
        >>> resumed = ResumableWriter(folder.name)
        >>> resumed.claim("training")
        >>> resumed.cut_back(checkpoint)
        >>> resumed.open()
        >>> resumed.go_on(checkpoint["batches"])
        >>> resumed.append(1, 1, 1, np.array([1]), np.array([12]))
        >>> resumed.close()
        >>> resumed.exposures
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
        super().__init__(path, metadata, on_write_error, share)
        self.has_lasting_name = True  # or else each process makes a folder of its own
        self._is_open = False
        self._awaits_go_on = False  # what is trained now, the checkpoint has already

    def claim(self, owner: str) -> None:
        """Have the log belong to a resumable training.

        Args:
            owner: the training's id, the same in each process.

        Raises:
            BadInput: it belongs to another training, or a later process could not find it, or it
                has been written to already.
        """
        if not self.has_lasting_name:
            raise BadInput(
                f"log: got a name with the time in it, here {str(self.folder)!r}, where a resumed "
                "training would not find it again; give a path without {time}"
            )
        if self._owner is None and self.batches:
            raise BadInput(
                f"log: {str(self.folder)!r} has what the model was trained on before it was "
                "resumable, and no checkpoint knows of that; make it resumable before it is trained"
            )
        if self._owner not in (None, owner):
            raise BadInput(
                f"log: {str(self.folder)!r} belongs to the resumable training {self._owner}, not "
                f"to {owner}; choose another path, or the checkpoints that it was written with"
            )
        self._owner = owner

    def cut_back(self, state: dict | None) -> None:
        """Bring the log to where a checkpoint was taken: the parts behind it are removed.

        A kill in the midst leaves a log that can be read, and cut back again.

        Args:
            state: as `state` returned it; None where there is no checkpoint.

        Raises:
            BadInput: the checkpoint is of another log or of other replicas, or parts before it are
                missing.
        """
        # Before the first checkpoint, nothing was finished that could be gone through again.
        self._awaits_go_on = state is not None
        state = state or self._state_of_nothing()
        if state["log"] != self._log_id:
            raise BadInput(
                f"log: got {str(self.folder)!r}, but the checkpoint goes on with the log that was "
                f"{state['folder']!r}; give that one, or train anew with other folders for both"
            )
        # Of checkpoints that were written before there were any, nothing is said of replicas.
        if (replicas := tuple(state.get("replicas", ()))) != self.replicas:
            raise BadInput(
                f"log: got replicas {list(self.replicas)}, but the checkpoint is of replicas "
                f"{list(replicas)}; train on as many devices, or anew with other folders for both"
            )
        self._put_back(state)
        with log_folder.unwritable_refused(self.folder):
            behind = log_folder.files_behind(self.folder, self.parts)
            # First, for it may not count a part that is not there.
            if not self._is_complete_already():
                self._write_manifest(complete=False)
            log_folder.remove(self.folder, behind)
            log_folder.check_parts(self.folder, self._log_id, self.exposures)
        self._is_anothers = False

    def state(self) -> dict:
        """Return where the record is: plain values, and arrays that never change.

        Raises:
            RecordingFailed: see `flush`.
        """
        self._end_if_failed()
        # Of a log that has failed, what the thread was given last is not there.
        parts, exposures = (self.parts, self.exposures) if self.failed_with else self._given
        return {
            "log": self._log_id,
            "folder": str(self.folder),
            "parts": parts,
            "exposures": exposures,
            "batches": self.batches,
            "metadata": self._metadata_of_last_part,
            "failed_with": self.failed_with,
            "replicas": list(self.replicas),
            "pending": pack_pieces(self.pending),
        }

    def sync(self, state: dict) -> bool:
        """Wait until what a state counts on would survive a power cut; any thread may do so.

        Returns:
            False if it could not be written: a checkpoint with this state must not be kept.
        """
        self._behind.wait()
        try:
            sync_folder(self.folder)
        except OSError:
            return False
        return self.parts >= state["parts"]

    def go_on(self, batches: int) -> None:
        """Record from now on, if the checkpoint was taken after so many batches."""
        if self._awaits_go_on and batches == self.batches:
            self._awaits_go_on = False
            # A training that was not killed would have done so by now.
            self.open() if self._is_open else self.close()

    def open(self) -> None:
        """Begin to record; see `ExposureWriter`."""
        if not self._awaits_go_on:
            super().open()
        self._is_open = True

    def append(self, *batches) -> None:
        """Take consecutive batches of one epoch; see `ExposureWriter`."""
        if not self._awaits_go_on:
            super().append(*batches)

    def flush(self) -> None:
        """Have the thread write what is pending; see `ExposureWriter`."""
        # No epoch ends before the training is put back; the record would have a hole.
        if self._awaits_go_on:
            raise RuntimeError(f"log: {str(self.folder)!r} was not told to go on")
        super().flush()

    def close(self, interruption: str | None = None) -> None:
        """Write what is left; see `ExposureWriter`."""
        self._is_open = False
        if not self._awaits_go_on:
            super().close(interruption)

    def _state_of_nothing(self) -> dict:
        counts = dict.fromkeys(["parts", "exposures", "batches"], 0)
        rest = {"metadata": None, "failed_with": None, "pending": pack_pieces([])}
        rest["replicas"] = list(self.replicas)
        return {"log": self._log_id, "folder": str(self.folder), **counts, **rest}

    def _put_back(self, state: dict) -> None:
        self.failed_with, self._metadata_of_last_part = state["failed_with"], state["metadata"]
        self._given = self.parts, self.exposures = state["parts"], state["exposures"]
        self.pending, self.batches = unpack_pieces(*state["pending"]), state["batches"]
        self.pending_exposures = sum(len(piece.indices) for piece in self.pending)
        self._behind = JobsBehind()

    def _is_complete_already(self) -> bool:
        """Whether nothing is left to train: the log of a finished training stays as it is."""
        manifest = read_manifest(self.folder) or {}
        known = {"complete": True, "exposures": self.exposures, log_folder.OWNER: self._owner}
        return known.items() <= manifest.items()
