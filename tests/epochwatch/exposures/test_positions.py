"""Positions within a stream, and their honest aggregation."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._exposures.log import TrainedBatch
from epochwatch._exposures.positions import binned, positions, span


@given(st.sets(st.integers(0, 50), min_size=1), st.lists(st.integers(-5, 60), max_size=20))
def test_positions_are_the_ranks_in_the_stream_of_the_samples_that_belong_to_it(stream, batch):
    ordered = sorted(stream)
    wanted = [ordered.index(index) for index in batch if index in stream]
    assert positions(np.array(ordered), np.array(batch, np.int64)).tolist() == wanted


def test_a_span_follows_one_stream_over_the_epochs():
    batches = [
        TrainedBatch(1, 1, 0, np.array([10, 1, 20])),
        TrainedBatch(1, 1, 1, np.array([1, 1])),
        TrainedBatch(1, 2, 0, np.array([30, 10])),
    ]
    followed = span(batches, np.array([10, 20, 30]))
    assert followed.step.tolist() == [0, 2]
    assert followed.first.tolist() == [0, 2]
    assert followed.last.tolist() == [1, 0]
    assert followed.epoch_ends.tolist() == [2, 3]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=300), st.integers(1, 50))
def test_no_sample_never_trained_can_vanish_in_a_bin(exposures, at_most):
    bins = binned(np.array(exposures), at_most)
    assert len(bins.low) <= at_most
    parts = [exposures[start : start + bins.size] for start in bins.position]
    assert bins.low.tolist() == [min(part) for part in parts]
    assert bins.high.tolist() == [max(part) for part in parts]
    np.testing.assert_allclose(bins.mean, [np.mean(part) for part in parts])


def test_thirty_never_trained_among_sixty_thousand_stay_visible():
    exposures = np.ones(60_000, np.int64)
    never = np.random.default_rng(0).choice(60_000, 30, replace=False)
    exposures[never] = 0
    bins = binned(exposures)
    assert set(np.flatnonzero(bins.low == 0)) == set(never // bins.size)
