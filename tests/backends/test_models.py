"""Models of all kinds are watched exactly, and trained as if they were not."""

import numpy as np
import pytest

import epochwatch
from epochwatch.errors import BadInput
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.test_watch import assert_same_weights, expected, recorded

layers = keras.layers
FIT = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}


def functional():
    """Two inputs by name, two outputs by name."""
    inputs = {name: layers.Input((3,), name=name) for name in ("left", "right")}
    joined = layers.Concatenate()([inputs["left"], inputs["right"]])
    outputs = {name: layers.Dense(1, name=name)(joined) for name in ("mask", "kind")}
    model = keras.Model(inputs, outputs)
    model.compile(
        "adam",
        {"mask": "mse", "kind": "mae"},
        loss_weights={"mask": 1.0, "kind": 0.3},
        metrics={"mask": ["mae"]},
    )
    return model


def listed():
    """Two inputs and two outputs in lists."""
    inputs = [layers.Input((3,)), layers.Input((3,))]
    joined = layers.Concatenate()(inputs)
    model = keras.Model(inputs, [layers.Dense(1, name=name)(joined) for name in "ab"])
    model.compile("adam", ["mse", "mae"], loss_weights=[1.0, 0.5])
    return model


class Own(keras.Model):
    """A subclassed model."""

    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(4, activation="relu")
        self.out = layers.Dense(1)

    def call(self, inputs, training=None):
        """Call the layers."""
        return self.out(self.hidden(inputs))


def subclassed():
    """A subclassed model that is not built before it is trained."""
    model = Own()
    model.compile("adam", "mse", metrics=["mae"])
    return model


def x_of(data, kind):
    """The inputs of a kind of model."""
    both = {"left": data.x, "right": data.x[:, ::-1].copy()}
    return {functional: both, listed: list(both.values())}.get(kind, data.x)


def y_of(data, kind):
    """The targets of a kind of model."""
    both = {"mask": data.y, "kind": data.y + 1}
    return {functional: both, listed: list(both.values())}.get(kind, data.y)


def with_ids(data, y):
    """Add the index as the README says."""
    return {**y, "index": data.ids} if isinstance(y, dict) else {"label": y, "index": data.ids}


def trained_twice(build, data, log, x, y, **options):
    """Train plainly and watched, from the same seed."""
    keras.utils.set_random_seed(3)
    plain = build()
    history = plain.fit(x, y, **FIT, **options).history
    keras.utils.set_random_seed(3)
    watched = epochwatch.watch(build(), log=log)
    fitted = watched.fit(x, with_ids(data, y), **FIT, **options)
    assert fitted.history == history
    assert_same_weights(watched, plain)
    assert recorded(log) == expected(data, epochs=2)
    return watched, plain


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [functional, listed, subclassed])
def test_inputs_and_outputs_of_any_form(kind, weighted, data, tmp_path):
    options = {"sample_weight": data.weight} if weighted else {}
    trained_twice(kind, data, tmp_path / "log", x_of(data, kind), y_of(data, kind), **options)


@pytest.mark.parametrize("kind", [functional, listed])
def test_each_output_may_have_sample_weights_of_its_own(kind, data, tmp_path):
    weights = {"mask": data.weight, "kind": data.weight[::-1].copy()}
    weights = {functional: weights, listed: list(weights.values())}[kind]
    x, y = x_of(data, kind), y_of(data, kind)
    trained_twice(kind, data, tmp_path / "log", x, y, sample_weight=weights)


