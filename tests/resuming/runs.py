"""Runs of scripts that are killed and run again, and what came of them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from epochwatch_lab._runs.project import ROOT
from tests.resuming.digest import differences

REFUSED = 3  # exit status of a script that was refused
DIGEST = "digest.json"
# OpenBLAS and Arrow's memory would start one with the import, and a fork would lack it.
WITHOUT_THREADS = {"OMP_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


class Ended(NamedTuple):
    """A training that has ended, however often it was killed before.

    Attributes:
        digest: what it left; empty where it failed.
        events: of each of its processes the names of what has happened, in order.
        failure: what it said where it was refused or failed, else empty.
    """

    digest: dict
    events: list
    failure: str

    def events_named(self, *beginnings: str) -> list[str]:
        """Name the events of its last process that begin so."""
        return [name for name in self.events[-1] if name.startswith(beginnings)]

    @property
    def steps(self) -> list[str]:
        """Name the steps that its last process has trained."""
        return self.events_named("step ")

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return len(self.events) - 1

    def verdict(self, undisturbed: "Ended") -> str:
        """Say "exact", or what differs, or why it failed."""
        if self.failure:
            return self.failure
        return ", ".join(differences(undisturbed.digest, self.digest)) or "exact"


class Server:
    """A process that has imported everything, and forks one for each run."""

    def __init__(self, environment: dict | None = None):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.resuming.server"],
            cwd=ROOT,
            env=os.environ | WITHOUT_THREADS | (environment or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, **command) -> int:
        """Run a script; return its exit status, or minus the signal that killed it."""
        print(json.dumps(command), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("the server of runs has ended")
        return int(answer)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    def train(
        self, script: str, how: tuple, kills: Iterable[str] = (), settled: bool = False
    ) -> Ended:
        """Run a script until it ends: a process for each kill, and one that is let alone.

        Args:
            script: its name.
            how: a `How`.
            kills: names of the events at which the processes are killed, one after another.
            settled: whether threads have time to write before a kill.
        """
        with tempfile.TemporaryDirectory() as folder:
            for attempt, at in enumerate([*kills, None], 1):
                kill = at and [at, settled]
                status = self.run(folder=folder, script=script, how=how, attempt=attempt, kill=kill)
                if status != -signal.SIGKILL:
                    return ended(Path(folder), status, attempt)
        raise RuntimeError("nobody here killed the last process")


def ended(folder: Path, status: int, attempt: int) -> Ended:
    names = [folder / f"events-{number}.txt" for number in range(1, attempt + 1)]
    events = [each.read_text().splitlines() for each in names]
    if status == 0:
        return Ended(json.loads((folder / DIGEST).read_text()), events, "")
    output = (folder / f"output-{attempt}.txt").read_text().strip()
    if status == REFUSED:
        return Ended({}, events, f"refused: {output.splitlines()[-1]}")
    return Ended({}, events, f"failed with {status}: {output}")


@contextlib.contextmanager
def run_server(environment: dict | None = None) -> Iterator[Server]:
    """Have a server of runs, and end it."""
    server = Server(environment)
    try:
        yield server
    finally:
        server.close()
