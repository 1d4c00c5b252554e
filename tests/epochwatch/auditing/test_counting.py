"""Counts of a stream, each against what can be counted by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._auditing.counting import CountedStream, StreamCounts, counts_of, rounded_shares
from epochwatch._exposures.counts import Counts

SAMPLES = 34
EPOCHS = st.lists(st.lists(st.integers(0, SAMPLES - 1), max_size=40), min_size=1, max_size=6)


def count_streams(epochs):
    """Count a stream of 34 samples, its coverage counted naively."""
    seen, coverage = set(), []
    for epoch in epochs:
        seen |= set(epoch)
        coverage.append(len(seen) / SAMPLES)
    counts = Counts.from_chunks([np.array(epoch, np.int64) for epoch in epochs])
    return counts_of(counts, CountedStream.complete(np.arange(SAMPLES)), np.array(coverage))


@given(EPOCHS)
def test_counts_are_those_of_a_list(epochs):
    counts, trained = count_streams(epochs), [index for epoch in epochs for index in epoch]
    assert counts.trained == len(set(trained))
    assert counts.never_trained == SAMPLES - len(set(trained))
    assert counts.exposures.tolist() == [trained.count(index) for index in range(SAMPLES)]


@given(EPOCHS)
def test_epochs_until_all_is_the_first_by_which_all_had_been_trained(epochs):
    seen, wanted = set(), None
    for number, epoch in enumerate(epochs, start=1):
        seen |= set(epoch)
        if wanted is None and len(seen) == SAMPLES:
            wanted = number
    assert count_streams(epochs).epochs_until_all == wanted


def test_the_closed_form_is_of_samples_in_order_and_of_samples_drawn():
    """Two samples drawn one at a time take 2 × (1 + 1/2) = 3 exposures on average."""
    counts = StreamCounts(2, 2, np.array([2, 2]), np.array([0.5, 1.0]))
    assert counts.epochs_expected == {"in_order": 1, "drawn": 1.5}
    assert StreamCounts(2, 0, np.array([0, 0]), np.array([0.0])).epochs_expected is None


def test_of_a_feed_without_an_end_only_what_was_trained_is_counted():
    counts = counts_of(
        Counts.from_chunks([np.array([3, 3, 5])]), CountedStream(np.arange(9), None), None
    )
    assert (counts.samples, counts.trained, counts.never_trained) == (None, 2, None)
    assert counts.as_json()["exposures"] == {"min": 1, "median": 1.5, "max": 2}


def test_of_a_population_that_is_given_those_never_met_are_never_trained():
    counts = counts_of(
        Counts.from_chunks([np.array([3, 3, 5])]),
        CountedStream(np.array([3, 5, 7]), 5),
        np.array([1 / 3, 2 / 3]),
    )
    assert (counts.trained, counts.never_trained, counts.coverage.tolist()) == (2, 3, [0.2, 0.4])
    assert sorted(counts.exposures.tolist()) == [0, 0, 0, 1, 2]


@given(st.lists(st.floats(0, 1)))
def test_a_share_is_written_as_one_only_if_it_is_one(shares):
    written = rounded_shares(np.array(shares))
    assert [share == 1 for share in written] == [share == 1 for share in shares]
