"""Starting the processes of a training, and waiting for them."""

import concurrent.futures
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from epochwatch.errors import RunFailed
from epochwatch_lab.killed_trainings._outcomes import Outcome
from epochwatch_lab.killed_trainings._plan import UNDISTURBED, WAYS, Plan

# On a processor the same training ends with the same bits; a graphics card promises no such thing.
ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
MODULE = "epochwatch_lab.killed_trainings"


def start(plan: Plan, folder: Path, progress: bool = False) -> dict[str, concurrent.futures.Future]:
    """Begin the training in each of `WAYS`, all at the same time.

    Each process is one of its own, so that killing it ends nothing else.

    Args:
        plan: what is trained, and where it is killed.
        folder: where the processes write: exposure logs, and a folder for each way.
        progress: whether to print when the trainings have started, and when a process has ended.

    Returns:
        By way, its `Outcome` to come: `.result()` waits for it, and raises `RunFailed` where a
        process ended in another way than it was to.
    """
    if progress:
        print(f"started: {', '.join(WAYS)}")
    threads = concurrent.futures.ThreadPoolExecutor(len(WAYS))
    coming = {way: threads.submit(_trained, plan, way, folder, progress) for way in WAYS}
    threads.shutdown(wait=False)
    return coming


def _trained(plan: Plan, way: str, folder: Path, progress: bool) -> Outcome:
    (folder / way).mkdir(exist_ok=True)
    ends = [0] if way == UNDISTURBED else [-signal.SIGKILL, 0]
    for number, end in enumerate(ends, start=1):
        _run(plan, way, number, folder, end)
        if progress:
            killed = f"killed after step {plan.kill_after:,}, started again"
            print(f"{way}: {killed if end else 'done'}")
    return Outcome.read(plan, way, folder)


def _run(plan: Plan, way: str, number: int, folder: Path, end: int) -> None:
    words = [str(folder), way, str(number), json.dumps(plan._asdict())]
    process = subprocess.Popen(
        [sys.executable, "-m", MODULE, *words],
        env=os.environ | ENVIRONMENT,
        stdin=subprocess.PIPE,  # nothing is written: the process ends when this one is gone
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        said = process.stderr.read().strip().splitlines() or ["it said nothing"]
    got = process.returncode
    if got != end:
        raise RunFailed(f"{way}, process {number}: ended with {got}, not {end}: {said[-1]}")
