"""What a strategy sees of the majority, predicted from its order and counted in it."""

import numpy as np
import pytest

from epochwatch_lab.strategies import STRATEGIES, predicted_coverage

SIZES, BATCH = (34, 1_000), 20


@pytest.mark.parametrize("updates", [3, 40, 70, 400])
@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "with replacement"])
def test_without_replacement_it_is_what_the_order_holds(name, updates):
    rows = STRATEGIES[name].order(SIZES, BATCH, updates, seed=1)
    seen = np.unique(rows[rows >= SIZES[0]]).size
    predicted = predicted_coverage(SIZES, BATCH, updates)[name] * SIZES[1]
    # Batches that are not balanced hold as many of the rare class as chance gives them.
    slack = 0 if STRATEGIES[name].balanced else SIZES[0]
    assert abs(seen - round(predicted)) <= slack


def test_with_replacement_it_is_what_many_orders_hold_on_average():
    order = STRATEGIES["with replacement"].order
    seen = [np.unique(order(SIZES, BATCH, 100, seed)[:, 1::2]).size for seed in range(50)]
    predicted = predicted_coverage(SIZES, BATCH, 100)["with replacement"] * SIZES[1]
    assert np.mean(seen) == pytest.approx(predicted, rel=0.01)
