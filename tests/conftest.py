"""What all tests share."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import hypothesis
import numpy as np
import pytest

from epochwatch_lab.datasets import Stream, Streams

# By hand each run tries other examples; in CI the same ones, so that only a change can fail.
# No deadline: how long an example takes is the machine's affair.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("tests")


@pytest.fixture
def tiny_streams() -> Streams:
    """Streams of 5 and 12 samples; sample i is an image full of i, so it says which it is."""
    minority = np.array([2, 5, 9, 11, 16])
    majority = np.setdiff1d(np.arange(17), minority)
    images = np.broadcast_to(np.arange(17, dtype=np.uint8)[:, None, None], (17, 28, 28)).copy()
    return Streams(Stream(images[minority], 1, minority), Stream(images[majority], 0, majority))
