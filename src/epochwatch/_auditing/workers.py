"""Starting the processes of a distributed training on this machine, watching them, ending them.

A worker reads its job from its standard input, and ends itself when that is closed: whether we end
it, or have been killed. It notes in a file how far it is, line by line; so who waits for ever is
known, whatever it waits in. When it has trained, it stays until all have: it would take the others'
connections with it.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

FINISHED, DIED, WAITED, ENDED = "finished", "died", "waited", "was ended"
PATIENCE = 120  # seconds without a step of any worker
LOOK_AGAIN = 0.05  # seconds
GRACE = 10  # seconds that a worker has to write down what it has trained
LINES_SHOWN, LINE_WIDTH = 3, 200
IN_USE = "in use"  # of a port, as every library says it


class Stand(NamedTuple):
    """How far a worker is: 0, 0, 0 before its training."""

    fit: int
    epoch: int
    steps: int


class WorkerEnd(NamedTuple):
    """How a worker ended.

    Attributes:
        outcome: `FINISHED`, `DIED` by itself, `WAITED` until nobody made a step any more, or
            `ENDED` because another one had died.
        stand: the last that it noted.
        steps: steps of each epoch that it began, by fit and epoch.
        why: what it died of, in a line; None where it did not.
    """

    outcome: str
    stand: Stand
    steps: Mapping[tuple[int, int], int]
    why: str | None = None


class Notes:
    """Where a worker notes how far it is, and what it failed with."""

    def __init__(self, folder: Path, worker: int):
        self.progress = folder / f"{worker}.progress"
        self.error = folder / f"{worker}.error"
        self.done = folder / f"{worker}.done"
        self.output = folder / f"{worker}.output"

    def note(self, stand: Stand) -> None:
        """Add a line, in one write: a kill leaves it there or not."""
        with self.progress.open("a") as file:
            file.write("{} {} {}\n".format(*stand))

    def length(self) -> int:
        """How much has been noted, which grows with each step."""
        return self.progress.stat().st_size if self.progress.exists() else 0

    def stands(self) -> list[Stand]:
        """Read all that was noted."""
        lines = self.progress.read_text().splitlines() if self.progress.exists() else []
        return [Stand(*map(int, line.split())) for line in lines]

    def last_words(self) -> str:
        """Read how the worker's output ended."""
        lines = self.output.read_text(errors="replace").splitlines() if self.output.exists() else []
        said = [line.strip()[:LINE_WIDTH] for line in lines if line.strip()]
        return " | ".join(said[-LINES_SHOWN:]) or "it said nothing"


class Worker:
    """A process that trains its share.

    Args:
        command: what is run.
        job: what it reads from its standard input.
        environment: its variables.
        notes: where it notes how far it is.
    """

    def __init__(self, command: Sequence[str], job: Mapping, environment: Mapping, notes: Notes):
        self.notes = notes
        with notes.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # Ctrl-C is ours, and what it started ends with it
            )
        with contextlib.suppress(BrokenPipeError):  # it died at once, which its code says
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()

    def why(self) -> str:
        """Say what it died of."""
        if self.notes.error.exists():
            return self.notes.error.read_text()
        return f"{code_in_words(self.process.returncode)}: {self.notes.last_words()}"

    @property
    def outcome(self) -> str | None:
        """How it ended by itself; None while it trains."""
        has_exited = self.process.poll() is not None  # first: it may note that it is done, and exit
        if self.notes.done.exists():
            return FINISHED
        return DIED if has_exited else None

    def let_end(self) -> None:
        """Have it write down what it has trained, and end."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def end(self, by: float) -> None:
        """End it, and all that it has started, by a time at the latest."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0, by - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ended(self, outcome: str) -> WorkerEnd:
        """Put together how it ended."""
        stands = self.notes.stands() or [Stand(0, 0, 0)]
        steps = {(fit, epoch): steps for fit, epoch, steps in stands if epoch}
        why = self.why() if outcome == DIED else None
        return WorkerEnd(outcome, stands[-1], steps, why)


def code_in_words(code: int) -> str:
    """Say how a process ended."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def run_workers(
    command: Sequence[str],
    jobs: Sequence[Mapping],
    environments: Sequence[Mapping],
    folder: Path,
    patience: float = PATIENCE,
) -> list[WorkerEnd]:
    """Run a process for each job until all have finished, one dies, or none gets any further.

    Args:
        command: what each of them runs.
        jobs: what each is told.
        environments: the variables of each.
        folder: for what they note and say.
        patience: seconds without a step of any of them, after which they wait for ever.

    Returns:
        How each of them ended. None is left running, whatever happens.
    """
    workers: list[Worker] = []
    try:
        for number, (job, environment) in enumerate(zip(jobs, environments, strict=True)):
            workers.append(Worker(command, job, environment, Notes(folder, number)))
        outcomes = watch_over(workers, patience)
    finally:
        for worker in workers:
            worker.let_end()
        latest = time.monotonic() + GRACE
        for worker in workers:
            worker.end(latest)
    return [worker.ended(outcome) for worker, outcome in zip(workers, outcomes, strict=True)]


def watch_over(workers: Sequence[Worker], patience: float) -> list[str]:
    """Wait until all have finished, one has died, or none gets any further: name what each did."""
    noted, since = [0] * len(workers), time.monotonic()
    while True:
        outcomes = [worker.outcome for worker in workers]
        if DIED in outcomes:
            return [outcome or ENDED for outcome in outcomes]
        if None not in outcomes:
            return outcomes
        now = [worker.notes.length() for worker in workers]
        if now != noted:
            noted, since = now, time.monotonic()
        elif time.monotonic() - since > patience:
            return [outcome or WAITED for outcome in outcomes]
        time.sleep(LOOK_AGAIN)


def end_with_parent(before: Callable[[], None]) -> None:
    """In a worker: when standard input is closed, call `before` and end at once, from a thread.

    Whatever the main thread waits in, in C++ for another worker, it cannot hear a signal.
    """

    def wait() -> None:
        while os.read(0, 1024):
            pass
        try:
            before()
        finally:
            os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def do_job(
    train: Callable[[Mapping, Notes, contextlib.ExitStack], None],
    in_one_line: Callable[[BaseException], str],
) -> None:
    """In a worker: read the job, do it, note what came of it, and stay until all have done theirs.

    Args:
        train: is given the job, where to note how far it is, and what takes callbacks for the
            case that the worker is ended from outside.
        in_one_line: writes what it failed with.
    """
    job = json.loads(sys.stdin.buffer.readline())
    notes, close = Notes(Path(job["aside"]), job["number"]), contextlib.ExitStack()
    end_with_parent(close.close)
    try:
        train(job, notes, close)
    except BaseException as error:
        notes.error.write_text(in_one_line(error))
        traceback.print_exc()
        # At once: at their exit, frameworks wait for workers that wait for this one.
        os._exit(1)
    notes.done.touch()
    # It would take the others' connections with it.
    threading.Event().wait()


def free_ports(count: int) -> list[int]:
    """Find ports of this machine that nobody listens on."""
    with contextlib.ExitStack() as open_sockets:
        # All at once, so that they differ.
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
