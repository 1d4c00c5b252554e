"""Files that are there whole or not at all, whatever happens to the process."""

import contextlib
import json
import os
import secrets
from pathlib import Path


def write_whole(path: Path, write, sync_content: bool = True, sync_name: bool = True) -> None:
    """Have a file written aside, synced and renamed into place.

    Args:
        path: where the file shall be.
        write: called with the open binary file.
        sync_content: False leaves it to a later `sync_file`; until then a power cut may leave
            the file empty.
        sync_name: False leaves it to whatever syncs the folder next; until then a power cut may
            leave no file, or the one before.
    """
    # In the same folder, as a rename is one act only within a file system.
    aside = path.with_name(f".{path.name}.part")
    try:
        with aside.open("wb") as file:
            write(file)
            file.flush()
            if sync_content:
                os.fsync(file.fileno())  # or the name could reach the disk before the content
        aside.replace(path)
    except BaseException:  # Ctrl-C too leaves nothing behind
        aside.unlink(missing_ok=True)
        raise
    if sync_name:
        sync_folder(path.parent)


def link_new(path: Path, content: bytes) -> None:
    """Make a file with a content, whole or not at all, or leave the one that is there.

    However many processes do so at the same time, the first one's content stays.
    """
    # A rename would take the place of another's; a link is refused where the name is taken.
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with aside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_json(path: Path, content) -> None:
    """Write a JSON file, whole or not at all."""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    write_whole(path, lambda file: file.write(text.encode()))


def read_json(path: Path) -> dict | None:
    """Read a JSON object; None where there is none, whatever else there is."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def sync_file(path: Path) -> None:
    """Make a file and its name survive a power cut."""
    _sync(path)
    _sync(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
