"""A mean and where it lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab.strategies import mean_interval


def test_a_mean_and_its_interval_against_numpy_and_a_table_of_student():
    values = [0.2, 0.4, 0.9, 0.5]
    error = np.std(values, ddof=1) / 2
    found = mean_interval(values)
    assert found.mean == pytest.approx(0.5)
    assert found.high - found.mean == pytest.approx(3.182 * error, rel=1e-3)
    assert found.written.startswith("0.5000 (")
    assert mean_interval([0.2, 0.4]).written == "0.3000"
    assert mean_interval([0.2] * 5).written == "0.2000"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_an_interval_holds_its_mean(values):
    found = mean_interval(values)
    assert found.low <= found.mean <= found.high


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = [
        found.low <= 0.7 <= found.high
        for found in (mean_interval(rng.normal(0.7, 0.1, 5)) for _ in range(2_000))
    ]
    assert 0.93 < np.mean(held) < 0.97


def test_more_confidence_takes_more_room_and_zero_is_in_or_out():
    values = [0.2, 0.4, 0.9, 0.5]
    assert mean_interval(values).excludes_zero
    assert not mean_interval(values, confidence=0.999).excludes_zero
    assert mean_interval([-1.0, -1.1, -0.9]).excludes_zero
    assert not mean_interval([0.0] * 10).excludes_zero
