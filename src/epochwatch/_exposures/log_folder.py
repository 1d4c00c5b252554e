"""The folder of a log: whether a new one may have it, and how it is cut back.

A folder is free where nothing is in it, or only the manifest of a log that was never begun and
whose process has died. To tell, a process locks the folder until its log has a part; a kill
lets go of the lock. The manifest of a log that belongs to a resumable training says so.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from epochwatch._exposures.log_files import (
    MANIFEST,
    PART_GLOB,
    PART_NAME,
    find_parts,
    read_manifest,
)
from epochwatch._files import sync_folder
from epochwatch.errors import BadInput

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

OWNER = "resumable"  # in a manifest: the resumable training that the log belongs to
LEFTOVERS = ".*.part"  # of files that a kill kept from being written


def take_folder(folder: Path) -> tuple[int, str | None, str | None]:
    """Take a free folder for a log, or find there the log of a resumable training.

    Returns:
        A descriptor of the folder, which has the lock; and, where the log is there, its id and
        the training that it belongs to.
    """
    with unwritable_refused(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        is_ours = _lock(descriptor)  # before looking: nobody else begins a log meanwhile
        names = {path.name for path in folder.iterdir()}
        manifest = _manifest_in(folder) if MANIFEST in names else {}
        if OWNER in manifest:
            return descriptor, manifest["log"], manifest[OWNER]
        is_free = not names or (is_ours and _is_unused(names, manifest))
        if is_ours is False or not is_free:
            raise BadInput(
                f"log: {str(folder)!r} is not empty, and epochwatch never overwrites a record; "
                "delete it or choose another path"
            )
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, None, None


def files_behind(folder: Path, parts: int) -> list[str]:
    """Name what is not of the first so many parts: the parts behind them, the last one first."""
    kept = {PART_NAME.format(number) for number in range(parts)}
    there = {path.name for path in folder.glob(PART_GLOB)}
    if not kept <= there:
        raise BadInput(
            f"log: {str(folder)!r} lacks {min(kept - there)}, which the checkpoint counts on; "
            "restore it from a copy, or train anew with other folders for both"
        )
    leftovers = [path.name for path in folder.glob(LEFTOVERS)]
    return sorted(there - kept, reverse=True) + leftovers


def remove(folder: Path, names: list[str]) -> None:
    """Remove files in that order: at any time, the parts that are left have no gap."""
    for name in names:
        (folder / name).unlink(missing_ok=True)  # writing the manifest took its own leftover
    sync_folder(folder)


def check_parts(folder: Path, log_id: str, exposures: int) -> None:
    """Refuse a log that has not the exposures that its checkpoint counts."""
    got = sum(part.exposures for part in find_parts(folder, {"log": log_id}))
    if got != exposures:
        raise BadInput(
            f"log: got {got:,} exposures in {str(folder)!r}, but the checkpoint counts "
            f"{exposures:,}; restore it from a copy, or train anew with other folders for both"
        )


@contextlib.contextmanager
def unwritable_refused(folder: Path) -> Iterator[None]:
    """Refuse a folder that cannot be made or written to, in one line."""
    try:
        yield
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, "?")
        raise BadInput(
            f"log: cannot make the folder {str(folder)!r} ({error.strerror}, {reason}); choose "
            "another path"
        ) from error


def _lock(descriptor: int) -> bool | None:
    """Lock a folder for as long as the descriptor is open; None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # network file systems may have none for folders
        return None
    return True


def _manifest_in(folder: Path) -> dict:
    """Read the manifest; what is no manifest of ours is taken for one that was used."""
    try:
        return read_manifest(folder) or {}
    except BadInput:
        return {"complete": False}


def _is_unused(names: set[str], manifest: dict) -> bool:
    """Whether a log was made in a folder and never begun."""
    never_begun = {"complete": True, "exposures": 0, "interrupted_by": None}
    # A kill may have come before there was a manifest.
    return names <= {MANIFEST, f".{MANIFEST}.part"} and (
        not manifest or never_begun.items() <= manifest.items()
    )
