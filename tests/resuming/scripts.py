"""Scripts by name, as a user writes them: each trains with what it is given, and ends.

A script is given a `Training`: it prepares the model and calls its `fit`. Two tables: `FEEDS`, the
same training with each feed, and `WAYS`, the ways to train.
"""

import functools

import keras
import numpy as np

from epochwatch._watching.backends import keras_release
from tests.resuming import feeds
from tests.resuming.rows import BATCH_SIZE, EPOCHS, columns, small_model

WAYS = {}
# On torch, Keras refuses more than one step up to 3.15.
HAS_STEPS_PER_EXECUTION = keras.backend.backend() != "torch" or keras_release(keras) >= (3, 16)
# On TensorFlow, a fit drops batches of a generator, and nobody knows how many.
NOTHING_IS_TAKEN_AHEAD = keras.backend.backend() != "tensorflow"
ARRAYS, TF_DATA = "arrays, shuffled by fit", "tf_data, shuffled"


def way(name: str, feed: str = ARRAYS, is_there: bool = True):
    """Name a way to train; it is there where its feed is."""

    def named(script):
        if is_there and feed in feeds.FEEDS:
            WAYS[name] = functools.partial(script, make_feed=feeds.FEEDS[feed])
        return script

    return named


def seeded_model(**options):
    keras.utils.set_random_seed(7)
    return small_model(**options)


def fed_by(training, make_feed):
    model = training.prepare(seeded_model())
    training.fit(model, **make_feed(), epochs=EPOCHS)
    return model


FEEDS = {name: functools.partial(fed_by, make_feed=make) for name, make in feeds.FEEDS.items()}


@way("steps_per_execution", feed=TF_DATA, is_there=HAS_STEPS_PER_EXECUTION)
@way("steps_per_execution of arrays", is_there=HAS_STEPS_PER_EXECUTION)
def steps_per_execution(training, make_feed):
    model = seeded_model()
    model.compile(keras.optimizers.Adam(0.01), "mse", steps_per_execution=2)
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS)
    return model


@way("initial_epoch", feed=TF_DATA)
def initial_epoch(training, make_feed):
    model = training.prepare(seeded_model())
    training.fit(model, **make_feed(), initial_epoch=2, epochs=5)
    return model


def validated(training, make_feed, **validation):
    model = training.prepare(seeded_model())
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=3, restore_best_weights=True)
    training.fit(model, **make_feed(), epochs=EPOCHS, callbacks=[stopping], **validation)
    return model


@way("validation")
def validation(training, make_feed):
    return validated(
        training, make_feed, validation_data=columns(), validation_batch_size=BATCH_SIZE
    )


@way("validation, shuffled", feed=TF_DATA)
def validation_shuffled(training, make_feed):
    return validated(training, make_feed, validation_data=make_feed()["x"])


@way("validation, part of a shuffled pass", feed=TF_DATA)
def validation_part_of_a_shuffled_pass(training, make_feed):
    return validated(training, make_feed, validation_data=make_feed()["x"], validation_steps=2)


@way("validation, own order")
def validation_own_order(training, make_feed):
    return validated(training, make_feed, validation_data=feeds.OwnOrder())


@way("validation, every other epoch")
def validation_every_other_epoch(training, make_feed):
    return validated(training, make_feed, validation_data=columns(), validation_freq=2)


@way("mixed precision, float16")
def mixed_float16(training, make_feed):
    keras.mixed_precision.set_global_policy("mixed_float16")
    return fed_by(training, make_feed)


@way("mixed precision, bfloat16")
def mixed_bfloat16(training, make_feed):
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    return fed_by(training, make_feed)


@way("bfloat16")
def whole_bfloat16(training, make_feed):
    keras.mixed_precision.set_global_policy("bfloat16")
    return fed_by(training, make_feed)


@way("EMA")
def moving_average(training, make_feed):
    model = seeded_model(use_ema=True, ema_overwrite_frequency=4)
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS)
    return model


@way("EMA, swapped")
def moving_average_swapped(training, make_feed):
    model = seeded_model(use_ema=True)
    swaps = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)]
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS, callbacks=swaps)
    return model


@way("gradients accumulated")
def gradients_accumulated(training, make_feed):
    model = seeded_model(gradient_accumulation_steps=2)
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS)
    return model


class OwnStep(keras.Model):
    """Has a training step of its own, with a metric of its own."""

    def __init__(self, *args):
        super().__init__(*args)
        self.loss_seen = keras.metrics.Mean(name="loss_seen")

    def train_step(self, *args):
        """Train as ever, and note the loss."""
        if keras.backend.backend() != "jax":
            logs = super().train_step(*args)
            self.loss_seen.update_state(logs["loss"])
            return logs | {"loss_seen": self.loss_seen.result()}
        logs, state = super().train_step(*args)
        return logs, state


@way("own train_step", feed=TF_DATA)
def own_train_step(training, make_feed):
    model = training.prepare(seeded_model(model_class=OwnStep))
    training.fit(model, **make_feed(), epochs=EPOCHS)
    return model


@way("learning rate scheduled")
def learning_rate_scheduled(training, make_feed):
    model = training.prepare(seeded_model())
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.7)
    best = keras.callbacks.ModelCheckpoint(
        training.folder / "best.weights.h5", "loss", save_best_only=True, save_weights_only=True
    )
    training.fit(model, **make_feed(), epochs=EPOCHS, callbacks=[schedule, best])
    return model


