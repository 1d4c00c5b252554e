"""Writing an exposure log while a training runs."""

import errno
from pathlib import Path

import numpy as np
import pyarrow as pa

from epochwatch.errors import BadInput
from epochwatch.exposures import parts

EXPOSURES_A_PART = 1_000_000


class ExposureWriter:
    """Appends exposures to a log, a part at a time.

    Args:
        path: folder of the log; it must not exist yet, or be empty.

    Raises:
        BadInput: there is something already, or the folder cannot be made.
    """

    def __init__(self, path: str | Path):
        self.folder = Path(path).absolute()  # the training may change the current folder
        self.pending: list[pa.Table] = []
        self.parts = 0
        self.exposures = 0
        self.pending_exposures = 0
        make_empty_folder(self.folder)
        self.close()  # an empty log, which nobody else can take for a free folder

    def open(self) -> None:
        """Begin to record: until `close`, the log counts as unfinished."""
        (self.folder / parts.MANIFEST).unlink(missing_ok=True)

    def append(
        self, fit: int, epoch: int, first_step: int, lengths: np.ndarray, indices: np.ndarray
    ) -> None:
        """Take consecutive batches of one epoch.

        Args:
            fit: which call of `fit`, from 1.
            epoch: which epoch, from 1.
            first_step: step of the first batch, from 0.
            lengths: int64 (batches,), samples in each batch.
            indices: int64 (sum of lengths,), their indices.
        """
        steps = np.repeat(np.arange(first_step, first_step + len(lengths)), lengths)
        columns = [np.full(len(steps), fit), np.full(len(steps), epoch), steps, indices]
        columns = [pa.array(c, f.type) for c, f in zip(columns, parts.COLUMNS, strict=True)]
        self.pending.append(pa.table(columns, schema=parts.COLUMNS))
        self.pending_exposures += len(steps)
        if self.pending_exposures >= EXPOSURES_A_PART:
            self.flush()

    def flush(self) -> None:
        """Write what is pending as one part."""
        if not self.pending:
            return
        table = pa.concat_tables(self.pending)
        parts.write_part(self.folder, self.parts, self.exposures, table)
        self.pending, self.pending_exposures = [], 0
        self.parts += 1
        self.exposures += table.num_rows

    def close(self, interruption: str | None = None) -> None:
        """Write what is left, and the manifest last.

        Args:
            interruption: name of the exception that ended the training, if one did.
        """
        self.flush()
        parts.write_manifest(
            self.folder,
            {"parts": self.parts, "exposures": self.exposures, "interrupted_by": interruption},
        )


def make_empty_folder(folder: Path) -> None:
    """Make the folder of a new log.

    Args:
        folder: where.

    Raises:
        BadInput: there is something already, or the folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, "?")
        raise BadInput(
            f"log: cannot make the folder {str(folder)!r} ({error.strerror}, {reason}); choose "
            "another path"
        ) from error
    if taken:
        raise BadInput(
            f"log: {str(folder)!r} is not empty, and no record is ever overwritten; delete it "
            "or choose another path"
        )
