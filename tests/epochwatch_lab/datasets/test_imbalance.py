"""Leaving samples out until the imbalance is the one asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.errors import BadInput
from epochwatch_lab.datasets import at_ratio, one_vs_rest

STREAMS = one_vs_rest(np.arange(340), np.arange(340) % 10 == 0, positive=True)  # 34 and 306


@given(st.integers(1, 400), st.integers(0, 9))
def test_the_ratio_is_the_nearest_there_can_be(ratio, seed):
    kept = at_ratio(STREAMS, ratio, seed)
    minority, majority = kept.minority.samples, kept.majority.samples
    if ratio < 9:  # the natural ratio: the majority gives up samples
        assert (minority, majority) == (34, 34 * ratio)
    else:
        assert majority == 306
        assert minority == max(1, round(306 / ratio))


@given(st.integers(1, 400), st.integers(0, 9))
def test_what_is_kept_is_of_its_stream_and_in_its_order(ratio, seed):
    for kept, stream in zip(at_ratio(STREAMS, ratio, seed), STREAMS, strict=True):
        assert np.isin(kept.index, stream.index).all()
        assert (np.diff(kept.index) > 0).all()
        assert kept.images.tolist() == kept.index.tolist()
        assert kept.label == stream.label


@given(st.integers(9, 400), st.integers(9, 400), st.integers(0, 9))
def test_what_is_kept_at_a_higher_ratio_is_kept_at_a_lower(one, other, seed):
    lower, higher = (
        at_ratio(STREAMS, ratio, seed).minority.index for ratio in sorted((one, other))
    )
    assert set(higher) <= set(lower)


def test_the_seed_decides_what_is_kept():
    first, again, other = (
        at_ratio(STREAMS, 30, seed).minority.index.tolist() for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_a_ratio_below_one_is_refused():
    with pytest.raises(BadInput, match="ratio: got 0, allowed: 1 or more, majority samples"):
        at_ratio(STREAMS, 0)
