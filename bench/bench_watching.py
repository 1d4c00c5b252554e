"""What watching costs: the same training watched and plain, by turns, in one process.

KERAS_BACKEND says on which backend, EPOCHWATCH_BACKEND=tf_keras on Keras 2. Both trainings
have a feed of the same kind and order, the notebook's tf.data on TensorFlow, Keras' own
PyDataset on JAX and torch; the plain one is built without indices, so that it does not pay for
what it does not need. A round is one `fit` of each, the log opened, written and closed in it.
"""

import functools
import importlib
import os
import tempfile
import time
from pathlib import Path

import tensorflow as tf
from measure import by_turns, report, rounds_within, untuned

import epochwatch
import epochwatch_lab
from epochwatch import feeds
from epochwatch.feeds import BalancedTable, balanced_slots, py_dataset
from epochwatch.feeds.tf_data import BATCHES_AHEAD

BACKEND = os.environ.get("EPOCHWATCH_BACKEND") or os.environ.get("KERAS_BACKEND") or "tensorflow"
TARGET = 1.01 if BACKEND == "tensorflow" else 1.02
USES_TF_DATA = BACKEND in ("tensorflow", "tf_keras")
STEPS = {16: 625, 256: 75}  # by batch size
MOST_STEPS_PER_EXECUTION = 1 if BACKEND == "torch" else 125  # Keras refuses more than 1 there
SECONDS = 60  # for each batch size

keras = importlib.import_module("tf_keras" if BACKEND == "tf_keras" else "keras")


class WithoutIndex(BalancedTable):
    """The table behind a PyDataset, whose batches have no index."""

    def batch(self, place: int, batch_size: int) -> tuple:
        """Put together one batch as `BalancedTable` does, without the index."""
        chosen = balanced_slots(place, batch_size, self.sizes)
        rows = chosen.position + chosen.stream * self.sizes[0]
        return self.images[rows], self.label[rows]


def plain_dataset(streams, batch_size: int) -> tf.data.Dataset:
    """Build the balanced dataset as `feeds.tf_data` does, without indices."""
    table = BalancedTable.from_streams(streams)
    images, label = tf.constant(table.images), tf.constant(table.label)
    sides = [
        tf.data.Dataset.range(table.sizes[0]).repeat(),
        tf.data.Dataset.range(table.sizes[0], sum(table.sizes)).repeat(),
    ]
    rows = tf.data.Dataset.choose_from_datasets(sides, tf.data.Dataset.range(2).repeat())
    batches = rows.batch(batch_size)
    return batches.map(lambda r: (tf.gather(images, r), tf.gather(label, r))).prefetch(
        BATCHES_AHEAD
    )


def plain_feed(streams, batch_size: int):
    """Build the feed of the plain training."""
    if USES_TF_DATA:
        return untuned(plain_dataset(streams, batch_size))
    batch_at = functools.partial(WithoutIndex.from_streams(streams).batch, batch_size=batch_size)
    return py_dataset.EndlessBatches(batch_at)


def watched_feed(streams, batch_size: int):
    """Build the feed of the watched training."""
    if USES_TF_DATA:
        return untuned(feeds.balanced("tf_data", streams, batch_size))
    return feeds.balanced("py_dataset", streams, batch_size)


def cnn():
    """Build the small CNN, of layers of Keras 2 too."""
    if BACKEND != "tf_keras":
        return epochwatch_lab.small_cnn()
    layers = keras.layers
    model = keras.Sequential([keras.Input((28, 28)), layers.Rescaling(1 / 255)])
    model.add(layers.Reshape((28, 28, 1)))
    for pooling in (layers.MaxPooling2D, layers.MaxPooling2D, layers.Flatten):
        model.add(layers.Conv2D(10, kernel_size=3, activation="relu"))
        model.add(pooling())
    model.add(layers.Dense(1, activation="sigmoid"))
    return model


def compiled_model(steps: int):
    """Build and compile the model, with the same weights every time."""
    keras.utils.set_random_seed(0)
    model = cnn()
    model.compile(
        "adam",
        loss="binary_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=min(steps, MOST_STEPS_PER_EXECUTION),
    )
    return model


def compare(streams, batch_size: int) -> None:
    """Measure and report one batch size."""
    steps = STEPS[batch_size]
    plain, plain_data = compiled_model(steps), plain_feed(streams, batch_size)
    watched_data = watched_feed(streams, batch_size)

    def seconds_of(model, feed) -> float:
        begin = time.perf_counter()
        model.fit(feed, steps_per_epoch=steps, shuffle=False, verbose=0)
        return time.perf_counter() - begin

    with tempfile.TemporaryDirectory() as folder:
        watched = epochwatch.watch(compiled_model(steps), log=Path(folder) / "exposures")
        turns = (lambda: seconds_of(watched, watched_data), lambda: seconds_of(plain, plain_data))
        seconds = by_turns(*turns, rounds_within(SECONDS, *turns))
    report(
        f"watched_fit_to_plain_fit-{BACKEND}-{batch_size}",
        TARGET,
        (f"watched fit, {steps} steps of {batch_size}, log written", seconds[0]),
        (f"plain fit, {steps} steps of {batch_size}", seconds[1]),
    )


def use_one_thread() -> None:
    """Have operations use one thread, which suits so small a model; JAX has no such setting."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    if BACKEND == "torch":
        importlib.import_module("torch").set_num_threads(1)


def main():
    """Measure and report every batch size."""
    use_one_thread()
    streams = epochwatch_lab.one_vs_rest(*epochwatch_lab.load_mnist().train, positive=1)
    for batch_size in STEPS:
        compare(streams, batch_size)


if __name__ == "__main__":
    main()
