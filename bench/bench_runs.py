"""What runs and sweeps cost: against plain papermill, two at once against one, and skipped.

Runs of notebook 01 with one epoch of five steps, so that what the driver adds shows most. Each is
a process of its own, as a user would start it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import by_turns, keep, report, spread_of

BIN = Path(sys.executable).parent
NOTEBOOK = "01_does_fit_resume"
SOURCE = Path(__file__).resolve().parent.parent / "notebooks" / f"{NOTEBOOK}.ipynb"
SHORT = {"epochs": 1, "steps_per_epoch": 5}
RUNS, FINISHED = 8, 1_000
ROUNDS_OF_ONE, ROUNDS_OF_EIGHT, ROUNDS_OF_SKIPPING = 7, 3, 7
OVERHEAD, TWO_AT_ONCE, SECONDS_TO_SKIP = 1.05, 0.6, 2.0


def seconds_of(*command, **environment) -> float:
    """Run a command to its end."""
    begin = time.perf_counter()
    subprocess.run(
        list(map(str, command)), check=True, env=os.environ | environment, capture_output=True
    )
    return time.perf_counter() - begin


def by_papermill(folder: Path) -> float:
    """Run the notebook by papermill's own command, into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "figures").mkdir(parents=True)
    given = [word for name, value in SHORT.items() for word in ("-p", name, value)]
    command = (BIN / "papermill", SOURCE, folder / "notebook.ipynb", *given)
    return seconds_of(*command, EPOCHWATCH_ATTEMPT=str(folder))


def by_epochwatch(outputs: Path) -> float:
    """Run it by this project's command."""
    given = [word for name, value in SHORT.items() for word in ("-p", f"{name}={value}")]
    command = (BIN / "epochwatch", "run", NOTEBOOK, "-prun_name=bench", *given)
    return seconds_of(*command, "--outputs", outputs)


def sweep_file(folder: Path, runs: int) -> Path:
    """Write a sweep of so many runs."""
    content = {"name": "bench", "notebook": NOTEBOOK, "fixed": SHORT, "seeds": list(range(runs))}
    path = folder / f"{runs}.yaml"
    path.write_text(json.dumps(content))
    return path


def sweep(file: Path, outputs: Path, *options) -> float:
    """Make the runs of a sweep."""
    return seconds_of(BIN / "epochwatch", "sweep", file, "--outputs", outputs, *options)


def skipping(folder: Path) -> list[float]:
    """Take the time of a sweep of which all is finished; its runs are copies of one."""
    outputs, file = folder / "skipped", sweep_file(folder, FINISHED)
    listed = subprocess.run(
        [BIN / "epochwatch", "sweep", file, "--dry-run"], check=True, capture_output=True, text=True
    )
    ids = [line.partition("\t")[0] for line in listed.stdout.splitlines()]
    command = (BIN / "epochwatch", "run", "--sweep", file, "--id", ids[0], "--outputs", outputs)
    seconds_of(*command)
    first = outputs / NOTEBOOK / ids[0]
    record = json.loads((first / "run.json").read_text())
    for run_id in ids[1:]:
        copy = shutil.copytree(first, first.with_name(run_id), copy_function=os.link)
        (copy / "run.json").unlink()
        (copy / "run.json").write_text(json.dumps({**record, "id": run_id, "run": run_id}))
    sweep(file, outputs)  # makes the summary
    return [sweep(file, outputs) for _ in range(ROUNDS_OF_SKIPPING)]


def main():
    """Measure and report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, plain = by_turns(
            lambda: by_epochwatch(folder / "run"),
            lambda: by_papermill(folder / "papermill"),
            ROUNDS_OF_ONE,
        )
        report("run", OVERHEAD, ("epochwatch run", ours), ("papermill", plain))
        file = sweep_file(folder, RUNS)
        two, one = by_turns(
            lambda: sweep(file, folder / "two", "--force", "--jobs", 2),
            lambda: sweep(file, folder / "one", "--force", "--jobs", 1),
            ROUNDS_OF_EIGHT,
        )
        report("sweep", TWO_AT_ONCE, ("8 runs, two at once", two), ("8 runs, one at once", one))
        skipped = skipping(folder)
        what = f"a sweep of {FINISHED:,} finished runs"
        print(f"{spread_of(what, skipped)}; target ≤ {SECONDS_TO_SKIP} s")
        keep("skipping", {"target_seconds": SECONDS_TO_SKIP, "seconds": {what: skipped}})


if __name__ == "__main__":
    main()
