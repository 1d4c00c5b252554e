"""Keeping a terminal, and a pipe behind it, for the report alone."""

import contextlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator

from epochwatch.errors import BadInput

STDOUT, STDERR = 1, 2
SILENT = "3"  # of TensorFlow's log levels
# What the report says better.
NOISE = "`shuffle=True` was passed, but will be ignored|Your input ran out of data"


@contextlib.contextmanager
def redirected(descriptor: int, to: int) -> Iterator[None]:
    """Send all that is written to one open file to another, by this process or its children."""
    sys.stdout.flush()
    kept = os.dup(descriptor)
    os.dup2(to, descriptor)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, descriptor)
        os.close(kept)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Keep back what TensorFlow writes while it is imported: no log level reaches that.

    It is written after all if the import fails, or if the user has set a log level.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", SILENT) != SILENT:
        yield
        return
    with tempfile.TemporaryFile() as file:
        try:
            with redirected(STDERR, file.fileno()):
                yield
        except BadInput:
            raise
        except BaseException:
            file.seek(0)
            os.write(STDERR, file.read())
            raise


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop the warnings that say what the report says."""
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NOISE)
        yield
