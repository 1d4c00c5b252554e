"""What counts and coverage of 10^7, 10^8 and 10^9 exposures take: in seconds, and in memory.

The log is of ten workers with 32 samples a step each, half of them of a minority of 10,000
samples and half of a majority of 10,000,000. Each class is gone through in passes, as
`BalancedSampler` does, but dealt by NumPy, because that is faster. So it can be computed without
any log how often each sample was trained; what each engine says must be that, to the bit.

Three engines answer, each in a process of its own: `ExposureLog`, DuckDB, and dask with two workers
on this machine. They give the counts, ascending by index, and the coverage of both classes by
epoch. Seconds are of wall time and, because a machine may be shared, of CPU time; memory is the
most that the process had, Python and libraries included.

DuckDB and dask's data frames are not needed for anything else: in an environment of their own,
`pip install -e '.[cluster]' duckdb 'dask[dataframe]'`. The log of 10^9 takes 3 GB of disk, under
outputs/bench, until all have answered.

bench/scale.json keeps each measurement as it comes, and docs/reading_logs.md quotes it. What is
there is not measured again: remove rounds or a size from it to do so. Sizes as arguments, `python
bench/bench_scale.py 10000000`, leave the others out.
"""

import functools
import hashlib
import importlib
import importlib.metadata
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from measure import OUTPUTS, all_by_turns

from epochwatch import BalancedSampler, ExposureLog
from epochwatch._exposures.share import Share
from epochwatch._exposures.writer import ExposureWriter
from epochwatch.errors import BadInput
from epochwatch_lab.tables import markdown_table

ROUNDS = {10**7: 3, 10**8: 3, 10**9: 1}  # by exposures
WORKERS, STEPS, OF_A_CLASS = 10, 15_625, 16  # a step has 16 samples of each class and worker
EPOCH = WORKERS * STEPS * 2 * OF_A_CLASS
MINORITY, MAJORITY = 10**4, 10**7
PARTS = "worker=*/part-*.parquet"
KEPT = Path(__file__).with_name("scale.json")

SAMPLES, SHARDS, ASKED_STEPS = 10**12, (1, 4_096), (0, 10**6, 10**11)
SAMPLER_BATCH, SAMPLER_CALLS = 256, 200


