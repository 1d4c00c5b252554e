"""What is wrong with an export, record by record, and what to do about it."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from epochwatch.errors import BadInput

STOP, SKIP = "stop", "skip"
EMPTY = "empty: the file has no record"
REMEDY = 'export it again, or read with Faults("skip"), which leaves it out and counts it'


class Fault(NamedTuple):
    """A record that cannot be used, or several of which there is no trace.

    Attributes:
        file: name of its file.
        record: its number in the file, from 0.
        what: what is wrong with it.
        ends_file: whether whatever stands after it in the file is lost as well.
        lost: records lost by it, as far as they are known.

    Example:
        >>> print(Fault("a-00002.tfrecord", 17, "the band 'B4' is missing"))
        a-00002.tfrecord, record 17: the band 'B4' is missing
    """

    file: str
    record: int
    what: str
    ends_file: bool = False
    lost: int = 1

    def __str__(self) -> str:
        rest = "; everything after it in the file is lost" * self.ends_file
        return f"{self.file}, record {self.record:,}: {self.what}{rest}"


class Faults:
    """The faults met while reading, each once however often it is read.

    Args:
        on_fault: "stop" at the first, or "skip" and count.

    Attributes:
        stopped: the line that reading stopped with; None where it did not.

    Raises:
        BadInput: there is no such choice.
    """

    def __init__(self, on_fault: str = STOP):
        if on_fault not in (STOP, SKIP):
            raise BadInput(f"on_fault: got {on_fault!r}, allowed: {STOP}, {SKIP}")
        self.on_fault = on_fault
        self.stopped = None
        self._noted = {}

    def note(self, file_number: int, fault: Fault) -> None:
        """Take down a fault.

        Args:
            file_number: of the file in its export.
            fault: what is wrong.

        Raises:
            BadInput: on the first one, where that is asked for.
        """
        self._noted[file_number, fault.record] = fault
        if self.on_fault == STOP:
            self.stopped = f"{fault}; {REMEDY}"
            raise BadInput(self.stopped)

    def __iter__(self) -> Iterator[Fault]:
        return iter([self._noted[place] for place in sorted(self._noted)])

    @property
    def skipped(self) -> int:
        """Records left out. Only a mixer tells how many were lost behind damage."""
        return sum(fault.lost for fault in self)

    @property
    def cut_files(self) -> int:
        """Files of which the end is lost."""
        return sum(fault.ends_file for fault in self)

    def as_json(self) -> list[dict]:
        """List them as JSON can have it."""
        return [fault._asdict() for fault in self]

    @contextlib.contextmanager
    def in_one_line(self) -> Iterator[None]:
        """Have what stops `fit`, or any reading, say so in the one line.

        TensorFlow wraps it into a page about where in its graph it was raised.

        Raises:
            BadInput: a fault stopped what was done inside.
        """
        self.stopped = None
        try:
            yield
        except Exception as error:
            if self.stopped is None or isinstance(error, BadInput):
                raise
            raise BadInput(self.stopped) from None
