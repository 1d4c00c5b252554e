"""Runs scripts, each in a process of its own that is forked when all has been imported.

`python -m tests.resuming.server` reads runs from its standard input, a line of JSON each, and
writes how each has ended. Nothing here runs an operation or starts a thread before a fork: the
child is as a new process that has imported the same modules.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import sys
import traceback
import warnings
from pathlib import Path

REFUSED = 3  # exit status


def import_all() -> None:
    """Import what scripts need, as imports take longer than all the rest."""
    for name in ("tensorflow", "torch", "grain", "jax.numpy", "pyarrow.parquet", "h5py"):
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    import epochwatch

    # Public names are imported when they are first asked for.
    for name in ("BalancedSampler", "resumable", "watch"):
        getattr(epochwatch, name)
    importlib.import_module("tests.resuming.scripts")
    importlib.import_module("tests.resuming.training")


def run(folder: str, script: str, how: list, attempt: int, kill: list | None) -> int:
    """Run a script in this process; return its exit status."""
    import secrets

    from epochwatch.errors import BadInput
    from tests.resuming import events
    from tests.resuming.how import How
    from tests.resuming.scripts import SCRIPTS
    from tests.resuming.training import Training

    # An id is drawn for each log; here all have the same one, and can be compared.
    secrets.token_hex = lambda count: "0" * 2 * count
    warnings.simplefilter("ignore")
    events.keep_names(Path(folder) / events.NAMES.format(attempt))
    events.watch_files()
    if kill:
        events.kill_at(*kill)
    training = Training(Path(folder), How(*how), attempt)
    try:
        training.finish(SCRIPTS[script](training))
    except BadInput as refusal:
        print(refusal)
        return REFUSED
    return 0


def in_child(command: dict) -> int:
    """Run a script in a fork, its output in a file; return its exit status, or minus a signal."""
    assert len(os.listdir("/proc/self/task")) == 1, "a fork would lack the threads of this process"
    child = os.fork()
    if child == 0:
        output = Path(command["folder"]) / f"output-{command['attempt']}.txt"
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        status = 1
        try:
            status = run(**command)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def serve() -> None:
    import_all()
    for line in sys.stdin:
        print(in_child(json.loads(line)), flush=True)


if __name__ == "__main__":
    serve()
