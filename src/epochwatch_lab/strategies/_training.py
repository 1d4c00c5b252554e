"""Training one small network by each strategy, and what it says of images.

Keras and TensorFlow are imported where they are used: what compares strategies needs neither.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from epochwatch.feeds import BalancedTable
from epochwatch_lab.models import small_cnn
from epochwatch_lab.strategies._scores import prior_corrected
from epochwatch_lab.strategies._strategies import Strategy

LEARNING_RATE = 1e-3
IMAGES_AT_ONCE = 1_000


def new_model(strategy: Strategy, seed: int, steps_per_execution: int = 1):
    """Make the network that a strategy trains.

    Args:
        strategy: whose loss it gets.
        seed: of its weights.
        steps_per_execution: as of `compile`.

    Returns:
        A compiled `small_cnn`.
    """
    import keras

    keras.utils.set_random_seed(seed)
    loss = keras.losses.BinaryFocalCrossentropy() if strategy.focal else "binary_crossentropy"
    model = small_cnn()
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    model.compile(optimizer, loss=loss, steps_per_execution=steps_per_execution)
    return model


def feed_in_order(table: BalancedTable, rows: np.ndarray):
    """Make the feed of a watched training that takes the rows of a table in a given order.

    Args:
        table: both streams.
        rows: int64 (steps, batch), of the table, as a strategy's `order` returns them.

    Returns:
        A `tf.data.Dataset` of a batch a step, whose targets carry the index.
    """
    import tensorflow as tf

    images, label, index = map(tf.constant, table[:3])

    def look_up(chosen):
        targets = {"label": tf.gather(label, chosen), "index": tf.gather(index, chosen)}
        return tf.gather(images, chosen), targets

    return tf.data.Dataset.from_tensor_slices(rows).map(look_up).prefetch(2)


def scores_of(weights: Mapping[str, list], images: np.ndarray) -> dict[str, np.ndarray]:
    """Ask trained networks how likely each image is of the rare class.

    Args:
        weights: by strategy, of its network.
        images: (samples, height, width).

    Returns:
        By strategy: float (samples,), from 0 to 1.
    """
    judge = small_cnn()  # one for all, so that it is traced once
    scores = {}
    for name, of_strategy in weights.items():
        judge.set_weights(of_strategy)
        scores[name] = judge.predict(images, batch_size=IMAGES_AT_ONCE, verbose=0)[:, 0]
    return scores


class MajorityErrors(NamedTuple):
    """Which majority samples a network takes for the rare class.

    Attributes:
        counted: `[wrong, samples]` of those `seen` and those `never_seen` in training.
        most_wrong: places of the wrong ones never seen, the surest first.
    """

    counted: dict[str, list[int]]
    most_wrong: np.ndarray


def majority_errors(
    score: np.ndarray, trained_share: float, was_seen: np.ndarray
) -> MajorityErrors:
    """Count which samples of the majority are taken for the rare class.

    A sample is where the odds are above one, had both classes been as common.

    Args:
        score: float (samples,), of majority samples.
        trained_share: how common the rare class was made to look in training.
        was_seen: bool (samples,), whether the network was trained on a sample.

    Returns:
        The errors.

    Example:
        >>> score, seen = np.array([0.9, 0.2, 0.6]), np.array([False, True, False])
        >>> majority_errors(score, 0.5, seen).counted
        {'seen': [0, 1], 'never_seen': [2, 2]}
    """
    even = prior_corrected(score, trained_share, 0.5)
    wrong = even > 0.5
    counted = {
        part: [int(np.count_nonzero(wrong & those)), int(np.count_nonzero(those))]
        for part, those in (("seen", was_seen), ("never_seen", ~was_seen))
    }
    places = np.flatnonzero(wrong & ~was_seen)
    return MajorityErrors(counted, places[np.argsort(-even[places], kind="stable")])
