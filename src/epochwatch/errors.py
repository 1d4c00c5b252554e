"""The errors that epochwatch raises on purpose."""


class BadInput(ValueError):
    """What was given cannot be used.

    The message is one line: what was got, what is allowed, and the remedy. The
    command line prints it as it stands and exits with code 2.

    Example:
        >>> raise BadInput("epochs: got 0, allowed: an integer from 1 to 10,000")
        Traceback (most recent call last):
        epochwatch.errors.BadInput: epochs: got 0, allowed: an integer from 1 to 10,000
    """


class DataError(BadInput):
    """A data file is missing, damaged, or not what its checksum says."""
