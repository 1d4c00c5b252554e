"""Exposures per index."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._exposures.counts import DENSE_KEPT, Counts, CountTable, coverage
from epochwatch.errors import BadInput

CHUNKS = st.lists(st.lists(st.integers(-9, 9), max_size=12), max_size=6)
# Dense, sparse, and as far out as an index can be: no table has room for all of these.
FAR_APART = st.integers(0, 40) | st.integers(0, 4000) | st.integers(-(2**63), 2**63 - 1)


def counts_of(chunks):
    """Count lists."""
    return Counts.from_chunks(np.array(chunk, np.int64) for chunk in chunks)


@given(CHUNKS)
def test_counting_in_chunks_is_counting_at_once(chunks):
    flat = [index for chunk in chunks for index in chunk]
    assert dict(counts_of(chunks)) == {index: flat.count(index) for index in set(flat)}


@given(st.lists(st.lists(FAR_APART, max_size=40), max_size=6))
def test_samples_are_counted_however_far_apart_their_indices_are(chunks):
    flat = [index for chunk in chunks for index in chunk]
    counts = counts_of(chunks)
    assert dict(counts) == Counter(flat)
    assert list(counts) == sorted(set(flat))
    assert counts.index.dtype == counts.exposures.dtype == np.int64


@given(st.lists(st.lists(FAR_APART, min_size=1, max_size=40), min_size=1, max_size=6))
def test_the_table_of_counts_grows_with_the_samples_only(chunks):
    table = CountTable()
    for chunk in chunks:
        table.add(np.array(chunk, np.int64))
        assert len(table._dense) <= DENSE_KEPT * len(table.counts())


@given(CHUNKS, st.lists(st.integers(-12, 12), max_size=9))
def test_samples_never_trained_count_nought(chunks, asked):
    counts = counts_of(chunks)
    found = counts.of_samples(np.array(asked, np.int64)).tolist()
    assert found == [counts.get(index, 0) for index in asked]


def test_counts_say_what_they_hold():
    assert str(counts_of([])) == "0 samples trained"
    assert str(counts_of([[7]])) == "1 sample trained, 1 exposure; each sample 1 time"
    assert str(counts_of([[7], [7]])) == "1 sample trained, 2 exposures; each sample 2 times"
    many = Counts(np.arange(4000), np.repeat([1, 2, 3, 1500], 1000))
    assert str(many) == (
        "4,000 samples trained, 1,506,000 exposures; each sample 1 to 1,500 times, median 2.5"
    )


def test_an_index_never_trained_is_a_key_error():
    with pytest.raises(KeyError):
        counts_of([[1, 3]])[2]


@pytest.mark.parametrize(("stream", "got"), [([], "float64 \\(0,\\)"), ([0.5], "float64 \\(1,\\)")])
def test_a_stream_that_nothing_can_cover_is_refused(stream, got):
    with pytest.raises(BadInput, match=f"got {got} for the stream 'dark', allowed: one or more"):
        coverage([], {"bright": np.arange(3), "dark": np.array(stream)})


def test_without_an_epoch_there_is_no_coverage():
    assert coverage([], {"bright": np.arange(3)})["bright"].tolist() == []
