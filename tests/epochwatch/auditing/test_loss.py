"""What is lost, against sets counted by hand, and against what chance alone does."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._auditing.loss import Loss, measured_loss
from epochwatch._auditing.passes import TalliedPass

SIZE = 4


def passed_over(rows, steps, to_the_end=True):
    """Pass over rows in batches, as far as a run of so many steps goes and on to the end."""
    cut = [np.array(rows[start : start + SIZE], np.int64) for start in range(0, len(rows), SIZE)]
    tallied = TalliedPass((np.stack([batch] * 3) for batch in cut), steps)
    tallied.go_on(len(cut) if to_the_end else steps - 1)
    return tallied


def lost_by(trained, first, again=None, fixed=False, shuffled=False):
    """Measure a loss; `again` is the other pass, made if it is asked for."""
    judged = SimpleNamespace(fixed_order=fixed, shuffled=shuffled)
    passes = SimpleNamespace(first=first, reached_again=lambda: again)
    return measured_loss(judged, np.unique(np.array(sorted(trained), np.int64)), passes)


@given(st.sets(st.integers(0, 39)), st.integers(1, 15))
def test_of_a_fixed_order_it_is_counted_sample_by_sample(trained, steps):
    reached = set(range(min(steps * SIZE, 40)))
    loss = lost_by(trained, passed_over(range(40), steps), fixed=True)
    assert loss == Loss(len(reached), len(reached - trained))


@given(st.sets(st.integers(0, 39)), st.integers(1, 15))
def test_of_what_fit_shuffles_it_is_a_number(trained, steps):
    reached = min(steps * SIZE, 40)
    loss = lost_by(trained, passed_over(range(40), steps), fixed=True, shuffled=True)
    assert loss == Loss(reached, max(0, reached - len(trained)))


@given(st.permutations(range(34)), st.permutations(range(34)), st.integers(1, 12))
def test_of_a_shuffled_pass_every_sample_counts(first, again, steps):
    """Of rows of which none comes twice so many are reached, whichever: no chance is in it."""
    reached = min(steps * SIZE, 34)
    for trained in (0, reached // 2, reached - 1, reached):
        loss = lost_by(range(trained), passed_over(first, steps), passed_over(again, steps, False))
        assert loss == Loss(reached, reached - trained)


def drawn(seed, size, rows):
    return random.Random(seed).choices(range(size), k=rows)


@pytest.mark.parametrize(("size", "rows"), [(5, 20), (40, 40), (40, 120), (1000, 1000)])
def test_what_is_drawn_with_replacement_loses_nothing(size, rows):
    """A feed without an end: sixty runs of it, no false alarm."""
    for seed in range(60):
        trained, first, again = (drawn(3 * seed + i, size, rows) for i in range(3))
        passes = (passed_over(each, rows // SIZE, to_the_end=False) for each in (first, again))
        assert lost_by(set(trained), *passes).lost == 0


def test_what_is_drawn_from_a_tenth_of_the_samples_loses_the_rest():
    trained, first, again = drawn(1, 100, 1000), drawn(2, 1000, 1000), drawn(3, 1000, 1000)
    passes = (passed_over(each, 250, to_the_end=False) for each in (first, again))
    assert lost_by(set(trained), *passes).lost > 400
