"""Trainings that are killed and gone on with: those of the audit's edges, each to the bit.

The kill is an exception in a callback, which ends nothing that a checkpoint is made of; real kills
are in tests/resuming.
"""

import gc
import itertools
import runpy
import sys
import weakref

import numpy as np
import pytest
import tensorflow as tf

import epochwatch
from epochwatch import feeds
from epochwatch._exposures import log_folder
from epochwatch._resuming import folder_lock
from epochwatch.errors import BadInput
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.small_feeds import arrays

if BACKEND == "tf_keras":
    pytest.skip("is of Keras 3", allow_module_level=True)

STEPS = 10  # of an epoch


class Killed(Exception):
    """Stands for the end of the process."""


class Kill(keras.callbacks.Callback):
    """Ends the process when so many steps of it are trained."""

    steps, at = 0, None

    def on_train_batch_end(self, batch, logs=None):
        """Count the steps of this process."""
        Kill.steps += 1
        if Kill.steps == Kill.at:
            raise Killed


def made(own=keras.Sequential):
    """Make a compiled model, the same weights every time."""
    keras.utils.set_random_seed(1)
    parts = [keras.layers.Dense(4), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
    model = own([keras.Input((1,)), *parts])
    model.compile("adam", "mse", metrics=["mae"])
    return model


class Training:
    """A script that is run again and again in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.model = None

    def make(self, own=keras.Sequential, log=False):
        """Make the model, as the script's beginning does."""
        self.model = epochwatch.resumable(made(own), self.folder / "ckpt", save_freq=3)
        if log:
            self.model = epochwatch.watch(self.model, log=self.folder / "log")
        return self.model

    def fit(self, killed_at=None, callbacks=(), in_list=False, log=False, feed=None, **call):
        """Train as the script does; a kill ends in None."""
        data = (feed,) if feed else arrays(indexed=log)
        Kill.steps, Kill.at = 0, killed_at
        callbacks = [*callbacks, Kill()]
        if in_list:
            callbacks = keras.callbacks.CallbackList(callbacks, add_history=True, model=self.model)
        call = ({} if feed else {"batch_size": 4}) | {"verbose": 0} | call
        try:
            return self.model.fit(*data, callbacks=callbacks, **call).history
        except Killed:
            return None
        finally:
            self.model.epochresume.folder.wait()

    def run(self, killed_at=None, own=keras.Sequential, log=False, **call):
        """Run the script: make the model, train it."""
        self.make(own, log)
        return self.fit(killed_at, log=log, **({"epochs": 3} | call))

    def weights(self):
        """All that the model trains by."""
        variables = [*self.model.variables, *self.model.optimizer.variables]
        return [keras.ops.convert_to_numpy(each).tobytes() for each in variables]

    def record(self):
        """What the log has: fit, epoch, step and index of each exposure."""
        return epochwatch.ExposureLog.read(self.folder / "log").to_arrow().to_pydict()


@pytest.fixture
def training(tmp_path):
    return Training(tmp_path / "training")


@pytest.fixture
def undisturbed(tmp_path):
    return Training(tmp_path / "undisturbed")


def refusal(call, *args, **kwargs):
    """Return the one line by which something is refused."""
    with pytest.raises(BadInput) as refused:
        call(*args, **kwargs)
    line = str(refused.value)
    assert "\n" not in line
    return line


# --- kills


class EpochsByDefault(keras.Sequential):
    """A model whose `fit` trains three epochs if nothing else is said."""

    def fit(self, x, y, epochs=3, **more):
        """Fit."""
        return super().fit(x, y, epochs=epochs, **more)


class MeanLoss(keras.callbacks.Callback):
    """Puts the mean of all steps' losses into the logs, by a metric of its own."""

    def __init__(self):
        super().__init__()
        self.mean = keras.metrics.Mean()

    def on_train_batch_end(self, batch, logs=None):
        self.mean.update_state(logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        logs["mean_loss"] = float(self.mean.result())


class Drawing(keras.callbacks.Callback):
    """Draws from NumPy's global random state, which shuffles arrays too, before each batch."""

    def on_train_batch_begin(self, batch, logs=None):
        np.random.random()


KINDS = {
    "callback list": lambda: {
        "epochs": 3,
        "in_list": True,
        "callbacks": [keras.callbacks.ReduceLROnPlateau("loss", patience=1, min_delta=1e9)],
    },
    "epochs by default": lambda: {"own": EpochsByDefault},
    "callback that draws": lambda: {"epochs": 3, "callbacks": [Drawing()]},
    "callback with a metric": lambda: {"epochs": 3, "callbacks": [MeanLoss()]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_training_goes_on(kind, training, undisturbed):
    def run(script, killed_at=None):
        call = KINDS[kind]()
        script.make(call.pop("own", keras.Sequential))
        return script.fit(killed_at, **call)

    whole = run(undisturbed)
    assert len(whole["loss"]) == 3
    assert run(training, killed_at=STEPS + 7) is None
    assert run(training) == whole
    assert 0 < Kill.steps < 3 * STEPS - (STEPS + 3)
    assert training.weights() == undisturbed.weights()
    assert run(training) == whole
    assert Kill.steps == 0
    assert training.weights() == undisturbed.weights()


# --- a feed that draws from global random state, batch by batch


def drawing_batches():
    """Draw each batch from NumPy's global state, without end."""
    x, y = arrays(indexed=False)
    while True:
        rows = np.random.randint(0, len(x), 4)
        yield x[rows], y[rows]


@backend_only("torch")  # TensorFlow, and JAX of earlier releases, take its batches ahead
@pytest.mark.parametrize("others", [[], [Drawing]])
def test_a_feed_is_put_back_if_it_alone_draws(others, training, undisturbed):
    def run(script, killed_at=None):
        script.make()
        own = [other() for other in others]
        call = {"epochs": 3, "steps_per_epoch": STEPS, "callbacks": own}
        return script.fit(killed_at, feed=drawing_batches(), **call)

    whole = run(undisturbed)
    run(training, killed_at=STEPS + 7)
    if others:
        line = refusal(run, training)
        assert "draws from the global random state of numpy.random, as something else does" in line
        return
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()


# --- datasets whose maps change what is not theirs


def rows_of_tf_data():
    return tf.data.Dataset.from_tensor_slices(arrays(indexed=False))


def counting():
    """Each row is moved by a variable that counts them, as the seed of a Keras layer does."""
    count = tf.Variable(0.0)
    return rows_of_tf_data().map(lambda x, y: (x + count.assign_add(0.1), y)).batch(4)


def augmenting():
    """Each batch goes through a layer of Keras that draws."""
    layer = keras.layers.RandomBrightness(0.5, value_range=(0, 40))

    def augmented(x, y):
        return tf.reshape(layer(tf.reshape(x, (-1, 1, 1, 1)), training=True), (-1, 1)), y

    return rows_of_tf_data().shuffle(40, seed=1).batch(4).map(augmented)


def noisy_in_python():
    """Each row is moved by what Python draws, from a generator of its own."""
    rng = np.random.default_rng(3)

    def noise(x):
        return x + rng.normal(size=x.shape).astype("float32")

    def moved(x, y):
        return tf.ensure_shape(tf.numpy_function(noise, [x], tf.float32), (1,)), y

    return rows_of_tf_data().map(moved).batch(4)


def generated():
    """Rows in an order that a generator of their own draws for each epoch."""
    x, y = arrays(indexed=False)
    rng = np.random.default_rng(3)

    def rows():
        for row in rng.permutation(len(x)):
            yield x[row], y[row]

    signature = (tf.TensorSpec((1,), x.dtype), tf.TensorSpec((), y.dtype))
    return tf.data.Dataset.from_generator(rows, output_signature=signature).batch(4)


@backend_only("tensorflow")  # others take a batch before the training, and drop it
@pytest.mark.parametrize("killed_at", [STEPS + 7, 2 * STEPS + 2])
@pytest.mark.parametrize("make_feed", [counting, augmenting, noisy_in_python, generated])
def test_what_a_dataset_changes_is_put_back(make_feed, killed_at, training, undisturbed):
    def run(script, killed_at=None):
        script.make()
        return script.fit(killed_at, feed=make_feed(), epochs=3)

    whole = run(undisturbed)
    assert run(training, killed_at) is None
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()


@backend_only("tensorflow")  # others take a batch before the training, and drop it
def test_it_is_put_back_in_a_second_fit(training, undisturbed):
    def run(script, killed_at=None):
        script.make()
        feed = counting()
        return [script.fit(at, feed=feed, epochs=2) for at in (None, killed_at)]

    whole = run(undisturbed)
    assert run(training, killed_at=7)[1] is None
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()


# --- what Keras does not track


class Weighing(keras.losses.Loss):
    """A loss that remembers, and draws."""

    def __init__(self):
        super().__init__()
        self.seen = keras.Variable(1.0, trainable=False)
        self.seeds = keras.random.SeedGenerator(3)

    def call(self, y_true, y_pred):
        self.seen.assign(self.seen + 0.1)
        noise = keras.random.normal((1,), seed=self.seeds)
        return keras.ops.mean((y_pred - y_true + noise) ** 2, -1) * self.seen


class Annealed(keras.regularizers.Regularizer):
    """A penalty whose weight a callback raises."""

    def __init__(self):
        self.weight = keras.Variable(0.0)

    def __call__(self, x):
        return self.weight * keras.ops.mean(x**2)


class Annealing(keras.callbacks.Callback):
    """Raises it, found as the script finds it."""

    def on_epoch_end(self, epoch, logs=None):
        penalty = self.model.layers[0].kernel_regularizer
        penalty.weight.assign(penalty.weight + 0.5)


@backend_only("tensorflow", "torch")  # a step on JAX knows the variables that Keras tracks
def test_variables_of_losses_and_penalties_are_put_back(training, undisturbed):
    def run(script, killed_at=None):
        keras.utils.set_random_seed(1)
        layer = keras.layers.Dense(4, kernel_regularizer=Annealed())
        model = keras.Sequential([keras.Input((1,)), layer, keras.layers.Dense(1)])
        model.compile("adam", Weighing())
        script.model = epochwatch.resumable(model, script.folder / "ckpt", save_freq=3)
        return script.fit(killed_at, epochs=3, callbacks=[Annealing()])

    whole = run(undisturbed)
    assert run(training, killed_at=STEPS + 7) is None
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()


@backend_only("tensorflow", "jax")  # on torch Keras cannot train it
def test_states_that_go_from_batch_to_batch_are_put_back(training, undisturbed):
    def run(script, killed_at=None):
        keras.utils.set_random_seed(1)
        cells = [keras.layers.LSTMCell(2), keras.layers.GRUCell(2)]
        parts = [keras.layers.LSTM(2, stateful=True, return_sequences=True)]
        parts += [keras.layers.RNN(cells, stateful=True), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input(batch_shape=(4, 3, 1)), *parts])
        model.compile("adam", "mse")
        script.model = epochwatch.resumable(model, script.folder / "ckpt", save_freq=3)
        x = np.random.default_rng(1).random((40, 3, 1))
        feed = tf.data.Dataset.from_tensor_slices((x, x[:, 0])).batch(4, drop_remainder=True)
        return script.fit(killed_at, feed=feed, epochs=3)

    whole = run(undisturbed)
    assert run(training, killed_at=STEPS + 7) is None
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()


class Counting(keras.Sequential):
    """Every third step weighs more, as they are counted in Python; a callback changes the rest."""

    steps, scale = 0, 1.0

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.steps += 1
        loss = super().compute_loss(x, y, y_pred, sample_weight)
        return loss * self.scale * (3.0 if self.steps % 3 == 0 else 1.0)


class Scaling(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.scale *= 0.5


@backend_only("tensorflow", "torch")
def test_what_a_step_in_python_counts_is_put_back(training, undisturbed):
    def run(script, killed_at=None):
        script.make(Counting).compile("adam", "mse", run_eagerly=True)
        return script.fit(killed_at, epochs=3, callbacks=[Scaling()])

    whole = run(undisturbed)
    assert undisturbed.model.steps >= 3 * STEPS
    assert run(training, killed_at=STEPS + 7) is None
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()
    assert training.model.steps == undisturbed.model.steps


class Parts(keras.Model):
    """A model that is never called: its step trains its parts, as those of a GAN."""

    def __init__(self):
        super().__init__()
        self.part = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self.part(x) - tf.cast(y[:, None], x.dtype)) ** 2)
        weights = self.part.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": loss}


@backend_only("tensorflow")
def test_a_model_of_parts_that_is_never_called_goes_on(training, undisturbed):
    def run(script, killed_at=None):
        keras.utils.set_random_seed(1)
        model = Parts()
        model.compile("adam")
        script.model = epochwatch.resumable(model, script.folder / "ckpt", save_freq=3)
        return script.fit(killed_at, epochs=3)

    whole = run(undisturbed)
    assert run(training, killed_at=STEPS + 7) is None
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()


# --- another number of shards


def test_other_shards_of_one_global_batch_go_on_with_the_next_samples(training):
    def run(shard, batch_size, killed_at=None):
        sampler = epochwatch.BalancedSampler([10, 30], batch_size, seed=1, shard=shard)
        training.make(log=True)
        feed = feeds.sampled("py_dataset", sampler, (np.ones((40, 1)), np.ones((40, 1))))
        training.fit(killed_at, feed=feed, steps_per_epoch=4, epochs=2)
        return sampler

    whole, half = run((0, 1), 8, killed_at=6), run((0, 2), 4)
    log = epochwatch.ExposureLog.read(training.folder / "log")
    trained = [batch.index.tolist() for batch in log.batches()]
    # Three were trained by the checkpoint, which is written when the next step is trained.
    assert trained == [whole[step].tolist() for step in range(3)] + [
        half[step].tolist() for step in range(3, 8)
    ]
    assert "batch_size × shards 8, but this sampler has 12" in refusal(run, (0, 3), 4)


# --- the same script with other epochs


def test_a_finished_training_that_was_given_more_epochs_and_killed_goes_on(training, undisturbed):
    whole = undisturbed.run(epochs=5, log=True)
    training.run(epochs=3, log=True)
    assert training.run(epochs=5, log=True, killed_at=15) is None
    assert training.run(epochs=5, log=True) == whole
    assert training.weights() == undisturbed.weights()
    assert training.record() == undisturbed.record()


def test_fewer_epochs_than_were_trained_are_refused(training):
    training.run(epochs=3)
    training.run(epochs=5, killed_at=15)
    assert "epochs: got 3, but the checkpoint is of epoch 5; ask" in refusal(training.run, epochs=3)
    assert len(training.run(epochs=5)["loss"]) == 5


# --- calls that failed


def test_a_refused_call_is_no_fit_and_the_mended_one_goes_on(training, undisturbed):
    whole = undisturbed.run()
    training.run(killed_at=16)
    training.make()
    assert "batch_size: got 8" in refusal(training.fit, batch_size=8, epochs=3)
    assert training.fit(epochs=3) == whole
    assert Kill.steps < 2 * STEPS
    assert training.model.epochresume.fits == 1
    assert training.weights() == undisturbed.weights()


def test_a_call_after_one_that_was_broken_off_is_refused_until_all_is_made_anew(
    training, undisturbed
):
    whole = undisturbed.run()
    training.run(killed_at=16)
    line = refusal(training.fit, epochs=3)
    assert "whose training was interrupted; make model and feed anew, as running the" in line
    assert training.run() == whole
    assert training.weights() == undisturbed.weights()


# --- watched in some of the fits


def test_fits_before_and_after_the_watched_ones_go_on(training, undisturbed):
    def run(script, killed_in=None):
        model, kill = script.make(), lambda fit: 5 if fit == killed_in else None
        script.fit(kill(1))
        if killed_in != 1:
            epochwatch.watch(model, log=script.folder / "log")
            script.fit(kill(2), log=True)
        if killed_in not in (1, 2):
            epochwatch.unwatch(model)
            return script.fit(kill(3))

    whole = run(undisturbed)
    for killed_in in (1, 2, 3):
        assert run(training, killed_in) is None
        assert Kill.steps == 5
    assert run(training) == whole
    assert run(training) == whole
    assert training.weights() == undisturbed.weights()
    assert training.record() == undisturbed.record()


# --- a system without locks


def test_a_system_without_fcntl_watches_and_is_told_that_it_cannot_resume(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    without = runpy.run_path(log_folder.__file__)
    assert without["take_folder"](tmp_path / "log")[1:] == (None, None)
    line = refusal(runpy.run_path(folder_lock.__file__)["FolderLock"], tmp_path)
    assert "resumable: got a system without fcntl, such as Windows" in line
    assert not (tmp_path / ".lock").exists()


def endless():
    """Yield the batches of the arrays again and again."""
    x, y = arrays(indexed=False)
    for start in itertools.cycle(range(0, len(x), 4)):
        yield x[start : start + 4], y[start : start + 4]


@pytest.mark.parametrize("killed_at", [None, 15])
def test_a_model_and_its_generator_outlive_no_fit(killed_at, training):
    # TensorFlow held them, with a thread that could keep the process from ending.
    training.run(killed_at, feed=endless(), steps_per_epoch=STEPS)
    model = weakref.ref(training.model)
    training.model = None
    gc.collect()
    assert model() is None


# --- a step of the user's own


class Noisy(keras.Sequential):
    """A model whose training step draws from TensorFlow's own random state."""

    def train_step(self, data):
        """Train on noise."""
        x, y = data
        return super().train_step((x + tf.random.normal(tf.shape(x)), y))


class OfFunctions(keras.Sequential):
    """A model whose step calls a function that changes a variable and draws nothing."""

    def train_step(self, data):
        """Count the steps."""
        self.count()
        return super().train_step(data)

    @tf.function
    def count(self):
        """Count one."""
        self.optimizer.iterations.assign_add(0)


@backend_only("tensorflow")
def test_a_function_that_draws_nothing_is_no_reason_to_refuse(training):
    training.make(OfFunctions)
    assert training.fit()


@backend_only("tensorflow")
@pytest.mark.parametrize("how", [{}, {"run_eagerly": True}, {"jit_compile": True}])
def test_a_step_that_draws_from_a_state_of_tensorflow_is_refused(how, training):
    model = training.make(Noisy)
    model.compile("adam", "mse", **how)
    before = [each.copy() for each in model.get_weights()]
    line = refusal(training.fit)
    assert "train_step: got one that draws by" in line
    assert line.endswith(
        "by keras.random with a keras.random.SeedGenerator that is the model's attribute"
    )
    if "run_eagerly" not in how:  # or the step has run when it is noticed
        assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