def test_each_time_step_may_have_a_sample_weight_of_its_own(data, tmp_path):
    def build():
        model = keras.Sequential([layers.Input((3, 1)), layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    x = data.x[:, :, None]
    options = {"sample_weight": np.abs(data.x)}
    trained_twice(build, data, tmp_path / "log", x, x + 1, **options)


@pytest.mark.parametrize("shape", ["column", "flat", "one-hot"])
def test_class_weights_are_what_they_are_in_a_plain_fit(shape, data, tmp_path):
    y = {
        "column": data.y,
        "flat": data.y[:, 0],
        "one-hot": np.eye(3, dtype="float32")[data.y[:, 0].astype(int)],
    }[shape]

    def build():
        units = 3 if shape == "one-hot" else 1
        model = keras.Sequential([layers.Input((3,)), layers.Dense(units)])
        model.compile("adam", "mse", metrics=["mae"])
        return model

    weights = {0: 0.3, 1: 2.5, 2: 1.0}
    watched, plain = trained_twice(build, data, tmp_path / "log", data.x, y, class_weight=weights)
    others = {0: 5.0, 1: 1.0, 2: 1.0}
    watched.fit(data.x, with_ids(data, y), **FIT, class_weight=others)
    plain.fit(data.x, y, **FIT, class_weight=others)
    assert_same_weights(watched, plain)


def test_class_weights_of_a_dataset_are_what_they_are_in_a_plain_fit(data, make_model, tmp_path):
    weights = {0: 0.3, 1: 2.5, 2: 1.0}
    plain = make_model()
    plain.fit(data.plain, class_weight=weights, verbose=0)
    watched = epochwatch.watch(make_model(), log=tmp_path / "log")
    watched.fit(data.indexed, class_weight=weights, verbose=0)
    assert_same_weights(watched, plain)


def test_class_weights_beside_sample_weights_are_refused(data, make_model):
    feed = data.dataset(data.x, data.targets(), data.weight)
    with pytest.raises(BadInput, match="class_weight: got sample weights as well"):
        epochwatch.watch(make_model()).fit(feed, class_weight={0: 2.0}, verbose=0)


def test_class_weights_of_several_outputs_are_refused(data):
    targets = with_ids(data, y_of(data, functional))
    with pytest.raises(BadInput, match="class_weight: got several targets"):
        epochwatch.watch(functional()).fit(
            x_of(data, functional), targets, class_weight={0: 2.0}, verbose=0
        )


def test_mixed_precision(data, make_model, tmp_path):
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        trained_twice(make_model, data, tmp_path / "log", data.x, data.y)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_early_stopping_sees_the_same_and_what_was_trained_is_recorded(data, make_model, tmp_path):
    def stopping():
        return keras.callbacks.EarlyStopping(
            "val_loss", min_delta=10.0, patience=1, restore_best_weights=True
        )

    options = {
        "batch_size": 16,
        "epochs": 9,
        "shuffle": False,
        "verbose": 0,
        "validation_split": 0.3,
    }
    # Without dropout: torch draws it from one generator for all models.
    plain, watched = make_model(dropout=0.0), make_model(dropout=0.0)
    epochwatch.watch(watched, log=tmp_path / "log")
    history = plain.fit(data.x, data.y, callbacks=[stopping()], **options).history
    mine = watched.fit(data.x, data.targets(), callbacks=[stopping()], **options).history
    assert mine == history
    assert 1 < len(mine["loss"]) < 9
    assert_same_weights(watched, plain)
    batches = recorded(tmp_path / "log")
    assert {batch[1] for batch in batches} == set(range(1, len(mine["loss"]) + 1))
    first = [index for batch in batches if batch[1] == 1 for index in batch[3]]
    assert first == data.ids[:23].tolist()


def test_a_callback_that_stops_in_mid_epoch_ends_the_record_there(data, make_model, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.fit(data.indexed, epochs=3, verbose=0, callbacks=[Stop()])
    assert recorded(tmp_path / "log") == expected(data, epochs=1)[:2]


if BACKEND in ("tensorflow", "tf_keras"):
    import tensorflow as tf

    class OwnStep(Own):
        """A training step of one's own, as Keras' guide writes it: it goes over all metrics."""

        def train_step(self, data):
            """Train, and update each metric with the targets."""
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = tf.reduce_mean((y - y_pred) ** 2)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

elif BACKEND == "torch":
    import torch

    class OwnStep(Own):
        """A training step of one's own, as Keras' guide writes it: it goes over all metrics."""

        def train_step(self, data):
            """Train, and update each metric with the targets."""
            x, y, *_ = data
            y_pred = self(x, training=True)
            self.zero_grad()
            loss = ((y - y_pred) ** 2).mean()
            loss.backward()
            weights = list(self.trainable_weights)
            with torch.no_grad():
                self.optimizer.apply([weight.value.grad for weight in weights], weights)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

else:
    import jax

    class OwnStep(Own):
        """A training step of one's own, as Keras' guide writes it: it goes over all metrics."""

        def loss_of(self, weights, others, x, y):
            """Compute loss, outputs and updated variables."""
            y_pred, others = self.stateless_call(weights, others, x, training=True)
            return ((y - y_pred) ** 2).mean(), (y_pred, others)

        def train_step(self, state, data):
            """Train, and update each metric with the targets."""
            weights, others, optimizer, metrics = state
            x, y, *_ = data
            gradient = jax.value_and_grad(self.loss_of, has_aux=True)
            (loss, (y_pred, others)), gradients = gradient(weights, others, x, y)
            weights, optimizer = self.optimizer.stateless_apply(optimizer, gradients, weights)
            updated, logs = [], {}
            for metric in self.metrics:
                mine = metrics[len(updated) : len(updated) + len(metric.variables)]
                values = (loss,) if metric.name == "loss" else (y, y_pred)
                mine = metric.stateless_update_state(mine, *values)
                logs[metric.name] = metric.stateless_result(mine)
                updated += mine
            return logs, (weights, others, optimizer, updated)


def own_step():
    """A model with a training step of its own."""
    model = OwnStep()
    model.compile("adam", "mse", metrics=["mae"])
    return model


def test_a_training_step_of_ones_own(data, tmp_path):
    watched, _ = trained_twice(own_step, data, tmp_path / "log", data.x, data.y)
    assert type(epochwatch.unwatch(watched)) is OwnStep


@backend_only("tensorflow", "tf_keras")
def test_a_step_that_fails_is_not_recorded(data, tmp_path):
    class Fails(Own):
        def train_step(self, batch):
            logs = super().train_step(batch)
            with tf.control_dependencies([tf.debugging.assert_less(batch[0][0, 0], 1e6)]):
                return {name: tf.identity(value) for name, value in logs.items()}

    model = Fails()
    model.compile("sgd", "mse")
    data.x[16, 0] = 1e7
    watched = epochwatch.watch(model, log=tmp_path / "log")
    with pytest.raises(tf.errors.InvalidArgumentError):
        watched.fit(data.indexed, verbose=0)
    assert recorded(tmp_path / "log") == expected(data)[:1]


@backend_only("jax", "torch")
def test_a_step_that_fails_in_python_is_not_recorded(data, tmp_path):
    class Fails(Own):
        def train_step(self, *arguments):
            if float(arguments[-1][0][0, 0]) > 1e6:
                raise ArithmeticError("too large")
            return super().train_step(*arguments)

    model = Fails()
    model.compile("sgd", "mse", run_eagerly=True)
    data.x[16, 0] = 1e7
    watched = epochwatch.watch(model, log=tmp_path / "log")
    with pytest.raises(ArithmeticError):
        watched.fit(data.indexed, verbose=0)
    assert recorded(tmp_path / "log") == expected(data)[:1]
