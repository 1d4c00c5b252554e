"""Audit the feeds of atlas/many_devices/feeds.py on several workers here, and write what was found.

Run it in each environment; it writes atlas/many_devices/<Keras>-<backend>.json whole:

    for python in .venv*/bin/python; do $python scripts/measure_many_devices.py; done

Names of feeds after it have only those measured, and printed instead of written.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from epochwatch._files import write_whole
from epochwatch_lab._atlas.many_devices import SharedCell, cells_of, file_name, observed_of
from epochwatch_lab._runs import project

FOLDER = project.ROOT / "atlas" / "many_devices"
COMMAND = (sys.executable, "-W", "ignore", "-c", "from epochwatch._cli import main; main()")


def backends_here() -> list[str]:
    """Name the backends whose environment this is."""
    of_an_extra = [name for name in ("torch", "jax") if importlib.util.find_spec(name)]
    return of_an_extra or ["tensorflow", "tf_keras"]


def audit(cell: SharedCell, backend: str, log: Path) -> subprocess.CompletedProcess:
    """Audit a cell's feed in processes of their own."""
    return subprocess.run(
        [
            *COMMAND,
            "audit",
            *cell.arguments(FOLDER / "feeds.py", backend),
            "--json",
            "--log",
            str(log),
        ],
        capture_output=True,
        text=True,
    )


def measure(cell: SharedCell, backend: str) -> dict:
    """Audit a cell and return what its line says."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        done = audit(cell, backend, log)
        return cell.as_json() | observed_of(done.returncode, done.stdout, done.stderr, log)


def main() -> None:
    """Measure, and write or print."""
    for backend in backends_here():
        measure_all(backend, sys.argv[1:])


def measure_all(backend: str, asked: Sequence[str]) -> None:
    """Measure the cells of a backend, or those asked for."""
    measured, environment = [], {}
    for cell in cells_of(backend):
        if asked and cell.feed not in asked:
            continue
        line = measure(cell, backend)
        environment = line.pop("environment") or environment
        measured.append(line)
        print(json.dumps(line), file=sys.stdout if asked else sys.stderr, flush=True)
    if not asked:
        lines = ",\n".join(" " + json.dumps(line) for line in measured)
        text = f'{{"environment": {json.dumps(environment)},\n"cells": [\n{lines}\n]}}\n'
        write_whole(
            FOLDER / file_name(environment, backend), lambda file: file.write(text.encode())
        )


if __name__ == "__main__":
    main()
