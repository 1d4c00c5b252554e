"""The streams of a user's own data: a file that says which indices are of which stream."""

import csv
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from epochwatch.errors import BadInput

ALLOWED = (
    "allowed: .npz, one array of indices per stream (np.savez); .json, one list of them per "
    "stream; .csv with the columns index and stream, one row per sample"
)

# A number that int64 cannot hold, a missing column, an empty and a damaged .npz file among them.
_UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    OverflowError,
    KeyError,
    EOFError,
    zipfile.BadZipFile,
)


def read_streams(path: Path) -> dict[str, np.ndarray]:
    """Read the indices of each stream: int64 (samples,), ascending."""
    readers = {".npz": _from_npz, ".json": _from_json, ".csv": _from_csv}
    if path.suffix not in readers:
        raise BadInput(f"--streams: got {path}; {ALLOWED}")
    try:
        streams = readers[path.suffix](path)
    except _UNREADABLE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadInput(f"--streams: {path} cannot be read ({reason}); {ALLOWED}") from error
    if not streams:
        raise BadInput(f"--streams: {path} has no stream; {ALLOWED}")
    return streams


def _from_npz(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: _indices(name, arrays[name]) for name in arrays}


def _from_json(path: Path) -> dict[str, np.ndarray]:
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, Mapping):
        raise ValueError("it is not a JSON object")
    return {name: _indices(name, np.array(_listed(value))) for name, value in content.items()}


def _listed(value) -> list:
    if not isinstance(value, list) or not all(type(index) is int for index in value):
        raise ValueError("a stream is not a list of integers")
    return value


def _from_csv(path: Path) -> dict[str, np.ndarray]:
    streams = {}
    # What spreadsheets write may begin with a mark of the byte order.
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["stream"] is None:
                raise ValueError("a row without a stream")
            streams.setdefault(row["stream"], []).append(int(row["index"]))
    return {name: _indices(name, np.array(index)) for name, index in streams.items()}


def _indices(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "iu" or not values.size:
        raise ValueError(f"the stream {name!r} is {values.dtype} {values.shape}")
    if values.max() > np.iinfo(np.int64).max:
        raise OverflowError(f"the stream {name!r} has an index too large for int64")
    return np.unique(values).astype(np.int64)
