"""The process that observes cells in an environment of the atlas, a process for each of them.

`python -m epochwatch_lab._atlas.worker list` prints the names of all cells there are, each with
whether it belongs to every environment, and the versions; `… worker run JOBS` reads names from its
input and prints what was observed, both a line of JSON each.

A cell's process is forked from one that has imported Keras and done nothing with it yet: so it
begins as new, and in a hundredth of the time that importing takes.

Pools of the standard library and of pebble were looked at. They end a process that hangs but not
the workers that it has started itself, as a PyDataset's; they wait for ever for one that ended by
itself with exit code 0; and each Keras of the atlas would need pebble installed beside it.
"""

import contextlib
import datetime
import importlib
import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from epochwatch_lab._atlas.cells import AtlasCell
    from epochwatch_lab._atlas.toy_feeds import ToyFeed

LONGEST = 60  # s, for a cell

PRELOADED = ["epochwatch_lab._atlas.worker_imports"]


def keras_here():
    """Import the Keras of this environment: `tf_keras` where that is installed."""
    return importlib.import_module(os.environ["EPOCHWATCH_KERAS"])


def catalogue() -> "dict[str, tuple[AtlasCell, ToyFeed]]":
    """Find each cell there is, by its name, and the feed it is on."""
    from epochwatch._watching.backends import fit_kind
    from epochwatch_lab._atlas.acts import ACTS
    from epochwatch_lab._atlas.cells import cells_of
    from epochwatch_lab._atlas.toy_feeds import toy_feeds

    keras = keras_here()
    feeds, backend = toy_feeds(keras), fit_kind(keras)
    ways = (cells_of, *(act.cells for act in ACTS.values()))
    return {
        cell.name: (cell, feed) for way in ways for feed in feeds for cell in way(feed, backend)
    }


def environment() -> dict:
    """Name what the cells are observed on: versions, package, backend and date."""
    from epochwatch._watching.backends import fit_kind, is_keras_2, loaded_versions

    keras = keras_here()
    backend = "tensorflow" if is_keras_2(keras) else fit_kind(keras)
    today = datetime.date.today().isoformat()
    return loaded_versions(keras) | {"package": keras.__name__, "backend": backend, "date": today}


def cell_and_feed(task: "str | AtlasCell") -> "tuple[AtlasCell, ToyFeed]":
    """Find cell and feed of a cell of the catalogue, by its name, or of another one."""
    if isinstance(task, str):
        return catalogue()[task]
    from epochwatch_lab._atlas.toy_feeds import toy_feeds

    return task, next(feed for feed in toy_feeds(keras_here()) if feed.name == task.feed_name)


def send_observation(task: "str | AtlasCell", answer: Connection) -> None:
    """Observe a cell in this process, and send what was seen."""
    from epochwatch_lab._atlas.observation import observe_cell
    from epochwatch_lab._atlas.toy_feeds import SEED

    os.setsid()  # so that workers of its own can be ended with it
    multiprocessing.set_start_method("fork", force=True)  # as in a process of the user's
    keras = keras_here()
    if not isinstance(task, str):
        keras.utils.set_random_seed(SEED)  # what a notebook shows is the same each time
    answer.send(observe_cell(*cell_and_feed(task), keras))


class Running(NamedTuple):
    task: "str | AtlasCell"
    process: multiprocessing.Process
    until: float  # s, on the monotonic clock


def run_cells(tasks: "Iterable[str | AtlasCell]", jobs: int) -> Iterator[dict]:
    """Observe cells, so many at once, as they get done; one that hangs is ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    # The last is taken first, so that cells come in the order of the tasks.
    waiting, running = [*tasks][::-1], {}
    while waiting or running:
        while waiting and len(running) < jobs:
            receiver, cell = start_cell(context, waiting.pop())
            running[receiver] = cell
        next_end = min(cell.until for cell in running.values()) - time.monotonic()
        done = wait(running, timeout=max(0, next_end))
        # One that has just answered may be overdue as well: its answer counts.
        overdue = [one for one, cell in running.items() if cell.until < time.monotonic()]
        for receiver in dict.fromkeys(done + overdue):
            cell = running.pop(receiver)
            yield {"name": cell.task, "seen": receive_outcome(receiver, cell)}


def start_cell(context, task: "str | AtlasCell") -> tuple[Connection, Running]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=send_observation, args=(task, sender))
    process.start()
    # While this end is open too, the end of the process would not be seen.
    sender.close()
    return receiver, Running(task, process, time.monotonic() + LONGEST)


def receive_outcome(receiver: Connection, cell: Running) -> dict:
    """Receive what a cell's process sends, and end the process.

    One that a signal has ended, a crash, is an outcome. One that ended by itself without a word
    is a fault of the instrument, and ends the worker.
    """
    process = cell.process
    try:
        seen = (
            receiver.recv() if receiver.poll() else no_answer(cell, f"did not end in {LONGEST} s")
        )
    except EOFError:
        process.join()
        if process.exitcode >= 0:
            raise RuntimeError(f"{cell.task}: its process failed, see above") from None
        seen = no_answer(cell, f"the process ended with exit code {process.exitcode}")
    # The whole session, for workers that the cell has started; it may have ended by itself.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    return seen


def no_answer(cell: Running, why: str) -> dict:
    """Write down a cell that has sent nothing."""
    described = cell_and_feed(cell.task)[0].as_json()
    nothing = {"expected": None, "observed": None, "trained": [], "warnings": []}
    return described | nothing | {"raised": why, "runs": 1, "others": []}


def main(task: str, jobs: str = "1") -> None:
    if task == "list":
        from epochwatch_lab._atlas.cells import is_short

        cells = {name: is_short(cell, feed) for name, (cell, feed) in catalogue().items()}
        print(json.dumps({"environment": environment(), "cells": cells}))
        return
    for seen in run_cells([line.rstrip("\n") for line in sys.stdin], int(jobs)):
        print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
