"""What eight ways to balance a rare class train on, how fast, and whether a run can resume.

All of the same data: MNIST's training images, digit 1 against the rest, a hundred to one. What is
said of batches, coverage and repeats is read from the exposure log of an audit, so it is what the
real `fit` trained on; epochs are minority epochs, steps in which half a batch each goes once
through the minority. Samples a second are of the feed alone, by turns: iterated, or taken in a
graph where `fit` does so. Whether a run can resume is tried.

imbalanced-learn and torch are not needed to run this; without them their rows say so:
`pip install imbalanced-learn`, and torch's rows are measured by the interpreter that the variable
EPOCHWATCH_TORCH_PYTHON names, .venv-torch/bin/python by default (`make test-backends`).
"""

import functools
import importlib.metadata
import importlib.util
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import sampled_feeds
from measure import all_by_turns
from sampled_feeds import BATCH_SIZE, RATIO, Samples, Way

import epochwatch
from epochwatch import BalancedSampler, ExposureLog, feeds
from epochwatch._text import percent
from epochwatch_lab.tables import markdown_table

KEPT = Path(__file__).with_name("samplers.json")
ROUNDS = 7
SHOWN = (1, 5, 10)  # minority epochs after which the coverage is shown
MINORITY_EPOCHS = 110  # a tenth more than it takes to go once through the majority
FEWER_EPOCHS = 10  # of a slow way
TURN, FEWER, WARM_UP = 300, 30, 10  # batches that are timed, of a slow way, and before them
MiB = 2**20

HEADER = [
    "way",
    "exactly half",
    "positives in a batch",
    *(f"majority seen after {epochs}" for epochs in SHOWN),
    "epochs until all",
    "repeats before",
    "samples/s (median, range)",
    "resumable",
]


def audited(way: Way, samples: Samples, steps: int) -> dict:
    """Audit a way as long as it takes, and count what its first steps trained on."""
    length = way.steps_per_epoch or feeds.describe(way.make(), BATCH_SIZE).length
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "exposures"
        epochwatch.audit(
            way.make,
            steps_per_epoch=way.steps_per_epoch,
            steps_per_execution=length if way.in_graph else 1,
            epochs=math.ceil(steps / length),
            streams=samples.streams,
            log=log,
            **way.options,
        )
        batches = [batch.index for batch in ExposureLog.read(log).batches()][:steps]
    return counted(batches, samples)


def counted(batches: list[np.ndarray], samples: Samples) -> dict:
    """Count what the batches of a run hold."""
    minority = samples.minority
    positives = np.array([np.count_nonzero(batch < minority) for batch in batches])
    exact = np.array([2 * p == len(b) for p, b in zip(positives, batches, strict=True)])
    majority = [batch[batch >= minority] - minority for batch in batches]
    step = np.repeat(np.arange(len(batches)), [len(index) for index in majority])
    index = np.concatenate(majority)
    seen, first = np.unique(index, return_index=True)
    share = len(seen) / samples.majority
    an_epoch = minority_epoch(samples)
    is_all = len(seen) == samples.majority
    complete = int(first.max()) + 1 if is_all else len(index)  # exposures until all, or the end
    return {
        "steps": len(batches),
        "exact": float(exact.mean()),
        "positives": [int(positives.min()), int(positives.max())],
        "coverage": {
            str(epochs): float(np.mean(step[first] < epochs * an_epoch)) * share for epochs in SHOWN
        },
        "epochs until all": math.ceil((step[first].max() + 1) / an_epoch) if is_all else None,
        "majority exposures before all were seen": complete,
        "repeats before all were seen": complete - len(seen),
    }


