"""What happens in a run, each event with a name; at one of them the process is killed.

"step 2.1.0" is the end of the first step of the second epoch of the second `fit`, whichever process
trains it. What is done to files is numbered within the process: "before fsync 3".
"""

import collections
import functools
import io
import os
import signal
import time
from pathlib import Path

import keras

# Of files: before each call, and after it.
CALLS = ("fsync", "rename", "replace", "unlink")
# Before a kill at a step or an epoch, so that threads write what they have.
SETTLING_SECONDS = 0.05

NAMES = "events-{}.txt"  # of what has happened, in order; kept whatever happens next
fit = 0  # number of the one that goes on
_epoch = 0
_kill: dict = {"at": None, "settled": False}
_calls: collections.Counter = collections.Counter()
_names: io.FileIO


def keep_names(path: Path) -> None:
    """Write the name of each event into a file, as it happens."""
    global _names
    _names = path.open("wb", buffering=0)


def kill_at(name: str, settled: bool) -> None:
    """Have this process killed at an event, as by `kill -9`."""
    _kill.update(at=name, settled=settled)


def happen(name: str) -> None:
    _names.write(f"{name}\n".encode())
    if name == _kill["at"]:
        if _kill["settled"]:
            time.sleep(SETTLING_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL)


def watch_files() -> None:
    """Have whatever is done to files in this process be events."""
    for name in CALLS:
        setattr(os, name, _with_events(name, getattr(os, name)))


def _with_events(name: str, call):
    @functools.wraps(call)
    def called(*args, **kwargs):
        _calls[name] += 1
        number = _calls[name]
        happen(f"before {name} {number}")
        result = call(*args, **kwargs)
        happen(f"after {name} {number}")
        return result

    return called


class Events(keras.callbacks.Callback):
    """The last callback of a script: without a state, so that nothing of it can be kept."""

    def on_train_begin(self, logs=None):
        happen(f"train begin {fit}")

    def on_epoch_begin(self, epoch, logs=None):
        global _epoch
        _epoch = epoch
        happen(f"epoch begin {fit}.{epoch}")

    def on_train_batch_end(self, batch, logs=None):
        happen(f"step {fit}.{_epoch}.{batch}")

    def on_test_batch_end(self, batch, logs=None):
        happen(f"validation {fit}.{_epoch}.{batch}")

    def on_epoch_end(self, epoch, logs=None):
        happen(f"epoch end {fit}.{epoch}")

    def on_train_end(self, logs=None):
        happen(f"train end {fit}")
