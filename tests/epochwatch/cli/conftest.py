"""A user's folder with feeds, and the command run in it."""

import importlib
import sys

import pytest

from epochwatch import _cli as cli

FEEDS = """
import os
import time
import numpy as np

index = np.arange(40)
streams = {"few": index[:4], "many": index[4:]}
number = 3

def arrays():
    return index[:, None] * 1.0, {"label": index % 2, "index": index}

def without_index():
    return index[:, None] * 1.0, index % 2

def dataset():
    import tensorflow as tf
    print("printed by the feed")
    os.system("echo printed by a child")
    x, y = arrays()
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(4)

def slow():
    for start in range(1_000_000):
        if start == 50:  # more than is read ahead: by then, fit is at work
            print("begun", flush=True)
        time.sleep(0.01)
        yield np.full((1, 1), start), np.zeros(1)

def raises():
    raise ValueError("no such file\\nand more")

def fails():
    yield np.zeros((1, 1)), np.zeros(1)
    raise OSError("disk gone")

def get_streams():
    return streams

pair = arrays()
batches = slow()

def of_path(path, *, share, seed=0):
    return arrays()

class Own:
    def __init__(self, path):
        pass

def endless():
    while True:
        for start in range(0, 40, 4):
            rows = index[start:start + 4]
            yield rows[:, None] * 1.0, {"label": rows % 2, "index": rows}

def unlabelled():
    while True:
        yield np.random.rand(4, 2), np.zeros((4, 2))

def unbatched():
    import tensorflow as tf
    return tf.data.Dataset.from_tensor_slices(without_index())

def drawn():
    rows = np.random.permutation(40)[:, None]
    return ((rows[place:place + 4], rows[place:place + 4]) for place in range(0, 40, 4))
"""


def forget_feeds():
    """Forget the modules of a user's folder, those that other tests have imported too."""
    for name in ("feeds", "audited_feeds", "exits", "broken"):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's folder, the current one, which has feeds."""
    (tmp_path / "feeds.py").write_text(FEEDS)
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(0)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    forget_feeds()
    yield tmp_path
    forget_feeds()


@pytest.fixture
def forgotten_seed():
    """Leaves TensorFlow without a seed for all of it, as it was: later tests have none."""
    yield
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(None)


@pytest.fixture
def unseeded():
    """Takes back the seeds that tests before have set in this process."""
    rng_utils = importlib.import_module("keras.src.utils.rng_utils")
    rng_utils.global_state.set_global_attribute(rng_utils.GLOBAL_RANDOM_SEED, None)
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].random.set_seed(None)


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs the command in this process: exit code, standard output and error."""

    def ran(*given):
        monkeypatch.setattr(sys, "argv", ["epochwatch", *map(str, given)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return ran


@pytest.fixture
def audit(command):
    """Runs `epochwatch audit` in this process."""
    return lambda *given: command("audit", *given)


@pytest.fixture
def explain(command):
    """Runs `epochwatch explain` in this process."""
    return lambda *given: command("explain", *given)
