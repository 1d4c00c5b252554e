"""Cells observed here and now, each in a process of its own, as those of the atlas are.

`python -m epochwatch_lab._atlas.live` reads questions from its input and prints what was observed,
both as JSON: so a notebook's kernel forks no process of its own.
"""

import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence

from epochwatch._auditing.request import FitCall
from epochwatch_lab._atlas import worker
from epochwatch_lab._atlas.cells import AtlasCell, call_as_json, toy_call
from epochwatch_lab._atlas.rows import AtlasRow, row_of
from epochwatch_lab._atlas.toy_feeds import ToyFeed, toy_feeds

THIS = "epochwatch_lab._atlas.live"


def observe_all(backend: str, calls: Sequence[FitCall], jobs: int | None = None) -> list[AtlasRow]:
    """Run `fit` on every usual toy feed that can be made here.

    Args:
        backend: "tensorflow", "jax", "torch" or "tf_keras".
        calls: how `fit` is called, as `cells.toy_call` makes them.
        jobs: processes at once; None for as many as there are cores.

    Returns:
        Feed by feed, a row to a call; none where the feed would never end.
    """
    package = "tf_keras" if backend == "tf_keras" else "keras"
    variables = {
        "EPOCHWATCH_KERAS": package,
        "KERAS_BACKEND": "tensorflow" if backend == "tf_keras" else backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
    }
    described = [call_as_json(call) | {"epochs": call.epochs} for call in calls]
    done = subprocess.run(
        [sys.executable, "-m", THIS, str(jobs or os.cpu_count())],
        env=os.environ | variables,
        input=json.dumps(described),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    version = importlib.metadata.version(package)
    return [row_of(cell, version, backend) for cell in json.loads(done.stdout)]


def observed_here(calls: Sequence[FitCall], jobs: int) -> Iterator[dict]:
    """Observe cells in processes forked from this one's server, and yield them in order."""
    cells = [
        AtlasCell(feed.kind, feed.options, call)
        for feed in toy_feeds(worker.keras_here())
        if not feed.few_calls
        for call in calls_with_an_end(feed, calls)
    ]
    seen = {answer["name"].name: answer["seen"] for answer in worker.run_cells(cells, jobs)}
    return (seen[cell.name] | {"epochs": cell.call.epochs} for cell in cells)


def calls_with_an_end(feed: ToyFeed, calls: Iterable[FitCall]) -> Iterator[FitCall]:
    """Choose the calls whose epochs end on a feed."""
    return (call for call in calls if call.steps_per_epoch or feed.ends)


if __name__ == "__main__":
    read_calls = [toy_call(**call) for call in json.load(sys.stdin)]
    print(json.dumps(list(observed_here(read_calls, int(sys.argv[1])))))
