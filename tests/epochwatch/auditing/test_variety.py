"""Epochs that are alike: by chance, by the order they are in, and told to be otherwise."""

import numpy as np
import pytest

from epochwatch._auditing.variety import are_alike, observed_order
from epochwatch._exposures.verdict import TrainedEpoch, Verdict


def epochs_of(*orders):
    """Make epochs of (fit, batches by number)."""
    return tuple(
        TrainedEpoch(fit, number, np.arange(4), np.arange(4), list(batches))
        for number, (fit, batches) in enumerate(orders, start=1)
    )


TEN, BACK = range(10), range(9, -1, -1)


@pytest.mark.parametrize(
    ("orders", "alike"),
    [
        ([(1, TEN), (1, TEN)], True),
        ([(1, TEN), (2, TEN)], True),
        ([(1, TEN), (1, BACK)], False),
        ([(1, TEN), (1, BACK), (1, TEN)], False),  # not in a row
        ([(1, TEN), (1, BACK), (2, TEN), (2, BACK)], True),  # the fits are
        ([(1, TEN), (1, BACK), (1, BACK)], True),
        ([(1, range(3)), (1, range(3))], False),  # one in six is
        ([(1, range(3))] * 9, True),  # eight times in a row no chance is
        ([(1, range(2))] * 12, False),
        ([(1, range(2))] * 21, True),
        ([(1, [7] * 10)] * 40, False),  # equal batches have no order
        ([], False),
    ],
)
def test_batches_in_the_same_order_again_are_alike_unless_by_chance(orders, alike):
    assert are_alike(epochs_of(*orders), moves_rows=False, is_whole=True) == alike


def test_rows_that_are_moved_are_more_than_their_batches():
    two = epochs_of((1, range(3)), (1, range(3)))
    assert are_alike(two, moves_rows=True, is_whole=True)
    of_four_rows = epochs_of((1, [5]), (1, [5]))
    assert not are_alike(of_four_rows, moves_rows=True, is_whole=True)


def test_a_small_shuffle_buffer_makes_few_orders():
    """Of ten batches 512, by a buffer of two."""
    assert not are_alike(epochs_of((1, TEN), (1, TEN)), moves_rows=False, is_whole=False)
    assert are_alike(epochs_of(*[(1, TEN)] * 4), moves_rows=False, is_whole=False)


def test_an_order_is_alike_only_where_something_was_told_to_shuffle():
    same = Verdict(epochs_of(*[(1, TEN)] * 4), (), None, (10,) * 4, 10)
    assert observed_order(same, False) == (True, False, None)
    for shuffled, differ, by in ((True, False, "fit"), (False, True, "feed"), (True, True, "fit")):
        judged = Verdict(
            same.epochs,
            (),
            None,
            (10,) * 4,
            10,
            fixed_order=not differ,
            passes_differ=differ,
            shuffled=shuffled,
        )
        assert observed_order(judged, False) == (False, True, by)
