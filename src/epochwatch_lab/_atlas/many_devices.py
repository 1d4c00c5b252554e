"""The cells of several workers: which there are, and what an audit has shown of each."""

import itertools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

EPOCHS = 3
REFUSED = 2  # exit code


class SharedCell(NamedTuple):
    """A feed, as several workers train it.

    Attributes:
        feed: a function of `atlas/many_devices/feeds.py`.
        strategy: how they train together, as `epochwatch audit --strategy`.
        workers: how many; of a mirrored training, replicas.
        call: further arguments of the audit, by name.
    """

    feed: str
    strategy: str
    workers: int = 2
    call: Mapping[str, int] = {}  # not written into

    def arguments(self, feeds: Path, backend: str) -> list[str]:
        """Return the arguments of `epochwatch audit`, given the file of the feeds."""
        call = {"workers": self.workers, "strategy": self.strategy, "backend": backend}
        options = (call | {"epochs": EPOCHS} | dict(self.call)).items()
        named = [(f"--{name.replace('_', '-')}", str(value)) for name, value in options]
        return [f"{feeds}:{self.feed}", *itertools.chain.from_iterable(named)]

    def as_json(self) -> dict[str, Any]:
        """Return how the cell begins in its file."""
        return self._asdict()


THREE_STEPS = {"steps_per_epoch": 3, "population": 34}
SERVICE = ("service_off", "service_hint", "service_dynamic", "service_data", "service_file")
AUTOSHARD = (
    "autoshard_auto",
    "autoshard_data",
    "autoshard_off",
    "autoshard_hint",
    "autoshard_file_1_file",
    "autoshard_file_2_files",
    "autoshard_file_3_files",
)
SEEDS = ("shuffled_by_one_seed", "shuffled_by_other_seeds")
# An epoch is whole passes over all rows.
BALANCED = {"steps_per_epoch": 17, "population": 34}
BALANCED_TF_DATA = {"steps_per_epoch": 34, "population": 34}


def cells_of(backend: str) -> list[SharedCell]:
    """List the cells of a backend."""
    return {
        "tensorflow": [
            SharedCell("tf_data", "mirrored"),
            SharedCell("tf_data", "mirrored", 4),
            SharedCell("tf_data", "mirrored", 3),
            SharedCell("generator", "mirrored", 2, THREE_STEPS),
            SharedCell("items_of_all", "mirrored"),
            *(SharedCell(feed, "mirrored") for feed in SERVICE),
        ],
        "tf_keras": [
            SharedCell("tf_data", "mirrored"),
            SharedCell("tf_data", "mirrored", 3),
            *(SharedCell(feed, "multi_worker") for feed in (*AUTOSHARD, *SEEDS)),
            SharedCell("autoshard_data", "multi_worker", 3),
            SharedCell("balanced_sampler_tf_data", "multi_worker", 2, BALANCED_TF_DATA),
        ],
        "jax": [
            SharedCell("tf_data", "jax"),
            SharedCell("tf_data_repeated", "jax", 2, THREE_STEPS),
            SharedCell("items_of_all", "jax"),
            SharedCell("items_of_the_worker", "jax"),
            SharedCell("grain_all_rows", "jax"),
            SharedCell("grain_all_rows", "jax", 4),
            SharedCell("grain_drop_remainder", "jax", 4),
            SharedCell("balanced_sampler", "jax", 2, BALANCED),
        ],
        "torch": [
            SharedCell("torch_without_sampler", "torch"),
            SharedCell("torch_sampler", "torch"),
            SharedCell("torch_sampler", "torch", 4),
            SharedCell("torch_sampler_drop_last", "torch", 4),
            SharedCell("balanced_sampler", "torch", 2, BALANCED),
        ],
    }[backend]


def file_name(environment: dict, backend: str) -> str:
    """Name the file of an environment, as the atlas names its files."""
    package = "tf_keras" if backend == "tf_keras" else "keras"
    framework = "tensorflow" if backend == "tf_keras" else backend
    return f"{package}-{environment['keras']}-{framework}.json"


def observed_of(code: int, out: str, said: str, log: Path) -> dict[str, Any]:
    """Return what an audit showed, as a cell's line has it."""
    if code >= REFUSED:
        lines = [line for line in said.splitlines() if line.strip()]
        return {"refused": lines[-1] if lines else "", "environment": None}
    report = json.loads(out)
    return {
        "findings": report["findings"],
        "ends": [[end["outcome"], end["why"]] for end in report["ends"]],
        "epochs": [epoch_of(epoch, log) for epoch in report["epochs"]],
        "environment": report["environment"],
    }


def epoch_of(epoch: dict[str, Any], log: Path) -> dict[str, Any]:
    """Return an epoch: what the audit counted, and the rows of each replica, from the log."""
    from epochwatch.exposures import ExposureLog

    rows: dict[int, list[int]] = {}
    for batch in ExposureLog.read(log).batches():
        if (batch.fit, batch.epoch) == (epoch["fit"], epoch["epoch"]):
            rows.setdefault(batch.replica or 0, []).extend(batch.index.tolist())
    names = ("steps", "trained_by", "more_than_once", "never", "ragged", "empty")
    texts = [text_of(rows.get(replica, [])) for replica in range(len(epoch["trained_by"]))]
    return {name: epoch[name] for name in names} | {"rows": texts}


def text_of(rows: Iterable[int]) -> str:
    """Write rows in the order trained; those in a row as a range.

    Example:
        >>> text_of([0, 1, 2, 7, 16, 17])
        '0-2 7 16-17'
    """
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][-1] + 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return " ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def rows_of(text: str) -> list[int]:
    """Read rows that `text_of` has written.

    Example:
        >>> rows_of("0-2 7")
        [0, 1, 2, 7]
    """
    ends = [[int(end) for end in part.split("-")] for part in text.split()]
    return [row for part in ends for row in range(part[0], part[-1] + 1)]
