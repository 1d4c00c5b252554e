"""What the cells of several workers show, as the table of a page."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from epochwatch_lab._atlas.many_devices import EPOCHS, rows_of

ALL_ROWS = range(34)
STRATEGIES = {
    "mirrored": "`MirroredStrategy`, {workers} replicas",
    "multi_worker": "`MultiWorkerMirroredStrategy`, {workers} workers",
    "jax": "`DataParallel` on JAX, {workers} processes",
    "torch": "torch, {workers} ranks",
}
PACKAGES = {"keras": "Keras", "tf_keras": "tf_keras"}
# What the audit says before the reason.
PREFIX = re.compile(r"^epochwatch: (worker \d+ ended before its first step: (exit code \d+: )?)?")


def read_cells(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Read the cells of all files, each with the environment of its file."""
    for path in sorted(folder.glob("*.json")):
        read = json.loads(path.read_text())
        for cell in read["cells"]:
            yield read["environment"] | {"package": path.name.partition("-")[0]}, cell


def table_of(folder: Path) -> str:
    """Make the table: cells of one strategy with one outcome are one line."""
    lines = ["| trained by | feed | what three epochs trained |", "| :--- | :--- | :--- |"]
    by_setup: dict[str, list[dict[str, Any]]] = {}
    for environment, cell in read_cells(folder):
        by_setup.setdefault(setup_of(environment, cell), []).append(cell)
    for setup, cells in by_setup.items():
        by_outcome: dict[str, list[str]] = {}
        for cell in cells:
            by_outcome.setdefault(outcome_of(cell), []).append(feed_of(cell))
        for number, (outcome, feeds) in enumerate(by_outcome.items()):
            lines.append(f"| {setup if number == 0 else ''} | {', '.join(feeds)} | {outcome} |")
    return "\n".join(lines)


def setup_of(environment: dict[str, Any], cell: dict[str, Any]) -> str:
    """Say how a cell's workers train together."""
    strategy = STRATEGIES[cell["strategy"]].format(workers=cell["workers"])
    return f"{strategy}; {PACKAGES[environment['package']]} {environment['keras']}"


def feed_of(cell: dict[str, Any]) -> str:
    """Name a cell's feed, with how `fit` is called where that is unusual."""
    options = [f"{key}={value}" for key, value in cell["call"].items() if key != "population"]
    return f"`{cell['feed']}`" + (f" ({', '.join(options)})" if options else "")


def outcome_of(cell: dict[str, Any]) -> str:
    """Say in a few words what a cell's workers trained."""
    if "refused" in cell:
        return f"no step: {short(PREFIX.sub('', cell['refused']))}"
    whys = [why for outcome, why in cell["ends"] if outcome != "finished" and why]
    if whys:
        return f"ends with an error: {short(whys[0])}"
    steps = cell["epochs"][-1]["steps"]
    if any(outcome == "waited" for outcome, _ in cell["ends"]):
        return f"hangs in epoch {len(cell['epochs'])}, after {steps[0]} steps"
    if len(set(steps)) > 1:
        return f"unequal steps: {', '.join(map(str, steps))}"
    return trained_text(cell)


def trained_text(cell: dict[str, Any]) -> str:
    """Say how often the rows were trained, by epoch where they were not alike."""
    epochs = [times_trained(epoch) for epoch in cell["epochs"]]
    kinds = {frozenset(times.values()) for times in epochs}
    if kinds == {frozenset({1})}:
        return "exact: each row once an epoch"
    if len(kinds) == 1 and len(times := next(iter(kinds))) == 1:
        return f"each row {in_words(*times)} an epoch"
    run = sum((Counter(times) for times in epochs), Counter())
    if max(run.values()) - min(run[row] for row in ALL_ROWS) <= 1:
        return f"even: each row {min(run.values())} or {max(run.values())} times in {EPOCHS} epochs"
    texts = [describe(times) for times in epochs]
    if all(times == epochs[0] for times in epochs):
        return f"{texts[0]}: the same in each epoch"
    if len(set(texts)) == 1:
        return f"{texts[0]}: others in each epoch"
    return "; then ".join(text for text, _ in itertools.groupby(texts))


def times_trained(epoch: dict[str, Any]) -> dict[int, int]:
    """Count how often an epoch trained each row."""
    trained = Counter(itertools.chain.from_iterable(map(rows_of, epoch["rows"])))
    return {row: trained[row] for row in ALL_ROWS}


def describe(times: dict[int, int]) -> str:
    """Say how many rows an epoch trained how often, those that it trained once left out."""
    counts = Counter(times.values())
    said = [f"{counts[n]} rows {in_words(n)}" for n in sorted(counts) if n != 1]
    return ", ".join(said) or "exact"


def in_words(times: int) -> str:
    """Say how often."""
    return {0: "never", 1: "once", 2: "twice"}.get(times, f"{times} times")


def short(text: str) -> str:
    """Cut a message behind what it says first."""
    return text.strip().splitlines()[0].partition(";")[0].replace("|", "\\|")
