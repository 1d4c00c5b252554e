"""All that a model trains by is kept to the bit, and given to a model built again."""

import gc
import re

import numpy as np
import pytest

from epochwatch._resuming.model_state import model_state, put_model_state
from epochwatch._resuming.plain_values import pack, unpack

from .conftest import backend_only, keras

pytestmark = backend_only("tensorflow", "jax", "torch")
layers = keras.layers


class Drawing(layers.Layer):
    """Draws from a generator of its own, and counts in variables that are no floats."""

    def build(self, shape):
        self.seeds = keras.random.SeedGenerator(7)
        self.calls = self.add_weight(name="calls", dtype="int32", trainable=False)
        self.begun = self.add_weight(
            name="begun", dtype="bool", trainable=False, initializer="zeros"
        )

    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seeds)


class TwoOptimizers(keras.Model):
    """As two networks are trained against each other, with a metric that Keras does not list."""

    def __init__(self):
        super().__init__(name="pair")
        self.one, self.other = layers.Dense(2, name="one"), layers.Dense(1, name="other")
        self.second = keras.optimizers.RMSprop(name="second")
        self.watched = [keras.metrics.Mean(name="watched")]

    @property
    def metrics(self):
        return []

    def call(self, inputs):
        return self.other(self.one(inputs))


def compiled(model, optimizer="adam", **options):
    model.compile(optimizer, "mse", metrics=["mae"], **options)
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=(np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32")))
    return model


def plain(policy=None, **of_optimizer):
    """Weights, moments, the means of a normalisation, the seed of a dropout."""
    own = [
        layers.Dense(4, name="first", dtype=policy),
        layers.BatchNormalization(name="normal", dtype=policy),
        layers.Dropout(0.3, name="drop", dtype=policy),
        layers.Dense(1, name="last", dtype=policy),
    ]
    model = keras.Sequential([keras.Input((3,)), *own], name="plain")
    return compiled(model, keras.optimizers.Adam(name="own", **of_optimizer))


def in_half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return plain()
    finally:
        keras.config.set_dtype_policy(before)


def averaging():
    return plain(use_ema=True, gradient_accumulation_steps=2)


def nested():
    """A model in a model, whose layer is also used by itself."""
    shared = layers.Dense(3, name="shared")
    inner = keras.Sequential([keras.Input((3,)), shared, layers.Dense(3, name="inner")], name="in")
    inputs = keras.Input((3,))
    outputs = layers.Dense(1, name="out")(shared(inner(shared(inputs))))
    return compiled(keras.Model(inputs, outputs, name="outer"), "sgd")


def drawing():
    return compiled(
        keras.Sequential([keras.Input((3,)), Drawing(name="drawing"), layers.Dense(1, name="out")])
    )


def with_two_optimizers():
    model = TwoOptimizers()
    model.build((None, 3))
    model.second.build(model.other.trainable_variables)
    return compiled(model)


KINDS = {
    "plain": plain,
    "bfloat16": lambda: plain("bfloat16"),
    "float16": lambda: plain("float16"),
    "mixed, with a scaled loss": in_half_precision,
    "averaged and accumulated": averaging,
    "nested, with a shared layer": nested,
    "drawing, with whole numbers": drawing,
    "two optimizers": with_two_optimizers,
}


def made_by(build):
    """Build a model; return it with all variables that came to be, in order of their names.

    They are found among all objects there are: by another way than that which is tested.
    """
    before = {id(variable) for variable in alive()}
    model = build()
    made = [variable for variable in alive() if id(variable) not in before]
    return model, sorted(made, key=lambda variable: re.sub(r"_\d+\b", "", variable.path))


def alive():
    gc.collect()
    return [each for each in gc.get_objects() if issubclass(type(each), keras.Variable)]


def bits(variables):
    arrays = [keras.ops.convert_to_numpy(variable.value) for variable in variables]
    return [(array.dtype.name, array.shape, array.tobytes()) for array in arrays]


def fill_at_random(variables, seed):
    """Give variables values that no initializer gives, the edges of their types among them."""
    rng = np.random.default_rng(seed)
    for variable in variables:
        shape = tuple(variable.shape)
        if keras.backend.is_float_dtype(variable.dtype):
            values = rng.normal(size=shape)
            values = np.where(rng.random(shape) < 0.2, rng.choice([np.inf, -0.0, np.nan]), values)
        elif variable.dtype == "bool":
            values = rng.random(shape) < 0.5
        else:
            values = rng.integers(0, 2**31 - 1, shape)
        variable.assign(
            keras.ops.cast(
                values.astype("float32") if values.dtype == float else values, variable.dtype
            )
        )


@pytest.mark.parametrize("kind", KINDS)
def test_each_variable_is_given_to_a_model_built_again(kind):
    model, variables = made_by(KINDS[kind])
    fill_at_random(variables, 1)
    state = model_state(model)
    expected = bits(variables)
    again, its_variables = made_by(KINDS[kind])
    fill_at_random(its_variables, 2)
    assert bits(its_variables) != expected

    put_model_state(again, unpack(pack(state)))

    assert bits(its_variables) == expected
    assert len(state) == len(variables) + has_global_seed(state)


def has_global_seed(state):
    return state[-1][0] == "global_seed_generator"


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_is_a_copy(kind):
    model, variables = made_by(KINDS[kind])
    fill_at_random(variables, 1)
    state = model_state(model)
    before = [array.tobytes() for _, array in state]
    fill_at_random(variables, 2)
    assert [array.tobytes() for _, array in state] == before


def test_what_draws_without_a_seed_draws_the_same():
    model = plain()
    keras.utils.set_random_seed(3)
    keras.random.normal((2,))
    state = model_state(model)
    expected = keras.ops.convert_to_numpy(keras.random.normal((5,))).tobytes()

    keras.random.normal((9,))
    put_model_state(model, state)

    assert keras.ops.convert_to_numpy(keras.random.normal((5,))).tobytes() == expected


@backend_only("torch")
def test_buffers_of_a_torch_module_are_kept():
    torch = pytest.importorskip("torch")

    def build():
        module = torch.nn.BatchNorm1d(3)
        wrapped = keras.layers.TorchModuleWrapper(module, name="wrapped")
        model = keras.Sequential([keras.Input((3,)), wrapped, layers.Dense(1, name="out")])
        return module, compiled(model)

    module, model = build()
    module.train()(torch.ones(5, 3) * 7)
    again, its_model = build()
    assert again.running_mean.tolist() != module.running_mean.tolist()

    put_model_state(its_model, unpack(pack(model_state(model))))

    assert again.running_mean.tolist() == module.running_mean.tolist()
    assert again.running_var.tolist() == module.running_var.tolist()
    assert again.num_batches_tracked.item() == module.num_batches_tracked.item() > 0
