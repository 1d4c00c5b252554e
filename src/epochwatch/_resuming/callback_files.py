"""Files that callbacks go on writing while they train: CSVLogger's and TensorBoard's.

A killed run has written more than it kept. So a checkpoint notes how long each file is, and the
resumed run cuts it there and goes on: no row is written twice, none is lost. Files that are
written as a whole each time, such as ModelCheckpoint's, need none of this.
"""

import csv
import importlib
import itertools
import os
import uuid
from collections.abc import Container
from pathlib import Path
from typing import Any

from epochwatch._keras import load_keras
from epochwatch.errors import BadInput

# What belongs to open files: Keras makes it anew.
OF_CSV_LOGGER = {"csv_file", "writer"}
OF_TENSORBOARD = {
    "_writers",
    "_prev_summary_state",
    "_summary_module",
    "_batch_trace_context",
    "_profiler_started",
    "_is_tracing",
}


class Summaries:
    """What a TensorBoard writes by: its files' names say which training has written them.

    Other trainings may write to the same folder, and their files are not ours to remove.
    """

    def __init__(self):
        self.training = uuid.uuid4().hex

    def __getattr__(self, name: str):
        return getattr(importlib.import_module("tensorflow.summary"), name)

    def create_file_writer(self, folder: str):
        module = importlib.import_module("tensorflow.summary")
        return module.create_file_writer(folder, filename_suffix=f".{self.training}.v2")


def name_files(callback) -> None:
    """Have a callback that has written nothing yet name its files such that they are known."""
    if is_tensorboard(callback):
        callback._summary_module = Summaries()


def own_attributes(callback) -> set[str]:
    """Name the attributes of a callback that belong to its open files."""
    if is_csv_logger(callback):
        return OF_CSV_LOGGER
    return OF_TENSORBOARD if is_tensorboard(callback) else set()


def remote_attributes(callback) -> list[str]:
    """Name the attributes that name files which are on no disk, and cannot be cut."""
    return [name for name in ("filename", "log_dir") if is_remote(getattr(callback, name, None))]


def written_files(callback) -> dict[str, Any] | None:
    """Write out what a callback's files have been given, and note how long they are."""
    if remote_attributes(callback):
        return None
    if is_csv_logger(callback) and callback.csv_file is not None:
        return csv_state(callback)
    return tensorboard_state(callback) if is_tensorboard(callback) else None


def cut_back(callback, files: dict[str, Any] | None) -> None:
    """Cut a callback's files where they were, and have it go on in them."""
    if files is None:
        return
    if is_csv_logger(callback):
        cut_csv(callback, files)
    elif is_tensorboard(callback):
        cut_tensorboard(callback, files)


def reopen(callback, files: dict[str, Any] | None) -> None:
    """Have a CSVLogger that has written its header not write it again."""
    if files is not None and files.get("has_header"):
        names = ["epoch", *callback.keys]
        callback.writer = csv.DictWriter(callback.csv_file, names, delimiter=callback.sep)


def is_csv_logger(callback) -> bool:
    return isinstance(callback, load_keras().callbacks.CSVLogger)


def is_tensorboard(callback) -> bool:
    return isinstance(callback, load_keras().callbacks.TensorBoard)


def is_remote(place: Any) -> bool:
    return isinstance(place, str) and "://" in place


def csv_state(callback) -> dict[str, Any]:
    if not callback.csv_file.closed:
        callback.csv_file.flush()
    path = os.path.abspath(callback.filename)
    has_header = callback.writer is not None
    return {"path": path, "size": os.path.getsize(path), "has_header": has_header}


def cut_csv(callback, files: dict[str, Any]) -> None:
    cut(Path(files["path"]), files["size"])
    callback.filename = files["path"]
    # For the one `on_train_begin` that comes now; then the constructor's is put back.
    callback.append = True


def tensorboard_state(callback) -> dict[str, Any]:
    for writer in callback._writers.values():
        writer.flush()
    folder = Path(callback.log_dir).absolute()
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in event_files(callback)}
    return {"training": callback.summary.training, "folder": str(folder), "sizes": sizes}


def cut_tensorboard(callback, files: dict[str, Any]) -> None:
    """Cut event files back, and remove those that the training has begun since.

    Keras has written a summary of the model again, which is in the first file already: it goes.
    """
    callback._close_writers()
    callback._writers = {}
    remove_events(callback, callback.summary.training)
    folder = Path(files["folder"])
    callback.log_dir = callback._log_write_dir = str(folder)
    callback._train_dir, callback._val_dir = str(folder / "train"), str(folder / "validation")
    callback.summary.training = files["training"]
    remove_events(callback, files["training"], but=files["sizes"])
    for name, size in files["sizes"].items():
        cut(folder / name, size)


def remove_events(callback, training: str, but: Container[str] = ()) -> None:
    """Remove the files of a training."""
    for path in event_files(callback):
        is_kept = str(path.relative_to(Path(callback.log_dir).absolute())) in but
        if training in path.name and not is_kept:
            path.unlink()


def event_files(callback) -> list[Path]:
    folders = Path(callback._train_dir), Path(callback._val_dir)
    found = itertools.chain(*(folder.glob("events.out.tfevents.*") for folder in folders))
    return sorted(path.absolute() for path in found)


def cut(path: Path, size: int) -> None:
    """Cut a file to a length that it had."""
    present = path.stat().st_size if path.exists() else None
    if present is None or present < size:
        got = "no such file" if present is None else f"{present:,} bytes"
        raise BadInput(
            f"{path}: got {got}, allowed: the {size:,} bytes it had at the checkpoint, or more; "
            "bring the file back, or use another folder"
        )
    os.truncate(path, size)
