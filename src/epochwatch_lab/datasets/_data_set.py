"""What a notebook's parameters name as its data set."""

from typing import Protocol


class DataSet(Protocol):
    """Samples that runs are made of, before they are loaded.

    Attributes:
        name: by which messages call it.
    """

    name: str

    def check(self) -> None:
        """Make sure that the data can be used, before anything is started.

        Raises:
            DataError: they cannot; the line says why, and the ways out.
        """

    def digest(self) -> str:
        """Give the SHA-256 of the samples, in hexadecimal; it reads nothing."""
