"""A folder that one process has, whatever becomes of that process."""

import os
import weakref
from pathlib import Path

from epochwatch.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK = ".lock"


class FolderLock:
    """The lock of a folder, held until it is released or collected or its process has ended.

    The kernel holds it, so that a kill leaves none behind. The file stays: to delete it would
    let two processes lock two files of one name.

    Attributes:
        release: a function that releases it, if it is held.

    Raises:
        BadInput: another process holds it.
        OSError: the file cannot be made, or its file system knows no locks.
    """

    def __init__(self, folder: Path):
        if fcntl is None:
            raise BadInput(
                "resumable: got a system without fcntl, such as Windows, where no kill lets go of "
                "a folder's lock; train on Linux or macOS, or in WSL"
            )
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        self.release = weakref.finalize(self, os.close, descriptor)
        # A fork, such as a worker that loads data, would hold it beyond its parent's death.
        os.register_at_fork(after_in_child=self.release)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 99, 0).decode(errors="replace").strip()
            self.release()
            raise BadInput(
                f"folder: {str(folder)!r} is in use by process {holder or '(just begun)'}; wait "
                "until that has ended, end it, or use another folder"
            ) from error
        except OSError:
            self.release()
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} on {os.uname().nodename}\n".encode(), 0)

    @property
    def is_held(self) -> bool:
        """Whether this process holds it: one that was forked from it does not."""
        return self.release.alive