def minority_of(epoch: int) -> np.ndarray:
    """Deal the minority for an epoch, from 0: whole passes."""
    passes = np.tile(np.arange(MINORITY), (EPOCH // 2 // MINORITY, 1))
    return np.random.default_rng([0, epoch]).permuted(passes, axis=1).ravel()


@functools.lru_cache(1)
def majority_pass(number: int) -> np.ndarray:
    """Deal one pass of the majority."""
    return MINORITY + np.random.default_rng([1, number]).permutation(MAJORITY)


def majority_of(epoch: int) -> np.ndarray:
    """Deal the majority for an epoch, from 0: a part of a pass."""
    number, begin = divmod(epoch * EPOCH // 2, MAJORITY)
    return majority_pass(number)[begin : begin + EPOCH // 2]


def write(folder: str, exposures: int) -> dict:
    """Write a log as ten workers would, all of them in this process."""
    begin = time.perf_counter()
    shares = [Share((n,), n, WORKERS).joining(folder) for n in range(WORKERS)]
    writers = [ExposureWriter(share.folder_in(folder), share=share) for share in shares]
    for writer in writers:
        writer.open()
    for epoch in range(exposures // EPOCH):
        steps = np.empty((WORKERS, STEPS, OF_A_CLASS, 2), np.int64)
        for place, dealt in enumerate((minority_of(epoch), majority_of(epoch))):
            by_step = dealt.reshape(STEPS, WORKERS, OF_A_CLASS)
            steps[..., place] = by_step.swapaxes(0, 1)
        for writer, index in zip(writers, steps, strict=True):
            writer.append(1, epoch + 1, 0, np.full(STEPS, 2 * OF_A_CLASS), index.ravel())
    for writer in writers:
        writer.close()
    files = list(Path(folder).glob(PARTS))
    size = sum(file.stat().st_size for file in files)
    seconds = time.perf_counter() - begin
    return {"parts": len(files), "bytes": size, "seconds to write": round(seconds, 1)}


def expected(exposures: int) -> dict:
    """Compute what every engine must say, without a log."""
    passes, dealt = divmod(exposures // 2, MAJORITY)
    often = np.full(MINORITY + MAJORITY, passes)
    often[:MINORITY] = exposures // 2 // MINORITY
    if dealt:
        often[majority_pass(passes)[:dealt]] += 1
    (index,) = often.nonzero()
    epochs = range(1, exposures // EPOCH + 1)
    seen = [min(epoch * EPOCH // 2, MAJORITY) for epoch in epochs]
    return answer(index, often[index], {"minority": [MINORITY] * len(seen), "majority": seen})


def answer(index: np.ndarray, exposures: np.ndarray, seen: dict[str, list[int]]) -> dict:
    """Put an answer into few words: counts by digest, and the samples seen by epoch."""
    digest = hashlib.blake2b(digest_size=8)
    for column in (index, exposures):
        digest.update(np.ascontiguousarray(column, np.int64))
    return {"samples": len(index), "counts": digest.hexdigest(), "seen": seen}


def by_exposure_log(folder: str) -> dict:
    """Ask epochwatch."""
    streams = {
        "minority": np.arange(MINORITY),
        "majority": np.arange(MINORITY, MINORITY + MAJORITY),
    }
    counts, of_counts = timed(lambda: ExposureLog.read(folder).counts())
    coverage, of_coverage = timed(lambda: ExposureLog.read(folder).coverage(streams))
    seen = {
        name: np.rint(coverage[name] * len(stream)).astype(int).tolist()
        for name, stream in streams.items()
    }
    said = answer(counts.index, counts.exposures, seen)
    return said | {"counts took": of_counts, "coverage took": of_coverage, "peak MiB": [peak()]}


def by_duckdb(folder: str) -> dict:
    """Ask DuckDB, in this process."""
    import duckdb

    parts = f"read_parquet('{folder}/{PARTS}')"
    often = f"""
        SELECT "index", count(*) AS exposures
        FROM {parts} GROUP BY "index" ORDER BY "index"
    """
    new = f"""
        WITH firsts AS (
            SELECT "index", min(epoch) AS epoch FROM {parts} GROUP BY "index")
        SELECT epoch, "index" < {MINORITY} AS minority, count(*) AS samples
        FROM firsts GROUP BY ALL ORDER BY epoch
    """
    counts, of_counts = timed(lambda: duckdb.sql(often).fetchnumpy())
    rows, of_coverage = timed(lambda: duckdb.sql(new).fetchall())
    said = answer(counts["index"], counts["exposures"], summed_up(rows, epochs_in(folder)))
    return said | {"counts took": of_counts, "coverage took": of_coverage, "peak MiB": [peak()]}


def by_dask(folder: str) -> dict:
    """Ask dask, with two workers on this machine, a process each."""
    import dask
    import dask.dataframe
    from distributed import Client, LocalCluster

    dask.config.set({"logging.distributed": "error"})
    rows = dask.dataframe.read_parquet(f"{folder}/{PARTS}", columns=["epoch", "index"])
    samples = rows.groupby("index").epoch
    often = samples.count(split_out=DASK_PIECES)
    firsts = samples.min(split_out=DASK_PIECES).reset_index()
    firsts["minority"] = firsts["index"] < MINORITY
    new = firsts.groupby(["epoch", "minority"]).size()
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": 0}
    local = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(**options, **local) as cluster, Client(cluster) as client:

        def cpu() -> float:
            return time.process_time() + sum(client.run(time.process_time).values())

        counts, of_counts = timed(lambda: often.compute().sort_index(), cpu)
        series, of_coverage = timed(new.compute, cpu)
        peaks = [peak(), *client.run(peak).values()]
    rows = [(*place, samples) for place, samples in series.items()]
    said = answer(counts.index.to_numpy(), counts.to_numpy(), summed_up(rows, epochs_in(folder)))
    return said | {"counts took": of_counts, "coverage took": of_coverage, "peak MiB": peaks}


DASK_PIECES = 4  # that the samples are cut into, so that no process has the counts of all
ENGINES = {"ExposureLog": by_exposure_log, "DuckDB": by_duckdb, "dask": by_dask}
NEEDED = {"DuckDB": "duckdb", "dask": "dask.dataframe"}


def timed(ask: Callable, cpu: Callable[[], float] = time.process_time) -> tuple:
    """Ask, and take the seconds of it: of wall time, and of CPU time."""
    before = time.perf_counter(), cpu()
    said = ask()
    after = time.perf_counter(), cpu()
    names = "seconds", "CPU seconds"
    return said, {n: round(e - b, 2) for n, b, e in zip(names, before, after, strict=True)}


def summed_up(new: list[tuple], epochs: int) -> dict[str, list[int]]:
    """Sum up the samples that came for the first time: (epoch, whether minority, how many)."""
    by_epoch = np.zeros((2, epochs), np.int64)
    for epoch, minority, samples in new:
        by_epoch[int(minority), epoch - 1] = samples
    majority, minority = by_epoch.cumsum(axis=1).tolist()
    return {"minority": minority, "majority": majority}


def epochs_in(folder: str) -> int:
    """Read from the log how many epochs there are."""
    return ExposureLog.read(folder).end.epoch


def peak() -> int:
    """The most memory that this process has had, in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)


def in_a_process(*arguments) -> dict:
    """Have a process of its own do it."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1])


def size_measured(exposures: int, kept: dict) -> None:
    """Have the engines answer by turns, as often as what is kept has not got yet."""
    size = kept["sizes"].setdefault(str(exposures), {"rounds": {name: [] for name in ENGINES}})
    rounds = size["rounds"]
    folder = OUTPUTS / "scale" / str(exposures)
    for turn in range(ROUNDS[exposures]):
        for name in list(ENGINES)[:: -1 if turn % 2 else 1]:
            if len(rounds[name]) > turn:
                continue
            if not is_written(folder, exposures):
                size |= in_a_process("write", folder, exposures)
                described(
                    f"{exposures:,} exposures, {size['parts']:,} parts, {size['bytes']:,} bytes"
                )
            must = in_a_process("expected", exposures)
            got = in_a_process(name, folder)
            assert must.items() <= got.items(), f"{name} says otherwise: {got}, not {must}"
            load = round(os.getloadavg()[0], 1)
            took = {key: got[key] for key in got if key not in must} | {"load": load}
            described(f"  {name}: {took}")
            rounds[name].append(took)
            size["samples"] = must["samples"]
            keep(kept)
    shutil.rmtree(folder, ignore_errors=True)


def is_written(folder: Path, exposures: int) -> bool:
    """Whether a log is there whole, as another run of this script may have left it."""
    try:
        log = ExposureLog.read(folder)
    except BadInput:
        shutil.rmtree(folder, ignore_errors=True)
        return False
    return log.complete and len(log) == exposures


def sampler_measured(kept: dict) -> None:
    """Measure what a batch of a sampler of 10^12 samples costs, at several steps and shards."""
    if "sampler" in kept:
        return
    samplers = [
        BalancedSampler([SAMPLES // 100, SAMPLES], SAMPLER_BATCH, shard=(shards - 1, shards))
        for shards in SHARDS
    ]
    cases = [(sampler, step) for sampler in samplers for step in ASKED_STEPS]

    def seconds(sampler: BalancedSampler, step: int) -> float:
        begin = time.perf_counter()
        sampler[step]
        return time.perf_counter() - begin

    times = all_by_turns([functools.partial(seconds, *case) for case in cases], SAMPLER_CALLS)
    rows = [
        {
            "shards": sampler.shard[1],
            "step": step,
            "microseconds": round(statistics.median(taken) * 1e6, 1),
            "quartiles": [round(each * 1e6, 1) for each in statistics.quantiles(taken)[::2]],
        }
        for (sampler, step), taken in zip(cases, times, strict=True)
    ]
    kept["sampler"] = {"samples": SAMPLES, "batch_size": SAMPLER_BATCH, "costs": rows}
    described(json.dumps(rows, indent=1))
    keep(kept)


def as_table(kept: dict) -> str:
    """Write what logs take as Markdown: seconds of CPU time, counts and coverage together."""
    rows = []
    for exposures, size in sorted(kept["sizes"].items(), key=lambda item: int(item[0])):
        row = [f"{int(exposures):,}", f"{size['bytes'] / 1e9:.2g} GB, {size['parts']:,} parts"]
        rows.append(row + [as_cell(rounds) for rounds in size["rounds"].values()])
    return markdown_table(["exposures", "on disk", *ENGINES], rows)


def as_cell(rounds: list[dict]) -> str:
    """Write what an engine took; "–" where it was not asked."""
    if not rounds:
        return "–"
    took = ("counts took", "coverage took")
    seconds = [sum(one[each]["CPU seconds"] for each in took) for one in rounds]
    memory = max(most for one in rounds for most in one["peak MiB"])
    return f"{statistics.median(seconds):,.0f} s, {memory:,} MiB"


def keep(kept: dict) -> None:
    """Write what was measured, and by which versions."""
    names = ("numpy", "pyarrow", "duckdb", "dask", "pandas")
    kept["versions"] = {name: importlib.metadata.version(name) for name in names}
    kept["versions"]["python"] = platform.python_version()
    kept["cores"] = len(os.sched_getaffinity(0))
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


def described(line: str) -> None:
    """Say how far it is."""
    print(line, file=sys.stderr, flush=True)


def main(sizes: list[int]) -> None:
    """Measure what bench/scale.json has not got yet."""
    lacking = [name for name, module in NEEDED.items() if not is_installed(module)]
    if lacking:
        install = "pip install -e '.[cluster]' duckdb 'dask[dataframe]'"
        sys.exit(f"{' and '.join(lacking)}: not installed here; `{install}`")
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"sizes": {}}
    for exposures in sizes:
        size_measured(exposures, kept)
    sampler_measured(kept)
    print(as_table(kept))


def is_installed(module: str) -> bool:
    """Whether a module can be imported."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["write", folder, exposures]:
            print(json.dumps(write(folder, int(exposures))))
        case ["expected", exposures]:
            print(json.dumps(expected(int(exposures))))
        case [engine, folder] if engine in ENGINES:
            print(json.dumps(ENGINES[engine](folder)))
        case sizes:
            main([int(size) for size in sizes] or list(ROUNDS))
