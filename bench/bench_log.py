"""What the exposure log takes: bytes, seconds and memory, from 10^6 to 10^8 exposures.

Each measurement is a process of its own, so that its peak memory is its own; NumPy and Arrow
take 0.1 GiB of it. Seconds are of wall time and, because a machine may be shared, of CPU time.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import OUTPUTS

from epochwatch import ExposureLog
from epochwatch._exposures.writer import ExposureWriter

LENGTHS = (10**6, 10**7, 10**8)
BATCH_SIZE = 16  # of what is analysed; larger batches take less
STEPS_AN_APPEND = 64  # as the recorder drains
MiB = 2**20

EPOCHS = {
    "in sequence": lambda rng, samples: np.arange(samples),
    "permutations": lambda rng, samples: rng.permutation(samples),
    "uniform": lambda rng, samples: rng.integers(0, samples, samples),
}
ANALYSES = {
    "counts": lambda log: log.counts(),
    "coverage": lambda log: log.coverage(np.arange(10**6)),
    "batches": lambda log: sum(1 for _ in log.batches()),
    "first divergence from itself": lambda log: log.first_divergence(log),
}


def record(folder: Path, order: str, samples: int, batch_size: int, exposures: int) -> dict:
    """Record a run, epoch by epoch, and take the time of the recording alone, to its end."""
    rng, times, writer = np.random.default_rng(0), [0.0, 0.0], ExposureWriter(folder)
    writer.open()
    for number in range(1, exposures // samples + 2):
        epoch = EPOCHS[order](rng, samples)[: exposures - samples * (number - 1)]
        begin = [now() for now in CLOCKS]
        record_epoch(writer, number, epoch, batch_size)
        times = [t + now() - b for t, now, b in zip(times, CLOCKS, begin, strict=True)]
    begin = [now() for now in CLOCKS]
    writer.close()  # waits for the thread that writes
    times = [t + now() - b for t, now, b in zip(times, CLOCKS, begin, strict=True)]
    size = sum(file.stat().st_size for file in folder.iterdir())
    return measured(exposures, times) | {"bytes an exposure": size / exposures}


def record_epoch(writer: ExposureWriter, number: int, epoch: np.ndarray, batch_size: int) -> None:
    """Append an epoch as the recorder does, the last batch being short."""
    at_once = STEPS_AN_APPEND * batch_size
    for start in range(0, len(epoch), at_once):
        index = epoch[start : start + at_once]
        batches = np.arange(0, len(index), batch_size)
        lengths = np.minimum(batch_size, len(index) - batches)
        writer.append(1, number, start // batch_size, lengths, index)
    writer.flush()


def analyse(folder: Path, name: str) -> dict:
    """Take the time of one analysis of a log."""
    log, begin = ExposureLog.read(folder), [now() for now in CLOCKS]
    ANALYSES[name](log)
    return measured(len(log), [now() - b for now, b in zip(CLOCKS, begin, strict=True)])


CLOCKS = (time.perf_counter, time.process_time)


def measured(exposures: int, times: list[float]) -> dict:
    """Put a measurement together, with this process' peak memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    seconds = dict(zip(("seconds", "CPU seconds"), times, strict=True))
    return {"exposures": exposures, **seconds, "peak MiB": peak / MiB}


def in_a_process(*arguments) -> dict:
    """Have a process of its own measure."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def described(what: str, result: dict) -> dict:
    """Print a measurement as a row."""
    size = result.get("bytes an exposure")
    print(
        f"{what:<44} {result['exposures']:>11,} {result['seconds']:8.2f} s"
        f" {result['CPU seconds']:8.2f} s CPU"
        f" {result['exposures'] / result['seconds'] / 1e6:7.1f} M/s"
        f" {result['peak MiB']:6.0f} MiB" + (f" {size:7.4f} B" if size else ""),
        flush=True,
    )
    return {"what": what, **{key: round(value, 4) for key, value in result.items()}}


def main() -> None:
    """Measure everything, print it, and keep it under outputs/bench."""
    rows = []
    print("bytes an exposure: target ≤ 0.05 in sequence, ≤ 2.3 otherwise; memory ≤ 1,024 MiB")
    with tempfile.TemporaryDirectory() as folder:
        for order in EPOCHS:
            for batch_size in (16, 256):
                log = Path(folder) / f"{order} {batch_size}"
                result = in_a_process("record", log, order, 60_000, batch_size, 10**7)
                rows.append(described(f"record {order}, of 60,000, batch {batch_size}", result))
    for exposures in LENGTHS:
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            result = in_a_process("record", log, "uniform", 10**6, BATCH_SIZE, exposures)
            rows.append(described(f"record uniform, of 1,000,000, batch {BATCH_SIZE}", result))
            for name in ANALYSES:
                rows.append(described(f"{name}, batch {BATCH_SIZE}", in_a_process(name, log)))
    OUTPUTS.mkdir(parents=True, exist_ok=True)
    (OUTPUTS / "exposure_log.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "record":
        where, order, *numbers = sys.argv[2:]
        print(json.dumps(record(Path(where), order, *map(int, numbers))))
    else:
        print(json.dumps(analyse(Path(sys.argv[2]), sys.argv[1])))
