"""What a log is called: a path as it stands, or one with the time in it."""

import datetime
import itertools
import os
from pathlib import Path

from epochwatch.errors import BadInput

TIME = "{time}"


def has_time(log: str | Path) -> bool:
    """Whether a log is called another name each time."""
    return TIME in os.fspath(log)


def new_log_folder(log: str | Path) -> Path:
    """Put the time, in UTC, in the place of "{time}", and make that folder.

    It is a new one each time: what is called a second time within a second ends in "-2".

    Args:
        log: as `watch` was given it.

    Returns:
        The path; where it has no time in it, as it stands, and nothing is made.

    Raises:
        BadInput: it is no path, or there is something else in braces.

    Example:
        >>> new_log_folder("run.exposures").name
        'run.exposures'
    """
    if not isinstance(log, (str, os.PathLike)):
        raise BadInput(f"log: got {log!r:.60}, allowed: a path, or None for no log")
    text = os.fspath(log)
    if set("{}") & set(text.replace(TIME, "")):
        raise BadInput(f"log: got {text!r}, allowed in braces: {TIME}, the present time in UTC")
    if not has_time(log):
        return Path(text)
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d-%H%M%S")
    for number in itertools.count(1):
        folder = Path(text.replace(TIME, now if number == 1 else f"{now}-{number}"))
        try:
            folder.mkdir(parents=True)  # one act: of two processes one makes it
        except OSError:
            if os.path.lexists(folder):
                continue
        return folder  # what cannot be made the writer refuses
