"""What a process trains: the same model in each way that it is told, watched."""

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

import epochwatch
from epochwatch import feeds
from epochwatch._auditing import strategies
from epochwatch._auditing.workers import Stand
from epochwatch_lab.datasets import load_mnist
from epochwatch_lab.distributed_trainings._plan import (
    WAYS,
    WORKERS,
    Plan,
    Way,
    account_file,
    log_folder,
)
from epochwatch_lab.models import small_cnn

Note = Callable[[Stand], None]


def train_ways(plan: Plan, ways: Sequence[str], folder: Path, worker: int, note: Note) -> None:
    """Train in some ways, one after another, all of one strategy.

    Args:
        plan: what to train.
        ways: names of `WAYS`.
        folder: of all that is written.
        worker: which process this is, from 0.
        note: called with how far it is.
    """
    # One thread an operation: a model this small is fastest so.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    (strategy,) = {WAYS[way].strategy for way in ways}
    joined = strategies.join(strategy, WORKERS)
    keras = load_keras(strategy)
    for number, way in enumerate(ways, start=1):
        keras.utils.set_random_seed(plan.seed)
        with joined.scope():
            model = small_cnn(keras=keras)
            model.compile(keras.optimizers.Adam(1e-3), loss="binary_crossentropy")
        epochwatch.watch(model, log=log_folder(folder, way))
        history = model.fit(
            make_feed(plan, WAYS[way], worker),
            epochs=plan.epochs,
            steps_per_epoch=plan.steps if WAYS[way].is_sampled else None,
            verbose=0,
            callbacks=[noting(keras, number, note)],
        )
        weights = hashlib.sha256(b"".join(np.asarray(w).tobytes() for w in model.get_weights()))
        account = {"loss": history.history["loss"], "weights": weights.hexdigest()}
        account_file(folder, way, worker).write_text(json.dumps(account))


def load_keras(strategy: str):
    """Import the Keras that trains under a strategy: with several workers Keras 3 cannot."""
    if strategy == strategies.MULTI_WORKER:
        import tf_keras

        return tf_keras
    import keras

    return keras


def make_feed(plan: Plan, way: Way, worker: int) -> tf.data.Dataset:
    """Make the feed of one worker, as its script would: every sample once in an epoch."""
    images, labels = (array[: plan.samples] for array in load_mnist().train)
    images, labels = tf.constant(images), tf.constant(labels == plan.positive_digit, tf.float32)
    if way.is_sampled:
        streams, shard = [plan.samples], (worker, WORKERS)
        sampler = epochwatch.BalancedSampler(streams, plan.batch_size, plan.seed, shard=shard)
        feed = feeds.sampled("tf_data", sampler, (images, labels))
    else:
        rows = tf.data.Dataset.range(plan.samples)
        if plan.shuffle:
            rows = rows.shuffle(plan.samples, seed=plan.seed + worker * way.seeds_apart)
        feed = rows.batch(plan.batch_size).map(
            lambda row: (
                tf.gather(images, row),
                {"label": tf.gather(labels, row), "index": row},
            )
        )
    options = tf.data.Options()
    if way.policy:
        policy = tf.data.experimental.AutoShardPolicy[way.policy]
        options.experimental_distribute.auto_shard_policy = policy
    return feed.with_options(options).prefetch(2)


def noting(keras, fit: int, note: Note):
    """Make a callback that notes each step: who notes none for long waits for ever."""

    class Noting(keras.callbacks.Callback):
        _supports_tf_logs = True  # so that Keras 2 does not fetch the losses for it

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch + 1

        def on_train_batch_end(self, batch, logs=None):
            note(Stand(fit, self.epoch, batch + 1))

    return Noting()
