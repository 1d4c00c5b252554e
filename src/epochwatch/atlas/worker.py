"""The process that observes cells in an environment of the atlas, a process for each of them.

`python -m epochwatch.atlas.worker list` prints the names of all cells there are, and the
versions; `… worker run JOBS` reads names from its input and prints what was observed, both a
line of JSON each.

A cell's process is forked from one that has imported Keras and done nothing with it yet: so it
begins as new, and in a hundredth of the time that importing takes.
"""

import contextlib
import datetime
import importlib
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait

LONGEST = 60  # s, for a cell

PRELOADED = ["epochwatch.atlas.worker_imports"]


def keras_here():
    """Import the Keras of this environment: `tf_keras` where that is installed."""
    return importlib.import_module(os.environ["EPOCHWATCH_KERAS"])


def catalogue() -> dict:
    """Find each cell there is, by its name, and the feed it is on."""
    from epochwatch.atlas.cells import cells_of
    from epochwatch.atlas.toy_feeds import toy_feeds
    from epochwatch.watching.backends import flavour

    keras = keras_here()
    feeds = toy_feeds(keras)
    return {cell.name: (cell, feed) for feed in feeds for cell in cells_of(feed, flavour(keras))}


def environment() -> dict:
    """Say what the cells are observed on."""
    from epochwatch.watching.backends import flavour, is_keras_2, versions

    keras = keras_here()
    backend = "tensorflow" if is_keras_2(keras) else flavour(keras)
    today = datetime.date.today().isoformat()
    return versions(keras) | {"package": keras.__name__, "backend": backend, "date": today}


def observed(name: str, answer: Connection) -> None:
    """Observe a cell in this process, and send what was seen."""
    from epochwatch.atlas.observation import observe

    os.setsid()  # so that workers of its own can be ended with it
    multiprocessing.set_start_method("fork", force=True)  # as in a process of the user's
    answer.send(observe(*catalogue()[name]))


def run(names: list[str], jobs: int) -> Iterator[dict]:
    """Observe cells, so many at once, as they get done; one that hangs is ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    waiting, running = list(reversed(names)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=observed, args=(name, sender))
            process.start()
            sender.close()
            running[receiver] = name, process
        for receiver in wait(running, timeout=LONGEST) or list(running):
            name, process = running.pop(receiver)
            yield {"name": name, "seen": outcome(receiver, process)}


def outcome(receiver: Connection, process) -> dict:
    """Receive what a cell's process sends, and end the process."""
    try:
        seen = receiver.recv() if receiver.poll() else {"raised": f"did not end in {LONGEST} s"}
    except EOFError:
        process.join()
        seen = {"raised": f"the process ended with exit code {process.exitcode}"}
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return seen


def main(task: str, jobs: str = "1") -> None:
    """Print, as lines of JSON."""
    if task == "list":
        print(json.dumps({"environment": environment(), "cells": list(catalogue())}))
        return
    for seen in run([line.rstrip("\n") for line in sys.stdin], int(jobs)):
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