def minority_epoch(samples: Samples) -> int:
    """Steps in which half a batch each goes once through the minority."""
    return math.ceil(samples.minority / (BATCH_SIZE // 2))


@functools.cache
def taking(spec):
    """Trace taking batches from an iterator; all tensors are used, or they would not be made."""
    import tensorflow as tf

    @tf.function(input_signature=[spec])
    def take(iterator):
        total = tf.constant(0, tf.int64)
        for _ in tf.range(WARM_UP):
            x, y = next(iterator)
            total += tf.cast(x[0, 0, 0], tf.int64) + tf.reduce_sum(y["label"] + y["index"])
        return total

    return take


def endlessly(feed):
    """Iterate a feed again and again."""
    while True:
        yield from feed


def arrays_as_fit_takes_them(x, y):
    """Make the shuffled batches of arrays that `fit` takes."""
    from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

    return ArrayDataAdapter(x, y, batch_size=BATCH_SIZE, shuffle=True).get_tf_dataset().repeat()


def seconds_of(way: Way) -> float:
    """Take the time of some batches of a feed made anew, once it has begun."""
    feed = way.make()
    if isinstance(feed, tuple):
        feed = arrays_as_fit_takes_them(*feed)
    if hasattr(feed, "element_spec"):
        iterator = iter(feed)
        take = functools.partial(taking(iterator._type_spec), iterator)
    else:
        batches = endlessly(feed)

        def take() -> None:
            for _ in range(WARM_UP):
                next(batches)

    take()
    begin = time.perf_counter()
    for _ in range(turn_of(way) // WARM_UP):
        take()
    return time.perf_counter() - begin


def turn_of(way: Way) -> int:
    """How many batches are timed at a turn."""
    return FEWER if way.slow else TURN


def rows_of(ways: dict[str, Way], samples: Samples) -> dict[str, dict]:
    """Audit all ways, try to resume them, and take their time by turns."""
    rows = {}
    for name, way in ways.items():
        epochs = FEWER_EPOCHS if way.slow else MINORITY_EPOCHS
        counts = audited(way, samples, epochs * minority_epoch(samples))
        rows[name] = {"minority epochs": epochs, **counts, "resumable": way.resume(way)}
        print(f"audited: {name}", file=sys.stderr, flush=True)
    seconds = all_by_turns([functools.partial(seconds_of, way) for way in ways.values()], ROUNDS)
    for (name, way), times in zip(ways.items(), seconds, strict=True):
        rows[name]["samples a second"] = [turn_of(way) * BATCH_SIZE / each for each in times]
    return rows


def absent(names: list[str], what: str) -> dict[str, dict]:
    """Make the rows of what is not installed."""
    return {name: {"absent": f"not measured: {what} is not installed here"} for name in names}


def without_imblearn(ways: dict[str, Way]) -> tuple[dict[str, Way], dict[str, dict]]:
    """Set the ways aside that need imbalanced-learn, if it is not installed."""
    if importlib.util.find_spec("imblearn"):
        return ways, {}
    names = [name for name in ways if name.startswith("imbalanced-learn")]
    there = {name: way for name, way in ways.items() if name not in names}
    return there, absent(names, "imbalanced-learn")


def in_process(python: str | Path, part: str, **environment: str) -> dict:
    """Have another process measure a part."""
    done = subprocess.run(
        [python, __file__, part],
        env={**os.environ, **environment},
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


def with_torch() -> dict[str, dict]:
    """Measure torch's rows where there is an interpreter that has it."""
    python = os.environ.get("EPOCHWATCH_TORCH_PYTHON", ".venv-torch/bin/python")
    if Path(python).exists():
        return in_process(python, "torch", KERAS_BACKEND="torch", EPOCHWATCH_BACKEND="torch")
    return absent(["torch `WeightedRandomSampler`"], "torch")


def as_table(rows: dict[str, dict]) -> str:
    """Write the rows as Markdown."""
    return markdown_table(HEADER, [as_row(name, row) for name, row in rows.items()])


def as_row(name: str, row: dict) -> list[str]:
    """Write what was measured of one way."""
    if "absent" in row:
        return [name, row["absent"], *[""] * (len(HEADER) - 2)]
    low, high = row["positives"]
    speeds = row["samples a second"]
    return [
        name,
        percent(row["exact"]),
        f"{low}–{high}" if low < high else f"{low}",
        *(percent(row["coverage"][str(epochs)]) for epochs in SHOWN),
        str(row["epochs until all"] or f"not in {row['minority epochs']}"),
        f"{row['repeats before all were seen']:,}",
        f"{statistics.median(speeds):,.0f} ({min(speeds):,.0f}–{max(speeds):,.0f})",
        row["resumable"],
    ]


def cost_of(samples: int) -> dict:
    """Measure what a sampler of so many samples costs, in a process of its own."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.perf_counter()
    sampler = BalancedSampler([max(1, samples // RATIO), samples], BATCH_SIZE)
    made = time.perf_counter() - begin
    sampler[7]
    times = {}
    for step in (0, 10**9):
        taken = []
        for _ in range(200):
            begin = time.perf_counter()
            sampler[step]
            taken.append(time.perf_counter() - begin)
        times[f"microseconds of step {step:,}"] = statistics.median(taken) * 1e6
    begin = time.perf_counter()
    for start in range(0, 2**15, 2**9):
        sampler[start : start + 2**9]
    bulk = 2**15 * BATCH_SIZE / (time.perf_counter() - begin)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return {
        "samples": samples,
        "milliseconds to make it": made * 1e3,
        **times,
        "samples a second, 512 steps at a time": bulk,
        "memory grew by MiB": grown / MiB,
    }


def against_an_array(samples: int) -> dict:
    """Compare a pass of one stream with a shuffled array of its indices, by turns."""

    def computed() -> float:
        begin = time.perf_counter()
        sampler = BalancedSampler([samples], BATCH_SIZE)
        for start in range(0, samples // BATCH_SIZE, 512):
            sampler[start : start + 512]
        return time.perf_counter() - begin

    index = np.arange(samples)

    def stored() -> float:
        begin = time.perf_counter()
        np.random.permutation(index)
        return time.perf_counter() - begin

    both = all_by_turns([computed, stored], ROUNDS)
    speeds = [[samples / each for each in times] for times in both]
    names = "computed, samples a second", "np.random.permutation, samples a second"
    return {"samples": samples, **dict(zip(names, speeds, strict=True))}


def costs_table(costs: list[dict], arrays: list[dict]) -> str:
    """Write what samplers cost as Markdown."""
    first = markdown_table(list(costs[0]), [list(cost.values()) for cost in costs])
    rows = [
        [
            array["samples"],
            *(
                f"{statistics.median(speeds) / 1e6:.1f} M ({min(speeds) / 1e6:.1f}–"
                f"{max(speeds) / 1e6:.1f})"
                for speeds in list(array.values())[1:]
            ),
        ]
        for array in arrays
    ]
    return f"{first}\n\n{markdown_table(list(arrays[0]), rows)}"


def versions() -> dict[str, str]:
    """Name the versions of what is compared."""
    by_package = {}
    for package in ("keras", "tensorflow", "imbalanced-learn", "numpy"):
        try:
            by_package[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            by_package[package] = None
    return by_package


def main() -> None:
    """Measure everything and keep it in bench/samplers.json, which the guide quotes."""
    samples = Samples()
    steps = minority_epoch(samples)
    ways, missing = without_imblearn(sampled_feeds.with_tensorflow(samples, steps))
    rows = rows_of(ways, samples) | missing | with_torch()
    costs = [in_process(sys.executable, str(10**power)) for power in (5, 7, 9, 18)]
    arrays = [against_an_array(number) for number in (53_258, 10**6, 10**7)]
    text = (
        f"{samples.minority:,} samples of the minority, {samples.majority:,} of the majority, "
        f"batches of {BATCH_SIZE}; a minority epoch is {steps} steps, {MINORITY_EPOCHS} were "
        f"run ({FEWER_EPOCHS} of a slow way); {ROUNDS} rounds."
        f"\n\n{as_table(rows)}\n\n{costs_table(costs, arrays)}\n"
    )
    print(text)
    result = {"versions": versions(), "ways": rows, "costs": costs, "arrays": arrays}
    KEPT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "torch":
        few = Samples()
        print(json.dumps(rows_of(sampled_feeds.with_torch(few, minority_epoch(few)), few)))
    else:
        print(json.dumps(cost_of(int(sys.argv[1]))))
