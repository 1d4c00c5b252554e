"""The same training twice, watched and unwatched, in every way that could tell the two apart."""

import dataclasses
import random
import warnings

import keras
import numpy as np

import epochwatch
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION

ROWS, SIZE, EPOCHS = 34, 16, 3
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adam_ema": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=2),
    "adam_accumulating": lambda: keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "lion": lambda: keras.optimizers.Lion(0.01),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
}
STEPS = ("keras", "train_step", "compute_loss")


@dataclasses.dataclass(frozen=True)
class Twins:
    """How both are trained; its text is the Python that makes it again.

    Attributes:
        seed: of the weights, the dropout and the order.
        steps: what of the training step is the user's own.
        dtype: policy of the layers.
    """

    seed: int
    optimizer: str = "sgd"
    steps: str = "keras"
    dtype: str = "float32"
    normalizes: bool = False
    drops_out: bool = False
    run_eagerly: bool = False
    jit_compile: bool = False
    steps_per_execution: int = 1
    shuffle: bool = False
    weighs: str | None = None
    validates: bool = False


def random_twins(number: int) -> Twins:
    """Draw twins: the same number gives the same on the same backend."""
    chance = random.Random(number)
    eager = chance.random() < 0.15
    compiles = not eager and BACKEND != "torch" and chance.random() < 0.3
    weighs = [None, None, "samples", "classes"]
    if compiles and BACKEND == "tensorflow":
        weighs.remove("classes")  # the one exception, which `watch` tells
    return Twins(
        seed=chance.randrange(1000),
        optimizer=chance.choice(list(OPTIMIZERS)),
        steps=chance.choice(STEPS),
        dtype=chance.choice(["float32", "float32", "mixed_float16", "mixed_bfloat16"]),
        normalizes=chance.random() < 0.5,
        drops_out=chance.random() < 0.5,
        run_eagerly=eager,
        jit_compile=compiles,
        steps_per_execution=chance.choice([1, 1, 2, 3]) if HAS_STEPS_PER_EXECUTION else 1,
        shuffle=chance.random() < 0.5,
        weighs=chance.choice(weighs),
        validates=chance.random() < 0.3,
    )


class OwnStep(keras.Sequential):
    """A training step of the user's, which has to unpack what the model is fed."""

    def train_step(self, *state_and_data):
        _, targets, *_ = state_and_data[-1]
        assert not isinstance(targets, dict)
        return super().train_step(*state_and_data)


class OwnLoss(keras.Sequential):
    """A loss of the user's, which reads the targets."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight, training=training)
        return loss + keras.ops.mean(keras.ops.cast(y, loss.dtype)) * 0.01


CLASSES = {"keras": keras.Sequential, "train_step": OwnStep, "compute_loss": OwnLoss}


def made_model(twins: Twins):
    """Make and compile the model, with the same weights each time."""
    keras.utils.set_random_seed(twins.seed)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(4, "relu", dtype=twins.dtype)]
    layers += [keras.layers.BatchNormalization(dtype=twins.dtype)] * twins.normalizes
    layers += [keras.layers.Dropout(0.3, dtype=twins.dtype)] * twins.drops_out
    model = CLASSES[twins.steps]([*layers, keras.layers.Dense(1, dtype="float32")])
    options = {"run_eagerly": twins.run_eagerly, "jit_compile": twins.jit_compile}
    if HAS_STEPS_PER_EXECUTION:
        options["steps_per_execution"] = twins.steps_per_execution
    model.compile(OPTIMIZERS[twins.optimizer](), "mse", metrics=["mae"], **options)
    return model


def data_of(twins: Twins):
    chance = np.random.default_rng(twins.seed)
    x = chance.normal(size=(ROWS, 3)).astype("float32")
    return x, chance.integers(0, 2, (ROWS, 1)).astype("float32")


def trained(twins: Twins, log=None):
    """Train one of the twins, watched where there is a log; return history and weights."""
    model, (x, y) = made_model(twins), data_of(twins)
    options = {"batch_size": SIZE, "epochs": EPOCHS, "shuffle": twins.shuffle, "verbose": 0}
    if twins.validates:
        options["validation_data"] = (x[:9], y[:9])
    if twins.weighs == "samples":
        options["sample_weight"] = np.linspace(0.5, 2, ROWS).astype("float32")
    if twins.weighs == "classes":
        options["class_weight"] = {0: 1.0, 1: 2.5}
    targets = y
    if log is not None:
        model = epochwatch.watch(model, log=log)
        targets = {"label": y, "index": np.arange(ROWS)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = model.fit(x, targets, **options).history
    variables = [*model.variables, *model.optimizer.variables]
    return history, [keras.ops.convert_to_numpy(variable.value) for variable in variables]


def differences(twins: Twins, log) -> list[str]:
    """Train both twins, and say where they differ; the log must hold every row of every epoch."""
    (plain, weights), (watched, others) = trained(twins), trained(twins, log)
    faults = [
        f"history of {name}: {watched.get(name)}, unwatched {plain.get(name)}"
        for name in plain | watched
        if plain.get(name) != watched.get(name)
    ]
    pairs = zip(weights, others, strict=True)
    apart = [n for n, (a, b) in enumerate(pairs) if not np.array_equal(a, b, equal_nan=True)]
    faults += [f"variables {apart} differ"] if apart else []
    counts = epochwatch.ExposureLog.read(log).counts().exposures
    if counts.tolist() != [EPOCHS] * ROWS:
        faults.append(f"exposures {counts.tolist()}")
    return faults
