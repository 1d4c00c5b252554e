"""Running cells of the atlas again, to compare them with what is committed."""

import importlib.metadata
import importlib.util
import json
import os
import random
import subprocess
import sys

import pytest

from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.files import in_batches, read_file
from epochwatch_lab._atlas.observation import batches_in
from epochwatch_lab._atlas.rows import DRAWN, READ_AHEAD
from epochwatch_lab._runs import project
from tests.epochwatch_lab.atlas.plain_counting import is_shuffled

CELLS, SEED = 24, 20261124
# What each of these shows has cost somebody data: they are always among the sample.
PINNED = (
    "arrays(shuffle=False): steps_per_epoch=3, fits=2",
    "generator(endless=False): steps_per_epoch=None",
    "generator(endless=False): steps_per_epoch=5",
    "generator(endless=True): steps_per_epoch=3",
    "py_dataset(workers=0): steps_per_epoch=3, fits=2",
    "tf_data(finite): steps_per_epoch=3",
    "tf_data(repeat): steps_per_epoch=5, fits=2",
    "tf_data(from_generator): steps_per_epoch=5",
    "tf_data(finite): steps_per_epoch=5, steps_per_execution=3",
)
OPTIONAL = {"torch_loader": "torch", "grain_loader": "grain"}


def committed(backend: str) -> dict[str, dict]:
    """Read the cells of the Keras that is installed, by name; skip the test if there are none."""
    package = "tf_keras" if backend == "tf_keras" else "keras"
    version = importlib.metadata.version(package)
    on = "tensorflow" if backend == "tf_keras" else backend
    file = project.ROOT / "atlas" / f"{package}-{version}-{on}.json"
    if not file.exists():
        pytest.skip(f"{package} {version} is not in the atlas on {on}")
    return {AtlasCell.from_json(cell).name: cell for cell in read_file(file)["cells"]}


def sampled(cells: dict[str, dict]) -> list[str]:
    """Choose the pinned cells and others at random, always the same, of what is installed."""
    here = [name for name, cell in cells.items() if is_here(cell["feed"])]
    pinned = [name for name in PINNED if name in here]
    rest = sorted(set(here) - set(pinned))
    chosen = random.Random(SEED).sample(rest, min(len(rest), CELLS - len(pinned)))
    return pinned + chosen


def is_here(kind: str) -> bool:
    """Say whether a kind of feed can be made here."""
    return kind not in OPTIONAL or importlib.util.find_spec(OPTIONAL[kind]) is not None


def observed_again(names: list[str], backend: str) -> dict[str, dict]:
    """Observe cells as the atlas does, in one worker process."""
    package = "tf_keras" if backend == "tf_keras" else "keras"
    on = "tensorflow" if backend == "tf_keras" else backend
    variables = {"EPOCHWATCH_KERAS": package, "KERAS_BACKEND": on, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "epochwatch_lab._atlas.worker", "run", "1"],
        env=os.environ | variables | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        input="".join(f"{name}\n" for name in names),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    answers = map(json.loads, done.stdout.splitlines())
    return {answer["name"]: answer["seen"] for answer in answers}


def certain(cell: dict, backend: str) -> dict:
    """Take of a cell what must be the same each time it is run.

    Of what workers or a generator that is read ahead decide, that is how `fit` was called; of what
    is drawn, how many batches each epoch had, and the verdict if the order alone is drawn.
    """
    options, called = cell["options"], AtlasCell.from_json(cell)
    by_workers = options.get("workers", 0) > 1 or options.get("use_multiprocessing")
    # The same generator is given to Keras again, by a second fit, validation or call.
    is_given_again = cell["fits"] > 1 or cell["act"] in ("validate", "evaluate", "predict")
    if by_workers or (cell["feed"] == "generator" and is_given_again and backend in READ_AHEAD):
        return called.as_json()
    batches = batches_in(cell)
    steps = called.as_json() | in_batches(batches, len)
    if options.get("pipeline") in DRAWN or cell["act"] == "augment":
        return steps
    raised = cell["raised"] and cell["raised"].partition(":")[0]
    stable = {"raised": raised, "verdict": (cell["observed"] or {}).get("verdict")}
    if is_shuffled(cell):
        return steps | stable
    return steps | stable | batches | {"expected": cell["expected"]}


def differences(backend: str) -> list[str]:
    """Run a sample again; name the cells of which something certain has changed."""
    cells = committed(backend)
    names = sampled(cells)
    again = observed_again(names, backend)
    assert set(again) == set(names)
    return [n for n in names if certain(cells[n], backend) != certain(again[n], backend)]
