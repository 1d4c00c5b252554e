"""What reading an export takes, at 1, 4 and 16 GB of records: memory, and records a second.

The export has patches of 64 × 64 pixels, 12 bands and the label, not packed, four files to a GB.
Two things read it by turns, each time in a process of its own, with a peak memory of its own:

- the feed: four files interleaved, a shuffle buffer of 1,000 records, batches of 16, two of them
  read ahead, each record parsed, labelled and indexed;
- the bare files: `TFRecordDataset` gone through, and nothing done with a record.

Memory is what the process had at most, less what it had after two batches of records over which
no buffer can fill. Up to what fits into memory the system keeps the files there after the first
round; the largest is read from the disk. What was measured is kept in bench/records.json, from
which notebook 05 tells it.
"""

import json
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tensorflow as tf

from epochwatch_lab.datasets.tfrecords import (
    Export,
    Reading,
    find_export,
    read_export,
    write_export,
)

ROUNDS = {1: 5, 4: 3, 16: 3}  # by GB
GB = 10**9
RECORD = 213_282  # bytes, framing and all
BUFFER, BATCH = 1_000, 16
FEW = 2 * BATCH
FILES = 4  # to a GB
KEPT = Path(__file__).with_name("records.json")


def feed(export: Export, buffer: int = BUFFER) -> tf.data.Dataset:
    """Read an export as a training would."""
    records = read_export(export, target="pixels", reading=Reading(files_at_once=4, parallel=2))
    return records.shuffle(buffer, seed=0).batch(BATCH).prefetch(2)


def bare(export: Export, buffer: int = 0) -> tf.data.Dataset:
    """Read its files."""
    return tf.data.TFRecordDataset([str(export.files[number]) for number in export.chosen])


WAYS = {"feed": feed, "bare": bare}


def measured(folder: str, gigabytes: int, which: str) -> dict:
    """Take memory and time of one way, in this process."""
    whole = find_export(folder, "landcover")
    export = whole._replace(chosen=tuple(range(FILES * gigabytes)))
    go_through(WAYS[which](export, FEW).take(FEW))
    before, begin = peak(), time.perf_counter()
    records = go_through(WAYS[which](export))
    seconds = time.perf_counter() - begin
    return {"records": records, "seconds": seconds, "bytes": peak() - before}


def go_through(dataset: tf.data.Dataset) -> int:
    """Iterate in the graph, as training does, and count the records."""

    def counted(number, element):
        x = tf.nest.flatten(element)[0]
        return number + (tf.shape(x, tf.int64)[0] if x.shape.rank else 1)

    return int(dataset.reduce(tf.constant(0, tf.int64), counted))


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def in_a_process(*arguments) -> dict:
    """Have a process of its own measure."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def size(folder: str, gigabytes: int) -> dict:
    """Measure both ways by turns, every other round in the opposite order."""
    rounds_by_way = {which: [] for which in WAYS}
    for turn in range(ROUNDS[gigabytes]):
        for which in list(WAYS)[:: -1 if turn % 2 else 1]:
            rounds_by_way[which].append(in_a_process(folder, gigabytes, which))
    row = {"gigabytes": gigabytes, "rounds": ROUNDS[gigabytes]}
    for which, rounds in rounds_by_way.items():
        speeds = [one["records"] / one["seconds"] for one in rounds]
        row |= {
            "records": rounds[0]["records"],
            f"{which}_memory": round(max(one["bytes"] for one in rounds) / GB, 3),
            f"{which}_speed": round(statistics.median(speeds), 1),
            f"{which}_speeds": [round(min(speeds), 1), round(max(speeds), 1)],
        }
    pairs = zip(rounds_by_way["bare"], rounds_by_way["feed"], strict=True)
    row["ratio"] = round(statistics.median(b["seconds"] / f["seconds"] for b, f in pairs), 3)
    print(f"{gigabytes:3} GB, {row['records']:,} records, {row['rounds']} rounds by turns")
    for which in WAYS:
        low, high = row[f"{which}_speeds"]
        speed = f"{row[f'{which}_speed']:,.0f} records/s ({low:,.0f} to {high:,.0f})"
        print(f"  {which}: {speed}, {row[f'{which}_memory']:.2f} GB at most")
    print(f"  speed of the feed to that of the bare files: {row['ratio']:.2f}", flush=True)
    return row


def main() -> None:
    """Write the largest export that the disk has room for, and measure all sizes in it."""
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        room = 0.8 * shutil.disk_usage(folder).free
        sizes = [gigabytes for gigabytes in ROUNDS if gigabytes * GB < room]
        for left_out in ROUNDS.keys() - set(sizes):
            print(f"{left_out} GB: left out, the disk has no room")
        patches = sizes[-1] * GB // RECORD
        write_export(folder, patches, patch=56, kernel=8, files=FILES * sizes[-1], compressed=False)
        rows = [size(folder, gigabytes) for gigabytes in sizes]
    kept = {
        "buffer": BUFFER,
        "record_bytes": RECORD,
        "tensorflow": tf.__version__,
        "python": platform.python_version(),
        "sizes": rows,
    }
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        folder, gigabytes, which = sys.argv[1:]
        print(json.dumps(measured(folder, int(gigabytes), which)))
    else:
        main()
