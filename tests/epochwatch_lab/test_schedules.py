"""What callbacks do to one training, cut into epochs of any length: predicted, and measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab.schedules import (
    Schedule,
    acts_on_losses,
    expected_schedule,
    measure_schedule,
    rate_after,
)


@pytest.mark.parametrize(
    ("steps", "epochs", "patience"), [(1, 6, 2), (3, 4, 1), (5, 2, 2), (4, 1, 1)]
)
def test_keras_does_what_is_expected(steps, epochs, patience):
    updates = steps * epochs
    measured = measure_schedule(steps, updates, patience, decay=0.5)
    assert measured.acts == expected_schedule(steps, updates, patience)
    wanted = 0.5 ** np.arange(epochs)
    assert np.allclose(np.array(measured.learning_rates) / measured.learning_rates[0], wanted)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_the_same_updates_in_longer_epochs_stop_no_earlier(steps, factor, patience):
    updates = 20 * steps * factor
    often = expected_schedule(steps, updates, patience)
    seldom = expected_schedule(steps * factor, updates, patience)
    assert often.validations == factor * seldom.validations
    assert often.stopped_after == (patience + 1) * steps
    assert seldom.stopped_after is None or seldom.stopped_after == factor * often.stopped_after


def test_a_patience_as_long_as_the_training_never_ends():
    assert expected_schedule(10, 30, 3) == Schedule(3, 2, None, [])
    assert expected_schedule(10, 30, 3).events == {"EarlyStopping": [], "ReduceLROnPlateau": []}


@pytest.mark.parametrize(
    ("losses", "acted", "lowest"),
    [
        ([3, 2, 1], None, 3),
        ([3, 1, 2, 2, 0], 4, 5),
        ([1, 2], None, 1),
        ([1, 2, 2], 3, 1),
    ],
)
def test_callbacks_act_on_losses_without_a_training(losses, acted, lowest):
    found = acts_on_losses(losses, patience=2)
    assert found == {"EarlyStopping": acted, "ReduceLROnPlateau": acted, "lowest loss": lowest}


def test_a_rate_after_more_epochs_than_there_were_is_unknown():
    assert rate_after([4, 2, 1], 1) == 0.5
    assert rate_after([4, 2, 1], 3) is None
