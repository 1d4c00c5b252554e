"""What a feed delivers is told apart by its content, as the training step receives it."""

import functools

import numpy as np
import pytest
import tensorflow as tf

from epochwatch import audit
from epochwatch._watching.backends import keras_release
from epochwatch.errors import BadInput
from tests.backends.audits import ON
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.small_feeds import BATCHES, ROWS, SIZE, Base

# Keras 2 casts; of Keras 3.15, JAX on a CPU is given NumPy's arrays, of others its own.
CUTS_FLOATS = BACKEND == "tf_keras" or (BACKEND == "jax" and keras_release(keras) != (3, 15))
LABELS = np.arange(ROWS) % 2
HALVES = {"steps_per_epoch": BATCHES // 2, "epochs": 2}  # one pass, of a generator
TEXTS = np.array([f"{'long ' * (number % 3)}sample {number}" for number in range(ROWS)])


def sound(report):
    """Check that each sample of the feed was recognised in the training, and nothing else."""
    counted = (report.whole.samples, report.whole.trained, report.not_in_pass, report.conflicts)
    assert counted == (ROWS, ROWS, 0, 0)
    return not report.findings and report.verdict == "resumes"


# Texts


def texts():
    """A pipeline that delivers texts, as before a TextVectorization."""
    return tf.data.Dataset.from_tensor_slices((TEXTS, LABELS)).batch(SIZE)


def split_texts():
    """The words of each text, ragged."""
    return tf.data.Dataset.from_tensor_slices((tf.strings.split(TEXTS), LABELS)).batch(SIZE)


@backend_only("tensorflow", "tf_keras")
@pytest.mark.parametrize("make", [texts, split_texts])
def test_a_text_pipeline_is_audited_without_an_index(make):
    assert sound(audit(make, epochs=2, **ON))


@backend_only("tensorflow", "tf_keras")
def test_arrays_of_texts_are_audited_without_an_index():
    texts = TEXTS.astype(object)
    in_order = {"batch_size": SIZE, "shuffle": False}
    assert sound(audit(lambda: (texts, LABELS), epochs=2, **in_order, **ON))


@backend_only("jax", "torch")
def test_texts_are_refused_in_one_line_where_keras_takes_none():
    with pytest.raises(BadInput) as refused:
        audit(texts, epochs=2, **ON)
    assert str(refused.value) == (
        f"the feed: got texts, allowed on {BACKEND}: numbers; Keras takes texts only on "
        "TensorFlow, so turn them into numbers in the feed"
    )


# Ragged tensors


def ragged():
    """Rows of one to four numbers."""
    return tf.ragged.constant([[1 + number] * (1 + number % 4) for number in range(ROWS)])


def twice_ragged():
    """Rows of one to three rows of one to four numbers."""
    return tf.ragged.constant(
        [[[1 + number] * (1 + number % 4)] * (1 + number % 3) for number in range(ROWS)]
    )


@backend_only("tensorflow", "tf_keras", "jax")  # on torch Keras refuses a dataset of them
@pytest.mark.parametrize("column", [ragged, twice_ragged])
def test_a_dataset_of_ragged_tensors_is_audited_without_an_index(column):
    dataset = tf.data.Dataset.from_tensor_slices((column(), LABELS)).batch(SIZE)
    assert sound(audit(lambda: dataset.take(-1), epochs=2, **ON))


@pytest.mark.parametrize("column", [ragged, twice_ragged])
def test_ragged_arrays_are_audited_without_an_index(column):
    in_order = {"batch_size": SIZE, "shuffle": False}
    assert sound(audit(lambda: (column(), LABELS), epochs=2, **in_order, **ON))


# Numbers below 1.2e-38, where float32 is subnormal


class HeatMaps(Base):
    """Gaussians, most of which float32 cannot tell from 0, computed when they are asked for."""

    def __init__(self, dtype, indexed):
        super().__init__()
        self.dtype = dtype
        self.indexed = indexed

    def __len__(self):
        return BATCHES

    def __getitem__(self, place):
        rows = np.arange(SIZE) + place * SIZE
        x = np.exp(-((np.linspace(0, 12, 64) + rows[:, None] / 100) ** 2)).astype(self.dtype)
        label = LABELS[rows]
        return x, ({"label": label, "index": rows} if self.indexed else label)


def heat_maps_in_a_generator(dtype, indexed):
    """The same from a generator."""
    maps = HeatMaps(dtype, indexed)
    return (maps[place] for place in range(BATCHES))


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_heat_maps_made_within_fit_are_those_of_a_plain_pass(dtype, indexed):
    # TensorFlow has the processor make zeros of subnormal numbers where it runs Python code.
    assert sound(audit(lambda: HeatMaps(dtype, indexed), epochs=2, shuffle=False, **ON))
    generated = functools.partial(heat_maps_in_a_generator, dtype, indexed)
    assert sound(audit(generated, **HALVES, **ON))


def tiny(rows):
    """Numbers that differ where float32 is subnormal, and nowhere else."""
    return rows[:, None] * 1e-40, {"label": LABELS[rows], "index": rows}


def tiny_generator(indexed):
    """Make the batches in float64."""
    for rows in np.arange(ROWS).reshape(BATCHES, SIZE):
        x, y = tiny(rows)
        yield x, (y if indexed else y["label"])


@pytest.mark.skipif(CUTS_FLOATS, reason="they are zero in float32")
def test_the_smallest_float64_of_a_generator_are_samples_of_their_own():
    assert sound(audit(lambda: tiny_generator(indexed=False), **HALVES, **ON))


def test_the_smallest_float64_are_no_index_conflicts():
    assert sound(audit(lambda: tiny_generator(indexed=True), **HALVES, **ON))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_that_differ_in_the_smallest_numbers_only_are_the_same_on_both_sides(dtype):
    x = (np.arange(ROWS)[:, None] * 1e-40).astype(dtype)
    report = audit(lambda: (x, LABELS), epochs=2, batch_size=SIZE, shuffle=False, **ON)
    assert (report.whole.samples, report.whole.trained, report.not_in_pass) == (2, 2, 0)


@pytest.mark.skipif(not CUTS_FLOATS, reason="the step gets float64")
def test_what_is_cast_in_fit_is_cast_in_the_plain_pass_too():
    report = audit(lambda: tiny_generator(indexed=False), **HALVES, **ON)
    assert (report.whole.samples, report.whole.trained, report.not_in_pass) == (2, 2, 0)
