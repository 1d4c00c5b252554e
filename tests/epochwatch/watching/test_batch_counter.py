"""The metric by itself."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochwatch
from epochwatch._watching.batch_counter import ExposuresLost
from epochwatch._watching.on_tensorflow import Tape

INT64 = st.integers(-(2**63), 2**63 - 1)
BATCH = st.lists(INT64, min_size=1, max_size=9)


def drained(counter):
    """Drain, as a list of batches."""
    batches = counter.drain()
    ends = np.cumsum(batches.lengths)[:-1]
    return [part.tolist() for part in np.split(batches.indices, ends)] if len(ends) + 1 else []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(BATCH, min_size=1, max_size=2), max_size=8))
def test_what_goes_in_between_two_drains_comes_out_at_the_second(rounds):
    counter = epochwatch.BatchCounter(capacity=20)  # two batches of nine fill it, so it wraps
    for batches in rounds:
        for batch in batches:
            counter.update_state(np.array(batch, np.int64))
        assert drained(counter) == batches


def test_it_has_no_value_and_resetting_keeps_what_was_trained():
    counter = epochwatch.BatchCounter()
    counter.update_state([3, 1])
    counter.reset_state()
    assert counter.result() == {}
    assert drained(counter) == [[3, 1]]
    assert len(counter.drain().lengths) == 0


def test_more_than_it_can_hold_is_an_error_and_not_a_loss():
    counter = epochwatch.BatchCounter(capacity=5)
    counter.update_state([1, 2, 3])
    counter.update_state([4])
    with pytest.raises(ExposuresLost, match="6 values came between two drains"):
        counter.drain()


def test_it_can_be_made_again_from_its_config():
    config = epochwatch.BatchCounter(capacity=7, name="mine", columns=2).get_config()
    assert epochwatch.BatchCounter.from_config(config).get_config() == config


def test_indices_that_look_like_lengths_are_not_taken_for_them():
    batches = Tape(9, columns=1).split_cells(np.array([2, 1, 1, 1, 3, 3, 2, 0, 5]))
    assert [batch.tolist() for batch in batches] == [[[1, 1]], [[3]], [[2, 0, 5]]]


def test_several_values_to_a_sample_stay_together():
    counter = epochwatch.BatchCounter(columns=2)
    counter.update_state([[1, 2, 3], [10, 20, 30]])
    counter.update_state([[4], [40]])
    batches = counter.drain()
    assert batches.lengths.tolist() == [3, 1]
    assert batches.values.tolist() == [[1, 2, 3, 4], [10, 20, 30, 40]]
