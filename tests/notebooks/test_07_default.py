"""Notebook 07 as it is published: the defaults, and the post that is committed."""

import numpy as np
import pytest

from epochwatch import ExposureLog
from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK, SLUG = "07_many_devices", "many-devices"
POSTS = [f"_posts/2026-11-30-{SLUG}.md", f"_github/{SLUG}.md"]
SAMPLES, BATCH, EPOCHS = 30_000, 120, 2
HALF = SAMPLES // 2
EXACT = {"trained": [HALF, HALF], "again": 0, "never": 0, "rare_never": 0}


def orders(seed):
    """Shuffle as the feeds do, without any strategy, int64 (epochs, samples).

    Keras begins a pass before the first epoch, to see what a batch looks like.
    """
    import tensorflow as tf

    tf.random.set_seed(0)
    rows = tf.data.Dataset.range(SAMPLES).shuffle(SAMPLES, seed=seed).batch(SAMPLES)
    return np.array([rows.get_single_element() for _ in range(EPOCHS + 1)])[1:]


def every_second_half(order, worker):
    """What the policy DATA leaves a worker of an order that it reads."""
    return order.reshape(-1, BATCH // 2)[worker::2].ravel()


def trained_by(log, worker):
    """What a worker trained, int64 (epochs, samples of an epoch)."""
    batches = list(log.workers[worker].batches())
    epochs = range(1, EPOCHS + 1)
    return np.array([np.concatenate([b.index for b in batches if b.epoch == e]) for e in epochs])


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert exact(committed) == exact(current), f"remake it: epochwatch run {NOTEBOOK}"


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_pictures_are_those_of_the_post(post):
    names, _ = pictures_of(post, SLUG)
    assert set(names) == {"shares"}


@pytest.mark.parametrize("way", ["mirrored", "one_seed", "sampler"])
def test_each_sample_is_trained_once_where_devices_share_one_order(findings, way):
    assert findings["trainings"][way]["epochs"] == [EXACT] * EPOCHS
    assert findings["trainings"][way]["never_in_any_epoch"] == 0


def test_off_has_both_workers_train_the_first_half_of_each_order(run_folder, findings):
    log = ExposureLog.read(run_folder / "exposures_off")
    for worker in (0, 1):
        np.testing.assert_array_equal(trained_by(log, worker), orders(0)[:, :HALF])
    for epoch in findings["trainings"]["off"]["epochs"]:
        assert (epoch["again"], epoch["never"]) == (HALF, HALF)


def test_with_another_seed_each_worker_keeps_half_of_another_order(run_folder, findings):
    log = ExposureLog.read(run_folder / "exposures_other_seeds")
    expected = [[every_second_half(o, w) for o in orders(w)] for w in (0, 1)]
    for worker in (0, 1):
        np.testing.assert_array_equal(trained_by(log, worker), expected[worker])
    for number, epoch in enumerate(findings["trainings"]["other_seeds"]["epochs"]):
        both = np.intersect1d(expected[0][number], expected[1][number])
        assert epoch["again"] == epoch["never"] == len(both)


def test_nothing_that_the_workers_report_tells_of_it(findings):
    assert all(
        one["losses_alike"] and one["weights_alike"] for one in findings["trainings"].values()
    )
