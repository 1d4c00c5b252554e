"""Where a training is killed."""

from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab.killed_trainings import Plan, random_step

SEEDS = st.integers(0, 2**32 - 1)


@given(st.integers(2, 1_000_000), SEEDS)
def test_a_random_step_is_before_the_last_and_drawn_by_the_seed(steps, seed):
    step = random_step(steps, seed)
    assert 1 <= step < steps
    assert step == random_step(steps, seed)


def test_every_step_but_the_last_is_drawn_by_some_seed():
    assert {random_step(5, seed) for seed in range(100)} == {1, 2, 3, 4}


@given(st.integers(1, 9), st.integers(1, 50), st.data())
def test_the_epoch_that_is_killed_has_been_begun(epochs, steps_per_epoch, data):
    kill_after = data.draw(st.integers(0, epochs * steps_per_epoch - 1))
    plan = Plan("tf_data", epochs, steps_per_epoch, "epoch", kill_after, 0)
    epoch, steps = plan.killed_in
    assert plan.steps == epochs * steps_per_epoch
    assert 1 <= epoch <= epochs
    assert 0 <= steps < steps_per_epoch
    assert (epoch - 1) * steps_per_epoch + steps == kill_after
