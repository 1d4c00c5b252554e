"""Audit the feeds of atlas/many_devices/feeds.py on several workers here, and write what was found.

Run it in each environment; it writes atlas/many_devices/<Keras>-<backend>.json whole:

    for python in .venv*/bin/python; do $python scripts/measure_many_devices.py; done

Names of feeds after it have only those measured, and printed instead of written.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from epochwatch._files import write_whole
from epochwatch_lab._atlas.many_devices import SharedCell, cells_of, file_name, observed_of
from epochwatch_lab._runs import project

FOLDER = project.ROOT / "atlas" / "many_devices"
COMMAND = (sys.executable, "-W", "ignore", "-c", "from epochwatch._cli import main; main()")


def backend_here() -> str:
    """Name the backend whose environment this is."""
    import importlib.util

    present = [name for name in ("tf_keras", "torch", "jax") if importlib.util.find_spec(name)]
    return present[0] if present else "tensorflow"


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
    backend = backend_here()
    cells = cells_of(backend)
    asked = sys.argv[1:]
    chosen = [cell for cell in cells if not asked or cell.feed in asked]
    measured, environment = [], {}
    for cell in chosen:
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
