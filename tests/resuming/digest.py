"""What a finished training leaves, as text: equal where it is equal to the bit."""

import hashlib
import io
import json
import random
import sys
from pathlib import Path

import keras
import numpy as np
import pyarrow.parquet as pq

from epochwatch._exposures.log_files import MANIFEST, PART_GLOB

# What Keras puts into a callback; neither is the callback's own.
SET_BY_KERAS = {"model", "_model", "params"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def training_digest(model, histories: list, callbacks: list, folder: Path, log: Path) -> dict:
    """Digest the model, what its `fit` calls returned, their callbacks and the files."""
    return {
        "variables": variables_digest(model),
        "history": [[plain(each.epoch), plain(each.history)] for each in histories],
        "callbacks": [[type(each).__name__, callback_digest(each)] for each in callbacks],
        "log": {path.name: sha256(path.read_bytes()) for path in sorted(log.glob(PART_GLOB))},
        "order": trained_order(log),
        "manifest": manifest(log),
        "files": {path.name: sha256(path.read_bytes()) for path in sorted(folder.glob("*.csv"))},
        "random states": random_draws(),
    }


def trained_order(log: Path) -> dict:
    """Read which rows were trained in each epoch of each fit, in their order."""
    order: dict = {}
    for path in sorted(log.glob(PART_GLOB)):
        for row in pq.read_table(path).to_pylist():
            order.setdefault(f"{row['fit']}.{row['epoch']}", []).append(row["index"])
    return order


def manifest(log: Path) -> dict:
    """Read what a log says of itself, but for whose checkpoints it goes with."""
    if not log.exists():
        return {}
    said = json.loads((log / MANIFEST).read_text())
    return {name: said[name] for name in said.keys() - {"resumable", "checksum"}}


def random_draws() -> list:
    """Draw from each global random state: what a script goes on with."""
    drawn = [random.random(), np.random.random()]
    if torch := sys.modules.get("torch"):
        drawn.append(torch.rand(1).item())
    return plain(drawn)


def variables_digest(model) -> list:
    """Digest all that a model trains with: weights, seeds, metrics, optimizer."""
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    arrays = [keras.ops.convert_to_numpy(each.value) for each in variables]
    return [
        [each.path, str(array.dtype), list(array.shape), sha256(array.tobytes())]
        for each, array in zip(variables, arrays, strict=True)
    ]


def callback_digest(callback) -> dict:
    attributes = vars(callback).items()
    return {name: plain(value) for name, value in attributes if name not in SET_BY_KERAS}


def plain(value) -> object:
    """Return a value as JSON can hold it; of what it cannot, the type."""
    if isinstance(value, dict):
        return [[plain(name), plain(each)] for name, each in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, io.IOBase):
        return None  # closed by now, or never opened: no state
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, (np.ndarray, np.generic)):
        return [str(value.dtype), list(value.shape), sha256(value.tobytes())]
    return f"a {type(value).__name__}"


def differences(one: dict, other: dict) -> list[str]:
    """Name what differs between two digests."""
    return [name for name in one if one[name] != other[name]]
