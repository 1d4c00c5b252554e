"""Measure what it costs to train every epoch in the same order: sweeps/repeated_order.json.

Each seed draws its rows, and trains twice from the same weights: in the order that a seeded `fit`
repeats, and in a new order each epoch. Takes about half an hour; what is there already is kept.
"""

import datetime
import json
import sys
import time
from importlib import metadata

from epochwatch._files import write_whole
from epochwatch_lab._runs import project
from epochwatch_lab.shuffling import ORDERS, TASKS, trained

FILE = project.ROOT / "sweeps" / "repeated_order.json"
SEEDS = {"mnist": range(40), "spirals": range(60)}
END = "]\n}"
MOST = max(map(len, SEEDS.values()))
VERSIONS = ("epochwatch", "keras", "tensorflow", "numpy")


def run(name: str, seed: int) -> dict:
    """Train a task from one seed, in both orders."""
    import keras

    keras.utils.clear_session()  # or each model's graphs are kept
    task = TASKS[name]
    rows = task.draw(task.rows, seed)
    found = {"task": name, "seed": seed}
    for order in ORDERS:
        one = trained(task, rows, order, seed)
        found[order] = {
            "accuracy": round(one.accuracy, 6),
            "loss": round(one.loss, 6),
            "different_orders": one.different_orders,
        }
    return found


def written(runs: list[dict]) -> bytes:
    """Write the file, a line to a run."""
    measured = {
        "on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "versions": {name: metadata.version(name) for name in VERSIONS},
    }
    parameters = {
        name: {"rows": t.rows, "batch_size": t.batch_size, "epochs": t.epochs}
        for name, t in TASKS.items()
    }
    head = json.dumps({"measured": measured, "parameters": parameters, "runs": []}, indent=1)
    lines = ",\n".join(map(json.dumps, runs))
    return f"{head.removesuffix(END)}\n{lines}\n{END}\n".encode()


def main():
    """Train what is not there yet, and write after each seed."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    runs = json.loads(FILE.read_text())["runs"] if FILE.exists() else []
    done = {(one["task"], one["seed"]) for one in runs}
    wanted = [(name, seed) for seed in range(MOST) for name in TASKS if seed in SEEDS[name]]
    for name, seed in wanted:
        if (name, seed) in done:
            continue
        begin = time.perf_counter()
        found = run(name, seed)
        runs.append(found)
        runs.sort(key=lambda one: (one["task"], one["seed"]))
        content = written(runs)
        write_whole(FILE, lambda out, content=content: out.write(content))
        print(f"{time.perf_counter() - begin:.1f} s", json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main()
