"""A state in a file of named arrays, written from their own memory; a changed byte is noticed.

The file is an .npz without compression, which `np.load` reads too. Beside the arrays that
`pack` makes there is one that says, in JSON, what the file is: its format, its training and its
number, for a file can be renamed or copied.
"""

import errno
import io
import json
import zipfile
from pathlib import Path

import numpy as np

from epochwatch._resuming.plain_values import pack, unpack
from epochwatch.errors import BadInput

FORMAT = 1
_ABOUT = "about"


class Damaged(BadInput):
    """A file that cannot be read. Its attribute `damage` names it and says why."""

    def __init__(self, path: Path, reason: str):
        self.damage = f"{path.name}: damaged ({reason})"
        super().__init__(
            f"{path}: damaged ({reason}); restore it from a copy, or use another folder to begin "
            "anew"
        )


def state_arrays(training: str, number: int, state) -> dict[str, np.ndarray]:
    """Turn a state into the arrays of its file, without a copy of those that it holds."""
    about = {"format": FORMAT, "training": training, "number": number}
    return {_ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8), **pack(state)}


def write_arrays(file, arrays: dict[str, np.ndarray]) -> None:
    """Write named arrays; `np.savez` makes the same file, and copies each array on the way."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                _write_array(entry, array)


def _write_array(entry, array: np.ndarray) -> None:
    forms = np.lib.format
    if array.dtype.names or not array.flags.c_contiguous or not array.nbytes:
        forms.write_array(entry, array, allow_pickle=False)
        return
    forms.write_array_header_2_0(entry, forms.header_data_from_array_1_0(array))
    entry.write(array.reshape(-1).view(np.uint8))


def read_state(path: Path, training: str, number: int):
    """Read the state from a file.

    Raises:
        Damaged: it is not what was written.
        BadInput: it is of a newer format, or of another training.
    """
    try:
        arrays = _read_arrays(path)
        about = json.loads(arrays[_ABOUT].tobytes())
        check_format(path, about["format"])
        if about["training"] != training:
            raise BadInput(
                f"{path}: got a checkpoint of the training {about['training']}, allowed: of "
                f"{training}, as the folder's; take it out of the folder"
            )
        if about["number"] != number:
            raise ValueError(f"it says that it is number {about['number']}")
        return unpack(arrays)
    except (BadInput, MemoryError):
        raise
    except Exception as error:  # a changed byte raises any of ten
        raise Damaged(path, reason_of(error)) from error


def check_format(path: Path, number) -> None:
    """Refuse a file that a later epochwatch wrote."""
    if number != FORMAT:
        raise BadInput(
            f"{path}: got format {number!r:.20}, allowed: {FORMAT}; resume it with the epochwatch "
            "that wrote it"
        )


def reason_of(error: BaseException) -> str:
    """Say on one line what went wrong; of the system's errors without the file's name."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}, {errno.errorcode.get(error.errno or 0, '?')}"
    return (str(error).splitlines() or [type(error).__name__])[0]


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        return {
            # Read whole, which checks the CRC, before anything is made of it: a changed header
            # may name a smaller array, and the rest would never be read.
            info.filename.removesuffix(".npy"): np.lib.format.read_array(
                io.BytesIO(archive.read(info)), allow_pickle=False
            )
            for info in archive.infolist()
        }
