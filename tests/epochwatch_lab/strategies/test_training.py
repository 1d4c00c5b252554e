"""One network for all strategies: what it is fed, what it says, and where it is wrong."""

import numpy as np
import pytest

from epochwatch.feeds import BalancedTable
from epochwatch_lab.strategies import (
    STRATEGIES,
    feed_in_order,
    majority_errors,
    new_model,
    scores_of,
)


def table():
    """Three rows of one class and five of the other, each image of its index."""
    index = np.array([10, 11, 12, 0, 1, 2, 3, 4])
    images = np.broadcast_to(index[:, None, None], (8, 28, 28)).astype(np.uint8)
    return BalancedTable(images, np.repeat([1, 0], [3, 5]), index, (3, 5))


def test_the_feed_has_a_batch_a_step_and_every_row_its_own_image_label_and_index():
    rows = np.array([[0, 3], [7, 2], [0, 0]])
    batches = list(feed_in_order(table(), rows).as_numpy_iterator())
    assert [targets["index"].tolist() for _, targets in batches] == [[10, 0], [4, 12], [10, 10]]
    assert [targets["label"].tolist() for _, targets in batches] == [[1, 0], [0, 1], [1, 1]]
    assert [images[:, 0, 0].tolist() for images, _ in batches] == [[10, 0], [4, 12], [10, 10]]


def test_all_strategies_begin_with_the_weights_of_their_seed():
    first, *others = [new_model(strategy, seed=3).get_weights() for strategy in STRATEGIES.values()]
    for other in others:
        assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))
    reseeded = new_model(STRATEGIES["resume"], seed=4).get_weights()
    assert not all(np.array_equal(a, b) for a, b in zip(first, reseeded, strict=True))
    assert new_model(STRATEGIES["focal loss"], 0).loss.name == "binary_focal_crossentropy"


def test_scores_are_those_of_each_network():
    models = {
        name: new_model(STRATEGIES["resume"], seed) for name, seed in {"a": 0, "b": 1}.items()
    }
    images = table().images
    scores = scores_of({name: model.get_weights() for name, model in models.items()}, images)
    for name, model in models.items():
        assert scores[name] == pytest.approx(model.predict(images, verbose=0)[:, 0], abs=1e-6)
    assert not np.array_equal(*scores.values())


def test_errors_are_counted_apart_and_the_surest_come_first():
    score = np.array([0.9, 0.2, 0.6, 0.99, 0.7])
    seen = np.array([False, True, False, False, True])
    errors = majority_errors(score, 0.5, seen)
    assert errors.counted == {"seen": [1, 2], "never_seen": [3, 3]}
    assert errors.most_wrong.tolist() == [3, 0, 2]


@pytest.mark.parametrize(("share", "wrong"), [(0.5, 2), (0.9, 1), (0.1, 3)])
def test_a_score_counts_by_how_common_the_class_was_made_to_look(share, wrong):
    score = np.array([0.95, 0.6, 0.2])
    counted = majority_errors(score, share, np.ones(3, bool)).counted
    assert counted == {"seen": [wrong, 3], "never_seen": [0, 0]}