@way("learning rate of the step")
def learning_rate_of_the_step(training, make_feed):
    model = seeded_model()
    decay = keras.optimizers.schedules.ExponentialDecay(0.05, 2, 0.8)
    model.compile(keras.optimizers.SGD(decay, momentum=0.9), "mse", metrics=[keras.metrics.AUC()])
    # ReduceLROnPlateau would refuse it.
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS, usual=False)
    return model


class Subclassed(keras.Model):
    """Knows its variables when it has seen a batch; draws noise from a seed of its own."""

    def __init__(self):
        super().__init__()
        self.noise = keras.layers.GaussianNoise(0.2, seed=5)
        self.hidden, self.out = keras.layers.Dense(4), keras.layers.Dense(1)

    def call(self, x, training=False):
        """Predict."""
        return self.out(self.hidden(self.noise(x, training=training)))


@way("subclassed model", feed=TF_DATA)
@way("subclassed model, arrays")
def subclassed_model(training, make_feed):
    keras.utils.set_random_seed(7)
    model = Subclassed()
    model.compile("rmsprop", "mse")
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS)
    return model


@way("run_eagerly", feed=TF_DATA)
def run_eagerly(training, make_feed):
    model = seeded_model()
    model.compile(keras.optimizers.Adam(0.01), "mse", run_eagerly=True)
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS)
    return model


@way("jit_compile")
def jit_compile(training, make_feed):
    model = seeded_model()
    is_there = keras.backend.backend() != "torch"
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=is_there)
    training.fit(training.prepare(model), **make_feed(), epochs=EPOCHS)
    return model


class RandomRate(keras.callbacks.Callback):
    """Draws a learning rate from a generator of its own, and remembers all."""

    def __init__(self):
        super().__init__()
        self.generator = np.random.default_rng(6)
        self.rates = {}

    def on_epoch_begin(self, epoch, logs=None):
        self.rates[epoch] = rate = self.generator.uniform(0.001, 0.01)
        self.model.optimizer.learning_rate = rate


@way("callback with a generator")
def callback_with_a_generator(training, make_feed):
    model = training.prepare(seeded_model())
    rates = RandomRate()
    training.fit(model, **make_feed(), epochs=EPOCHS, callbacks=[rates])
    return model


@way("class_weight", feed=TF_DATA)
def class_weight(training, make_feed):
    model = training.prepare(seeded_model())
    training.fit(model, **make_feed(), epochs=EPOCHS, class_weight={0: 1.0, 1: 3.0})
    return model


@way("stopped early", feed=TF_DATA)
@way("stopped early, arrays")
def stopped_early(training, make_feed):
    model = training.prepare(seeded_model())
    never_better = keras.callbacks.EarlyStopping(
        "loss", min_delta=1e9, patience=2, restore_best_weights=True
    )
    training.fit(model, **make_feed(), epochs=6, callbacks=[never_better])
    return model


class StopInside(keras.callbacks.Callback):
    """Stops in the middle of an epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 5:
            self.model.stop_training = True


@way("stopped inside an epoch")
def stopped_inside_an_epoch(training, make_feed):
    model = training.prepare(seeded_model())
    training.fit(model, **make_feed(), epochs=4, callbacks=[StopInside()])
    return model


@way("two fits", feed=TF_DATA)
@way("two fits, arrays")
@way("two fits, generator", feed="generator, endless", is_there=NOTHING_IS_TAKEN_AHEAD)
@way("two fits, PyDataset", feed="py_dataset, own generator")
@way("two fits, BalancedSampler", feed="BalancedSampler, tf_data")
def two_fits(training, make_feed):
    model = training.prepare(seeded_model())
    feed = make_feed()
    training.fit(model, **feed, epochs=2)
    model.optimizer.learning_rate = 0.003
    training.fit(model, **feed, epochs=3, initial_epoch=1)
    return model


@way("two fits, compiled between")
def two_fits_compiled_between(training, make_feed):
    model = training.prepare(seeded_model())
    training.fit(model, **make_feed(), epochs=2)
    model.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
    training.fit(model, **make_feed(), epochs=2)
    return model


@way("three fits in a loop", feed=TF_DATA)
@way("three fits in a loop, arrays")
@way("three fits in a loop, np.random", feed="py_dataset, np.random")
def three_fits(training, make_feed):
    model = training.prepare(seeded_model())
    for _ in range(3):
        training.fit(model, **make_feed(), epochs=1)
    return model


@way("unbuilt model", feed=TF_DATA)
@way("unbuilt model, arrays")
def unbuilt_model(training, make_feed):
    model = training.prepare(seeded_model(built=False))
    training.fit(model, **make_feed(), epochs=EPOCHS)
    return model


@way("one epoch", feed=TF_DATA)
@way("one epoch, generator", feed="generator, endless")
def one_epoch(training, make_feed):
    model = training.prepare(seeded_model())
    training.fit(model, **make_feed(), epochs=1)
    return model


@way("random draws between")
def random_draws_between(training, make_feed):
    model = training.prepare(seeded_model())
    for _ in range(2):
        rate = np.random.uniform(0.001, 0.01)
        model.optimizer.learning_rate = rate
        training.fit(model, **make_feed(), epochs=2)
    return model


SCRIPTS = FEEDS | WAYS
