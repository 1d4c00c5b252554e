"""What all tests share."""

import gc
import os
import signal

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hypothesis
import numpy as np
import pytest

from epochwatch_lab.datasets import Stream, Streams

# By hand each run tries other examples; in CI the same ones, so that only a change can fail.
# No deadline: how long an example takes is the machine's affair.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("tests")

# A shell has its jobs in the background ignore Ctrl-C, and what they start would ignore it too:
# tests that interrupt would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Begun first, those that take longest at the head, so that no worker is left alone with a long
# file at the end.
LONGEST = (
    "tests/epochwatch_lab/site",
    "tests/backends/test_ways_to_feed_fit.py",
    "tests/backends/test_explain.py",
    "tests/backends/test_evidence.py",
    "tests/backends/test_reproductions.py",
    "tests/notebooks",
    "tests/backends",
    "tests/fuzz",
    "tests/epochwatch_lab/atlas",
    "tests/epochwatch_lab/datasets",
    "tests/epochwatch_lab/strategies",
    "tests/epochwatch/auditing",
    "tests/epochwatch/cli",
    "tests/epochwatch/feeds",
    "tests/epochwatch/watching",
    "tests/test_docs_recipes.py",
)


def is_in(item: pytest.Item, place: str) -> bool:
    return f"{item.path.relative_to(item.config.rootpath)}/".startswith(f"{place}/")


def rank_by_length(item: pytest.Item) -> int:
    """Rank a test by its place in `LONGEST`; what is not there comes last."""
    return next((rank for rank, place in enumerate(LONGEST) if is_in(item, place)), len(LONGEST))


def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Begin with what takes long."""
    items.sort(key=rank_by_length)


def pytest_collection_finish():
    """Have the collector of garbage pass over what imports have made: it stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def tiny_streams() -> Streams:
    """Streams of 5 and 12 samples; sample i is an image full of i, so it says which it is."""
    minority = np.array([2, 5, 9, 11, 16])
    majority = np.setdiff1d(np.arange(17), minority)
    images = np.broadcast_to(np.arange(17, dtype=np.uint8)[:, None, None], (17, 28, 28)).copy()
    return Streams(Stream(images[minority], 1, minority), Stream(images[majority], 0, majority))
