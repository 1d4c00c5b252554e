"""What runs on every backend: EPOCHWATCH_BACKEND says on which, TensorFlow unless told.

Models and data are small, and batches end in a short one: 34 rows in batches of 16.
"""

import gc
import importlib
import os

import numpy as np
import pytest
import tensorflow as tf

from epochwatch._watching.backends import keras_release
from tests.sample import shared_out

BACKEND = os.environ.get("EPOCHWATCH_BACKEND", "tensorflow")
ROWS, BATCH_SIZE = 34, 16

keras = importlib.import_module("tf_keras" if BACKEND == "tf_keras" else "keras")
COLLECTS_EXECUTIONS = keras_release(keras) >= (3, 16) and BACKEND in ("jax", "torch")
HAS_STEPS_PER_EXECUTION = BACKEND != "torch" or COLLECTS_EXECUTIONS  # or Keras refuses more than 1


def backend_only(*names):
    """Leave a test to some of the backends."""
    return pytest.mark.skipif(BACKEND not in names, reason=f"is of {', '.join(names)}")


# What an audit makes of the batches that it has seen trained is one code for Keras 3's backends.
# That it sees them is for test_audit.py and the tests of watching.
JUDGEMENTS = [f"test_audit_{name}.py" for name in ("counts", "findings", "options", "verdicts")]


def pytest_collection_modifyitems(config, items):
    """Share tests of judgements out among the backends; those that some of them lack stay."""

    def function_of(item):
        is_everywhere = not any(item.iter_markers("skipif"))
        is_judgement = item.path.parent.name == "backends" and item.path.name in JUDGEMENTS
        return (item.path.name, item.originalname) if is_judgement and is_everywhere else None

    functions = sorted({function_of(item) for item in items} - {None})
    of_others = set(functions) - set(shared_out(functions))
    config.hook.pytest_deselected(items=[item for item in items if function_of(item) in of_others])
    items[:] = [item for item in items if function_of(item) not in of_others]


@pytest.fixture(scope="session", autouse=True)
def _the_backend_is_the_one_asked_for():
    import keras as keras_3

    assert keras_3.backend.backend() == BACKEND.replace("tf_keras", "tensorflow")


@pytest.fixture(autouse=True, scope="module")
def _no_garbage_left_behind():
    """Free what a file has trained: all at once it holds a worker up for a minute, now and then."""
    yield
    gc.collect()


class Data:
    """Rows with targets; `indexed` carries the index beside the target, `plain` does not."""

    def __init__(self, ids, batch_size=BATCH_SIZE):
        rng = np.random.default_rng(0)
        self.ids = np.asarray(ids, np.int64)
        self.x = rng.normal(size=(len(ids), 3)).astype("float32")
        self.y = rng.integers(0, 3, (len(ids), 1)).astype("float32")
        self.weight = rng.uniform(0.5, 2, len(ids)).astype("float32")
        self.batch_size = batch_size

    def targets(self):
        """The targets of a watched model."""
        return {"label": self.y, "index": self.ids}

    def dataset(self, *columns):
        """Batch some columns."""
        return tf.data.Dataset.from_tensor_slices(columns).batch(self.batch_size)

    @property
    def indexed(self):
        """The feed of a watched model."""
        return self.dataset(self.x, self.targets())

    @property
    def plain(self):
        """The same without indices."""
        return self.dataset(self.x, self.y)

    def batches(self):
        """The indices, batch by batch, counted without TensorFlow."""
        starts = range(0, len(self.ids), self.batch_size)
        return [self.ids[start : start + self.batch_size].tolist() for start in starts]


@pytest.fixture
def data():
    """Rows with indices beyond what a float can hold."""
    return Data(np.arange(ROWS) + 2**62 + 1)


@pytest.fixture
def make_model():
    """Make a compiled model, the same weights every time."""

    def make(dropout=0.3, **compile_options):
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.layers.Input((3,)),
                keras.layers.Dense(4, activation="relu"),
                keras.layers.Dropout(dropout),
                keras.layers.Dense(1),
            ]
        )
        model.compile("adam", "mse", metrics=["mae"], **compile_options)
        return model

    return make
