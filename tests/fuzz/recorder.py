"""A recorder of the tests' own, inside the training step, that shares nothing with the package.

Samples carry their number in their first feature, and each step leaves those it received in a
plain list: on TensorFlow by an operation of its own in the graph, elsewhere at once.
"""

import random

import keras
import numpy as np

from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION


class StepRecorder(keras.callbacks.Callback):
    """Records what the model's steps receive, whichever model it is.

    Attributes:
        begun: fit and epoch of every epoch that was begun, both from 1.
        batches: fit, epoch and the samples of every batch trained.
        stopped: epochs in `begun` that were stopped before their end.
    """

    def __init__(self, stop_after: int | None = None):
        super().__init__()
        self.stop_after = stop_after
        self.begun: list[tuple[int, int]] = []
        self.batches: list[tuple[int, int, tuple[int, ...]]] = []
        self.stopped: set[tuple[int, int]] = set()
        self.fit = 0

    def set_model(self, model):
        super().set_model(model)
        if "train_step" not in model.__dict__:
            model.train_step = self._recorded(model.train_step)

    def _recorded(self, step):
        def recorded(*arguments):
            self._record(arguments[-1][0])
            return step(*arguments)

        return recorded

    def _record(self, x):
        if BACKEND == "tensorflow":
            import tensorflow as tf

            tf.numpy_function(self._keep, [x[:, 0]], [])
        else:
            self._keep(keras.ops.convert_to_numpy(x[:, 0]))

    def _keep(self, samples):
        self.batches.append((*self.begun[-1], tuple(int(sample) for sample in samples)))

    def on_train_begin(self, logs=None):
        self.fit += 1
        self.first = len(self.batches)

    def on_epoch_begin(self, epoch, logs=None):
        self.begun.append((self.fit, epoch + 1))

    def on_train_batch_end(self, batch, logs=None):
        if self.stop_after and len(self.batches) - self.first >= self.stop_after:
            self.model.stop_training = True
            self.stopped.add(self.begun[-1])


class RealModel(keras.Model):
    """A model that does learn, from the samples' numbers."""

    def __init__(self):
        super().__init__()
        self.layer = keras.layers.Dense(1)

    def call(self, inputs):
        return self.layer(inputs / 100.0)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **_):
        return keras.ops.mean(keras.ops.square(y_pred))


def recorded_fits(case) -> StepRecorder:
    """Run the fits of a case with a model that learns."""
    recorder = StepRecorder(case.stop_after)
    model = RealModel()
    # JAX would record what it traces, and not what it trains.
    options = {"run_eagerly": BACKEND != "tensorflow"}
    if HAS_STEPS_PER_EXECUTION:
        options["steps_per_execution"] = case.steps_per_execution
    model.compile("sgd", **options)
    feed = case.make_feed()
    parts = feed if isinstance(feed, tuple) else (feed,)
    for _ in range(case.fits):
        model.fit(*parts, verbose=0, callbacks=[recorder], **case.fit_options)
    return recorder


def set_chance(seed: int | None) -> None:
    """Seed all that draws by chance, or take every seed back."""
    if seed is not None:
        keras.utils.set_random_seed(seed)
        return
    random.seed()
    np.random.seed()
    import tensorflow as tf

    tf.random.set_seed(None)
    if BACKEND == "torch":
        import torch

        torch.seed()
