"""The errors that epochwatch raises on purpose."""


class BadInput(ValueError):
    """An argument, a file or a feed that cannot be used.

    The message is one line: what was got, what is allowed, and the remedy. The
    command line prints it as it stands and exits with code 2.

    Example:
        >>> raise BadInput("epochs: got 0, allowed: an integer from 1 to 10,000")
        Traceback (most recent call last):
        epochwatch.errors.BadInput: epochs: got 0, allowed: an integer from 1 to 10,000
    """

    def _render_traceback_(self) -> list[str]:
        """Have notebooks show the line and no traceback: the fault is not in the code."""
        return [f"{type(self).__name__}: {self}"]


class DataError(BadInput):
    """A data file is missing, damaged, or not what its checksum says."""


class RunFailed(RuntimeError):
    """A notebook did not run to its end. The message is one line; the folder is kept."""


class RecordingFailed(OSError):
    """The log cannot be written any further. The message is one line; what is there reads."""
