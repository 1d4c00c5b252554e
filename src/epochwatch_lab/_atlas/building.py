"""Building the atlas: what is missing of it is observed, and its files written."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from epochwatch.errors import BadInput
from epochwatch_lab._atlas.defects import finding_of
from epochwatch_lab._atlas.environments import Environment, python_of
from epochwatch_lab._atlas.files import known_as, write_atlas

SOURCE = Path(__file__).parents[2]
WORKER = ("-m", "epochwatch_lab._atlas.worker")


class AtlasPart(NamedTuple):
    """One file of the atlas in the making: an environment on a backend.

    Attributes:
        environment: of the file.
        backend: of the file.
        python: interpreter of the environment.
        kept: file that keeps what was observed, a line of JSON a cell.
    """

    environment: Environment
    backend: str
    python: Path
    kept: Path

    @property
    def name(self) -> str:
        """The file's name, without its suffix."""
        return f"{self.environment.name}-{self.backend}"

    def start_worker(self, *arguments: str, **options) -> subprocess.Popen:
        """Start a worker in the environment; what it says beside its output is kept."""
        self.kept.parent.mkdir(parents=True, exist_ok=True)
        with self.kept.with_suffix(".log").open("a") as log:
            return subprocess.Popen(
                [self.python, *WORKER, *arguments],
                env=self.environment.variables(self.backend, SOURCE),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                **options,
            )

    def ask_for_cells(self) -> dict[str, Any]:
        """Ask for the versions and the names of all cells, each with whether it is short."""
        with self.start_worker("list") as worker:
            answer = worker.stdout.read()
        if worker.returncode:
            raise BadInput(f"{self.name}: its worker failed; see {self.kept.with_suffix('.log')}")
        return json.loads(answer)

    def read_kept(self) -> list[dict]:
        """Read what was observed so far; a last line that was cut off is left out."""
        # The first line tells what it was observed with: with other packages nothing of it holds.
        wanted = json.dumps(self.environment.requirements) + "\n"
        lines = self.kept.read_text().splitlines(keepends=True) if self.kept.exists() else []
        if not lines or lines[0] != wanted:
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            self.kept.write_text(wanted)
            return []
        whole = [line for line in lines if line.endswith("\n")]
        # The next line would be appended to the half one that a killed build has left.
        if len(whole) < len(lines):
            self.kept.write_text("".join(whole))
        return [json.loads(line) for line in whole[1:]]

    def observe_cells(self, names: list[str], jobs: int) -> Iterator[dict]:
        """Observe cells, and keep each as it is done, with the seconds since the one before."""
        last = time.monotonic()
        worker = self.start_worker("run", str(jobs), stdin=subprocess.PIPE)
        try:
            worker.stdin.write("".join(f"{name}\n" for name in names))
            worker.stdin.close()
            with self.kept.open("a") as kept:
                for line in worker.stdout:
                    now = time.monotonic()
                    answer = json.loads(line) | {"took": round(now - last, 3)}
                    last = now
                    kept.write(json.dumps(answer) + "\n")
                    # Not left in a buffer: a build that is killed goes on from here.
                    kept.flush()
                    yield answer
        finally:
            worker.terminate()
            worker.wait()


def parts_of(environment: Environment, environments: Path, work: Path) -> list[AtlasPart]:
    """Make an environment, and list what files there are to be of it."""
    python = python_of(environment, environments)
    return [
        AtlasPart(environment, backend, python, work / f"{environment.name}-{backend}.jsonl")
        for backend in environment.backends
    ]


def build_part(
    part: AtlasPart, atlas: Path, jobs: int, progress: Callable[[int, int], None]
) -> int:
    """Observe what is missing of a part, and write its file once it is complete.

    Args:
        part: what to observe.
        atlas: folder of the files.
        jobs: cells at once.
        progress: called with cells done and cells in all.

    Returns:
        How many cells were observed now.
    """
    listed = part.ask_for_cells()
    names = [name for name, short in listed["cells"].items() if part.environment.full or short]
    kept = part.read_kept()
    known = {answer["name"] for answer in kept}
    missing = [name for name in names if name not in known]
    progress(len(names) - len(missing), len(names))
    for done, answer in enumerate(part.observe_cells(missing, jobs) if missing else (), start=1):
        kept.append(answer)
        progress(len(names) - len(missing) + done, len(names))
    seen = {answer["name"]: answer["seen"] for answer in kept}
    if any(name not in seen for name in names):
        raise BadInput(f"{part.name}: its worker ended early; see {part.kept.with_suffix('.log')}")
    about = listed["environment"] | {"requires": part.environment.requirements}
    about |= {"jobs": jobs, "seconds": round(sum(answer["took"] for answer in kept))}
    release = known_as(about)
    cells = [seen[name] | {"finding": finding_of(seen[name], release)} for name in names]
    write_atlas(atlas / f"{part.name}.json", about, cells)
    return len(missing)
