"""What is trained: rows drawn by a seed, a small model, and how long."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from epochwatch_lab.datasets import load_mnist

ARMS, TURNS, NOISE = 3, 0.75, 0.12  # of the spirals
HELD_OUT = 6_000  # points of spirals that a model is tested on


class Rows(NamedTuple):
    """Labelled rows, to train on and to test on.

    Attributes:
        x: to train on, (rows, …).
        y: their classes, int64 (rows,).
        test_x: to test on.
        test_y: their classes.
    """

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


class Task(NamedTuple):
    """What is trained, on what and how long.

    Attributes:
        title: of the data, as it is written.
        draw: called with a number of rows and a seed; returns `Rows`.
        build: returns an uncompiled model.
        rows: to train on.
        batch_size: a divisor of them, so that every epoch is made of whole batches.
        epochs: to train.
    """

    title: str
    draw: Callable[[int, int], Rows]
    build: Callable[[], object]
    rows: int
    batch_size: int
    epochs: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the rows."""
        return self.rows // self.batch_size


def digits(rows: int, seed: int) -> Rows:
    """Draw some of MNIST's training images; the test images are all ten thousand.

    Args:
        rows: how many to train on.
        seed: which ones.

    Returns:
        Grey values from 0 to 255, and the ten digits.
    """
    mnist = load_mnist()
    images, labels = mnist.train
    chosen = np.random.default_rng(seed).permutation(len(labels))[:rows]
    test_images, test_labels = mnist.test
    return Rows(
        images[chosen],
        labels[chosen].astype(np.int64),
        test_images,
        test_labels.astype(np.int64),
    )


def spirals(rows: int, seed: int) -> Rows:
    """Draw points of three noisy spirals that are wound into one another.

    Args:
        rows: how many to train on.
        seed: of their places.

    Returns:
        Points in the plane, float32 (rows, 2), and which of the three arms each belongs to.

    Example:
        >>> drawn = spirals(6, seed=0)
        >>> drawn.x.shape, drawn.y.tolist()
        ((6, 2), [0, 1, 2, 0, 1, 2])
    """
    random = np.random.default_rng(seed)
    return Rows(*_spiral_points(rows, random), *_spiral_points(HELD_OUT, random))


def _spiral_points(points: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    arm = np.arange(points) % ARMS
    radius = np.sqrt(random.random(points))
    angle = 2 * np.pi * (arm / ARMS + TURNS * radius)
    middle = radius * np.stack([np.cos(angle), np.sin(angle)])
    return (middle.T + random.normal(0, NOISE, (points, 2))).astype(np.float32), arm


def digit_classifier():
    """Build a small convolutional network for the ten digits."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(8, kernel_size=3, strides=2, activation="relu"),
            layers.Conv2D(16, kernel_size=3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def spiral_classifier():
    """Build a network of two hidden layers for points in the plane."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((2,)),
            layers.Dense(32, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(ARMS),
        ]
    )


TASKS = {
    "mnist": Task("MNIST", digits, digit_classifier, rows=6_400, batch_size=32, epochs=10),
    "spirals": Task("spirals", spirals, spiral_classifier, rows=1_600, batch_size=16, epochs=30),
}
