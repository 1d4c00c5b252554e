"""The training of the main notebook, as it stands there. Prints its seconds."""

import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf

import epochwatch
import epochwatch_lab
from epochwatch import feeds
from epochwatch_lab.runs import DoesFitResume


def main():
    """Train, and print how long the watched `fit` took."""
    parameters = DoesFitResume()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    streams = epochwatch_lab.one_vs_rest(*epochwatch_lab.load_mnist().train, positive=1)
    feed = feeds.balanced(parameters.feed, streams, parameters.batch_size)
    model = epochwatch_lab.small_cnn()
    model.compile(
        keras.optimizers.Adam(1e-3),
        loss="binary_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=parameters.steps_per_execution,
    )
    with tempfile.TemporaryDirectory() as folder:
        watched = epochwatch.watch(model, log=Path(folder) / "exposures")
        begin = time.perf_counter()
        watched.fit(
            feed,
            steps_per_epoch=parameters.steps_per_epoch,
            epochs=parameters.epochs,
            shuffle=False,
            verbose=0,
        )
        print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
