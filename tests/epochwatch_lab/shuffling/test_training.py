"""One order under a seed, a new one each epoch by a sampler, and the same weights to begin with."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from epochwatch_lab import shuffling
from epochwatch_lab.shuffling import TASKS

pytestmark = pytest.mark.slow

TASK = TASKS["spirals"]._replace(rows=64, epochs=3)
ROWS = TASK.draw(TASK.rows, 5)


@pytest.mark.parametrize(
    ("order", "seeded", "different"),
    [("fit", True, 1), ("fit", False, 3), ("sampler", True, 3), ("sampler", False, 3)],
)
def test_only_a_seeded_fit_repeats_its_order(order, seeded, different):
    trained = shuffling.trained(TASK, ROWS, order, seed=3, seeded=seeded)
    assert trained.different_orders == trained.measured["orders"] == different
    assert (np.sort(trained.orders, axis=1) == np.arange(64)).all()


def test_a_training_is_repeated_by_its_seed_whoever_makes_the_order():
    for order in shuffling.ORDERS:
        one, again, other = (shuffling.trained(TASK, ROWS, order, seed) for seed in (3, 3, 4))
        assert np.array_equal(one.orders, again.orders)
        assert not np.array_equal(one.orders, other.orders)


def test_the_first_weights_are_those_of_the_seed_with_tensorflows_part_and_without():
    def weights(seed, seeded):
        shuffling.set_seed(seed, seeded)
        return [weight.tolist() for weight in TASK.build().get_weights()]

    assert weights(3, True) == weights(3, False) != weights(4, True)


@pytest.mark.parametrize("seeded", [True, False])
def test_without_its_seed_tensorflow_draws_another_number_each_time(seeded):
    drawn = []
    for _ in range(2):
        shuffling.set_seed(3, seeded)
        drawn.append(int(tf.random.uniform((), maxval=2**62, dtype=tf.int64)))
    assert (drawn[0] == drawn[1]) == seeded


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_task_is_drawn_by_its_seed_and_made_of_whole_batches(task):
    one, again, other = (task.draw(task.rows, seed) for seed in (0, 0, 1))
    assert np.array_equal(one.x, again.x)
    assert not np.array_equal(one.x, other.x)
    assert len(one.x) == len(one.y) == task.rows == task.steps_per_epoch * task.batch_size
    classes = task.build().output_shape[-1]
    assert set(one.y.tolist()) == set(one.test_y.tolist()) == set(range(classes))


def test_arms_of_a_spiral_without_noise_do_not_meet(monkeypatch):
    monkeypatch.setattr("epochwatch_lab.shuffling._tasks.NOISE", 0)
    drawn = shuffling.spirals(300, seed=0)
    radius, angle = np.hypot(*drawn.x.T), np.arctan2(*drawn.x.T[::-1])
    unwound = (angle / 2 / np.pi - 0.75 * radius) * 3  # of three arms, three quarters of a turn
    arm = np.round(unwound).astype(int) % 3
    assert (arm == drawn.y)[radius > 0.01].all()


def test_audits_count_the_orders_that_a_feed_was_trained_in():
    index = np.arange(64)

    def arrays():
        return ROWS.x, {"index": index}

    def dataset(reshuffles):
        data = tf.data.Dataset.from_tensor_slices(arrays())
        return data.shuffle(64, seed=1, reshuffle_each_iteration=reshuffles).batch(32)

    epochs = {"epochs": 4, "never_trained": 0}
    assert shuffling.audited(arrays, 2, 7) == {**epochs, "orders": 1, "findings": ["alike"]}
    new = {**epochs, "orders": 4, "findings": []}
    assert shuffling.audited(lambda: dataset(True), 2, 7) == new
    assert shuffling.audited(lambda: dataset(False), 2, 7) == {**new, "orders": 1}
    keras.utils.clear_session()
