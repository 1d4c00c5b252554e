"""Cells observed here and now, each in a process of its own, as those of the atlas are.

`python -m epochwatch_lab.atlas.live` reads questions from its input and prints what was observed,
both as JSON: so a notebook's kernel forks no process of its own.
"""

import dataclasses
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence

from epochwatch_lab.atlas import worker
from epochwatch_lab.atlas.cells import Cell
from epochwatch_lab.atlas.rows import Question, Row, row_of
from epochwatch_lab.atlas.toy_feeds import ToyFeed, toy_feeds

THIS = "epochwatch_lab.atlas.live"


def observe_all(
    backend: str, questions: Sequence[tuple[Question, int]], jobs: int | None = None
) -> list[Row]:
    """Run `fit` on every toy feed that can be made here.

    Args:
        backend: "tensorflow", "jax", "torch" or "tf_keras".
        questions: how `fit` is called, and with how many epochs each time.
        jobs: processes at once; None for as many as there are cores.

    Returns:
        Feed by feed, a row to a question; none where the feed would never end.
    """
    package = "tf_keras" if backend == "tf_keras" else "keras"
    variables = {
        "EPOCHWATCH_KERAS": package,
        "KERAS_BACKEND": "tensorflow" if backend == "tf_keras" else backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
    }
    asked = [[dataclasses.astuple(question), epochs] for question, epochs in questions]
    done = subprocess.run(
        [sys.executable, "-m", THIS, str(jobs or os.cpu_count())],
        env=os.environ | variables, input=json.dumps(asked), check=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    version = importlib.metadata.version(package)
    return [row_of(cell, version, backend) for cell in json.loads(done.stdout)]


def observed_here(asked: list, jobs: int) -> Iterator[dict]:
    """Observe cells in processes forked from this one's server, and tell them in order."""
    tasks = [
        worker.Asked(feed.name, cell, epochs)
        for feed in toy_feeds(worker.keras_here())
        for cell, epochs in cells_of(feed, asked)
    ]
    seen = {told["name"].cell.name: told["seen"] for told in worker.run(tasks, jobs)}
    return (seen[task.cell.name] for task in tasks)


def cells_of(feed: ToyFeed, asked: list) -> Iterable[tuple[Cell, int]]:
    """Ask a feed the questions that have an end."""
    for (steps, *rest), epochs in asked:
        if steps or feed.ends:
            yield Cell(feed.kind, feed.options, steps, *rest), epochs


if __name__ == "__main__":
    print(json.dumps(list(observed_here(json.load(sys.stdin), int(sys.argv[1])))))
