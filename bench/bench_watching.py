"""What watching costs: the same training watched and plain, by turns, in one process.

The plain feed is built without indices, so that it does not pay for what it does not need.
A round is one `fit` of 625 steps, with the log being written.
"""

import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf
from measure import by_turns, report

import epochwatch
from epochwatch import feeds
from epochwatch.feeds.order import Table
from epochwatch.feeds.tf_data import BATCHES_AHEAD

ROUNDS = 100
STEPS = 625
STEPS_PER_EXECUTION = 125
BATCH_SIZE = 16


def plain_feed(streams) -> tf.data.Dataset:
    """Build the balanced feed as `feeds.tf_data` does, without indices."""
    table = Table.of(streams)
    images, label = tf.constant(table.images), tf.constant(table.label)
    sides = [
        tf.data.Dataset.range(table.sizes[0]).repeat(),
        tf.data.Dataset.range(table.sizes[0], sum(table.sizes)).repeat(),
    ]
    rows = tf.data.Dataset.choose_from_datasets(sides, tf.data.Dataset.range(2).repeat())
    batches = rows.batch(BATCH_SIZE)
    return batches.map(lambda r: (tf.gather(images, r), tf.gather(label, r))).prefetch(
        BATCHES_AHEAD
    )


def model():
    """Build and compile the small CNN, with the same weights every time."""
    keras.utils.set_random_seed(0)
    built = epochwatch.small_cnn()
    built.compile(
        "adam",
        loss="binary_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    return built


def seconds_of(trained, feed) -> float:
    """Train one epoch."""
    begin = time.perf_counter()
    trained.fit(feed, steps_per_epoch=STEPS, shuffle=False, verbose=0)
    return time.perf_counter() - begin


def main():
    """Measure and report."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    streams = epochwatch.one_vs_rest(*epochwatch.load_mnist().train, positive=1)
    plain, plain_data = model(), plain_feed(streams)
    with tempfile.TemporaryDirectory() as folder:
        watched = epochwatch.watch(model(), log=Path(folder) / "exposures")
        watched_data = feeds.balanced("tf_data", streams, BATCH_SIZE)
        seconds_of(plain, plain_data), seconds_of(watched, watched_data)  # traces both
        seconds = by_turns(
            lambda: seconds_of(watched, watched_data),
            lambda: seconds_of(plain, plain_data),
            ROUNDS,
        )
    report(
        "watched_fit_to_plain_fit",
        1.01,
        ("watched fit, 625 steps, log written", seconds[0]),
        ("plain fit, 625 steps", seconds[1]),
    )


if __name__ == "__main__":
    main()
