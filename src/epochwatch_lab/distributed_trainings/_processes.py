"""Starting the processes of the trainings, and waiting for them."""

import concurrent.futures
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from epochwatch._auditing import strategies
from epochwatch._auditing.workers import FINISHED, WAITED, WorkerEnd, run_workers
from epochwatch.errors import RunFailed
from epochwatch_lab.distributed_trainings._outcomes import Outcome
from epochwatch_lab.distributed_trainings._plan import WAYS, WORKERS, Plan

COMMAND = [sys.executable, "-m", "epochwatch_lab.distributed_trainings"]
# Whatever Keras runs on elsewhere: these strategies are TensorFlow's.
ENVIRONMENT = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}

# Seconds without a step: only to start TensorFlow may take minutes where much else is running.
PATIENCE = 1_800


def train(plan: Plan, folder: Path, progress: bool = False) -> dict[str, Outcome]:
    """Train in all ways: those of a strategy one after another, the strategies side by side.

    Args:
        plan: what is trained.
        folder: where the processes write.
        progress: whether to print when they are started, and when those of a strategy are done.

    Returns:
        What each way came to. No process is left running, whatever happens.

    Raises:
        RunFailed: a process did not finish. The others have been ended.
    """
    ways = {name: ways_of(name) for name in (strategies.MIRRORED, strategies.MULTI_WORKER)}
    if progress:
        print(f"started: {', '.join(WAYS)}")
    with concurrent.futures.ThreadPoolExecutor(len(ways)) as threads:
        coming = {
            threads.submit(run_strategy, plan, strategy, names, folder): names
            for strategy, names in ways.items()
        }
        for done in concurrent.futures.as_completed(coming):
            done.result()
            if progress:
                print(f"done: {', '.join(coming[done])}")
    return {way: Outcome.read(plan, way, folder) for way in WAYS}


def ways_of(strategy: str) -> list[str]:
    """List the ways of a strategy."""
    return [name for name, way in WAYS.items() if way.strategy == strategy]


def run_strategy(plan: Plan, strategy: str, ways: Sequence[str], folder: Path) -> None:
    """Run the processes of a strategy until they have trained in all of its ways."""
    variables = [
        each | ENVIRONMENT
        for each in strategies.environments(strategy, WORKERS, run=secrets.token_hex(8))
    ]
    with tempfile.TemporaryDirectory() as aside:
        job = {"plan": plan._asdict(), "ways": ways, "folder": str(folder), "aside": aside}
        jobs = [job | {"number": number} for number in range(len(variables))]
        check_ends(strategy, run_workers(COMMAND, jobs, variables, Path(aside), PATIENCE))


def check_ends(strategy: str, ends: Sequence[WorkerEnd]) -> None:
    """See that each process has finished.

    Raises:
        RunFailed: one has not; it is named, with what it died of or how far it was.
    """
    # Who was ended because of another is not what went wrong.
    for wrong in (lambda end: end.why, lambda end: end.outcome != FINISHED):
        for number, end in enumerate(ends):
            if wrong(end):
                why = end.why or {WAITED: "waited for ever"}.get(end.outcome, end.outcome)
                where = "epoch {1}, step {2} of its training {0}".format(*end.stand)
                raise RunFailed(f"{strategy}, process {number}: {why}, at {where}")
