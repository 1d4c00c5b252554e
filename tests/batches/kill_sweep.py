"""Kill a sweep of eight runs at random moments, and look at what is left in the end.

    python -m tests.batches.kill_sweep [--kills 50] [--seed 0] [--real]

By turns the driver, a worker and a kernel get SIGKILL. A killed driver is started again; a sweep
that is finished before the last kill is begun anew in another folder. With --real the runs are
those of notebook 01, shortened; else of a small notebook that leaves the same by the same means.
"""

import argparse
import itertools
import random
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from epochwatch_lab._runs import project
from tests.batches.conftest import NOTEBOOK, Project
from tests.batches.test_sweeps import beside, findings, kernels

SEEDS = "seeds: [0, 1, 2, 3, 4, 5, 6, 7]"


def begun(folder: Path, *, real: bool) -> Project:
    """Make a project of eight runs."""
    made = Project(folder)
    made.behave("time.sleep(2)")
    if real:
        shutil.copy(project.notebook_path(NOTEBOOK), folder / "notebooks")
    made.sweep_file(f"fixed: {{epochs: 2, steps_per_epoch: 5}}\n{SEEDS}")
    return made


def of(made: Project) -> list[psutil.Process]:
    """List the processes that belong to a project, whoever their parent is."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("PYTHONPATH") == str(made.folder / "src"):
                found.append(process)
        except psutil.Error:
            continue
    return found


def victim_of(driver, kind: str) -> psutil.Process | None:
    """Choose what is killed; None where there is none of the kind at this moment."""
    try:
        if kind == "driver":
            return psutil.Process(driver.pid)
        found = kernels(driver)
        chosen = random.choice(found) if found else None
        return chosen.parent() if chosen and kind == "worker" else chosen
    except psutil.Error:
        return None


def killed(made: Project, kinds, kills: int, longest: float) -> Counter:
    """Drive the sweep to its end, killing on the way; at most so many times."""
    done, driver = Counter(), None
    while True:
        if driver is None or driver.poll() is not None:
            if driver is not None and driver.returncode == 0:
                return done
            driver = made.start("sweep", "sweeps/small.yaml", "--jobs", 2)
        if done.total() == kills:
            driver.communicate()
            continue
        time.sleep(random.uniform(0, longest))
        kind = next(kinds)
        victim = victim_of(driver, kind) if driver.poll() is None else None
        if victim is not None:
            victim.kill()
            done[kind] += 1
            if kind == "driver":
                driver.communicate()


def main():
    """Kill, look and tell."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--real", action="store_true")
    asked = options.parse_args()
    random.seed(asked.seed)
    kinds = itertools.cycle(["driver", "worker", "kernel"])
    with tempfile.TemporaryDirectory() as folder:
        quiet = begun(Path(folder, "quiet"), real=asked.real)
        begin = time.perf_counter()
        assert quiet.run("sweep", "sweeps/small.yaml", "--jobs", 2).returncode == 0
        undisturbed, expected = time.perf_counter() - begin, findings(quiet)
        assert len(expected) == 8
        total, rounds, begin = Counter(), 0, time.perf_counter()
        while total.total() < asked.kills:
            made = begun(Path(folder, f"round-{rounds}"), real=asked.real)
            total += killed(made, kinds, asked.kills - total.total(), undisturbed / 4)
            rounds += 1
            time.sleep(3)
            assert findings(made) == expected, "the findings differ from an undisturbed sweep's"
            assert len(made.listed()) == 8, made.listed()
            assert beside(made) == [], beside(made)
            assert of(made) == [], of(made)
    seconds = time.perf_counter() - begin
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(total.items()))
    print(
        f"{total.total()} kills ({kinds}) in {rounds} sweeps of 8 runs, {seconds:.0f} s; an "
        f"undisturbed sweep takes {undisturbed:.0f} s. After each: 8 finished, each once, the "
        "findings of the undisturbed one, nothing half-written, no process left."
    )


if __name__ == "__main__":
    main()
