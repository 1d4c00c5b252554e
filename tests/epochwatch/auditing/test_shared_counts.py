"""What several workers trained, counted at once and sample by sample."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._auditing.shared_counts import (
    MOST_BINS,
    EpochCounter,
    beyond,
    picture_of,
    uneven_batches,
)
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.counts import Counts

INDICES = st.integers(-(2**63), 2**63 - 1) | st.integers(0, 9)
BATCH = st.lists(INDICES, max_size=4)


def counts_of(samples):
    return Counts.from_chunks([np.array(samples, np.int64)])


@st.composite
def trained_epochs(draw):
    """Batches of an epoch by (step, replica), how many steps each process made, and replicas.

    A process has one replica or several, and may have made fewer steps than another.
    """
    processes, each = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    steps = draw(st.lists(st.integers(0, 3), min_size=processes, max_size=processes))
    batches = {
        (step, process * each + own): draw(BATCH)
        for process, made in enumerate(steps)
        for step in range(made)
        for own in range(each)
    }
    return batches, steps, processes * each


def logged(batches):
    """Make the batches that the logs have: of an empty one there is no row."""
    return [
        TrainedBatch(1, 1, step, np.array(rows, np.int64), replica)
        for (step, replica), rows in batches.items()
        if rows
    ]


@given(trained_epochs(), st.lists(INDICES, max_size=12))
def test_each_sample_is_counted_by_who_trained_it(epoch, a_pass):
    batches, steps, replicas = epoch
    came = Counter(sample for rows in batches.values() for sample in rows)
    by = {
        sample: {replica for (_, replica), rows in batches.items() if sample in rows}
        for sample in came
    }
    everything = sorted({*came, *a_pass})
    counter = EpochCounter(replicas, np.array(everything, np.int64), counts_of(a_pass))
    samples = counter.add((1, 1), logged(batches), steps)
    [counted] = counter.epochs
    assert samples.tolist() == sorted(came)
    assert counted.steps == tuple(steps)
    assert counted.trained_by == tuple(
        sum(len(each) == number for each in by.values()) for number in range(1, replicas + 1)
    )
    assert counted.more_than_once == sum(times > 1 for times in came.values())
    assert counted.exposures == came.total()
    due = Counter(a_pass)
    assert counted.doubled == sum(came[sample] > due[sample] for sample in came)
    assert counted.left_out == sum(due[sample] > came[sample] for sample in due)


@given(trained_epochs())
def test_uneven_steps_and_empty_batches_are_counted(epoch):
    batches, steps, replicas = epoch
    common = range(min(steps))
    sizes = [{len(batches[step, replica]) for replica in range(replicas)} for step in common]
    assert uneven_batches(logged(batches), steps, replicas) == (
        sum(len(lengths) > 1 for lengths in sizes),
        sum(not rows for rows in batches.values()),
    )


@given(trained_epochs(), st.permutations(range(10)))
def test_a_picture_has_each_sample_in_its_place(epoch, order):
    batches, steps, replicas = epoch
    # As many samples as have a column each.
    batches = {place: [sample % 10 for sample in rows] for place, rows in batches.items()}
    came = Counter(sample for rows in batches.values() for sample in rows)
    counter = EpochCounter(replicas, np.array(order, np.int64))
    counter.add((1, 1), logged(batches), steps)
    [picture] = counter.pictures
    for rank, sample in enumerate(order):
        own = [
            any(sample in rows for (_, r), rows in batches.items() if r == replica)
            for replica in range(replicas)
        ]
        assert picture.once[:, rank].tolist() == [has and came[sample] == 1 for has in own]
        assert picture.again[:, rank].tolist() == [has and came[sample] > 1 for has in own]
        assert picture.never[rank] == (came[sample] == 0)


@pytest.mark.parametrize("samples", [MOST_BINS - 1, 3 * MOST_BINS + 1])
def test_many_samples_share_columns_and_none_is_left_out(samples):
    """A third is trained by one worker, a third by both, and a third never."""
    order = np.arange(samples)
    trained, times = order[order % 3 > 0], (order % 3)[order % 3 > 0]
    has_trained = np.stack([times > 0, times > 1], axis=1)
    picture = picture_of(order, trained, times, has_trained)
    shares = picture.once[0] + picture.again[0] + picture.never
    assert len(shares) == min(samples, MOST_BINS)
    np.testing.assert_allclose(shares, 1)


@given(st.lists(INDICES), st.lists(INDICES))
def test_beyond_counts_what_came_more_often(here, there):
    times, others = Counter(here), Counter(there)
    expected = sum(times[sample] > others[sample] for sample in times)
    assert beyond(counts_of(here), counts_of(there)) == expected
