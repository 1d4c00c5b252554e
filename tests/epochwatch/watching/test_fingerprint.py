"""Equal contents have equal fingerprints, and no others: NumPy, graph and oracle alike."""

import itertools

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from epochwatch._watching import graph_fingerprint
from epochwatch._watching.fingerprint import NO_LABEL, fingerprint, labels_of, multipliers
from epochwatch.errors import BadInput
from tests.epochwatch.watching import fingerprint_oracle as oracle

INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
FLOATS = ["float16", "float32", "float64", ml_dtypes.bfloat16]
DTYPES = [np.dtype(dtype) for dtype in ("bool", *INTEGERS, *FLOATS)]

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)

# How much of a shape a graph is told.
TOLD = {
    "all of it": lambda shape: shape,
    "all but the batch": lambda shape: (None, *shape[1:]),
    "the rank": lambda shape: (None,) * len(shape),
    "nothing": lambda shape: None,
}
told = pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def arrays(draw, batch, dtype=None, shapes=SHAPES):
    """Draw a column: (batch, …) of any dtype, its bits at random where they are numbers."""
    dtype = draw(st.sampled_from(DTYPES)) if dtype is None else dtype
    shape = (batch, *draw(shapes))
    if dtype == np.bool_:
        return draw(hnp.arrays(bool, shape))
    return draw(hnp.arrays(f"uint{8 * dtype.itemsize}", shape)).view(dtype)


@st.composite
def batches(draw):
    """Draw a batch of one to three columns."""
    batch = draw(st.integers(1, 5))
    return [draw(arrays(batch)) for _ in range(draw(st.integers(1, 3)))]


@few
@given(batches())
def test_it_is_the_oracles_number_for_every_dtype_and_shape(columns):
    samples = zip(*columns, strict=True)
    with np.errstate(over="ignore"):
        wanted = [oracle.fingerprint(*map(np.asarray, sample)) for sample in samples]
    assert fingerprint(*columns).tolist() == wanted


@few
@given(batches(), st.data())
def test_a_sample_has_the_same_number_whatever_batch_it_stands_in(columns, data):
    whole = fingerprint(*columns)
    rows = data.draw(st.permutations(range(len(whole))))
    assert fingerprint(*[column[rows] for column in columns]).tolist() == whole[rows].tolist()
    for row in rows:
        alone = fingerprint(*[column[row : row + 1] for column in columns])
        assert alone.tolist() == [whole[row]]


def traced(function, tensors, told):
    """Make a graph that is told so much of the shapes."""
    specs = [tf.TensorSpec(told(tensor.shape), tensor.dtype) for tensor in tensors]
    return tf.function(function, input_signature=specs)(*tensors).numpy().tolist()


@told
@settings(few, max_examples=25)
@given(batches())
def test_a_graph_has_the_same_number_however_much_it_is_told_of_shapes(told, columns):
    tensors = [tf.constant(column) for column in columns]
    wanted = fingerprint(*columns).tolist()
    assert traced(graph_fingerprint.fingerprint, tensors, told) == wanted


@few
@given(batches())
def test_tensors_have_the_same_number_outside_of_a_graph(columns):
    tensors = [tf.constant(column) for column in columns]
    wanted = fingerprint(*columns).tolist()
    assert graph_fingerprint.fingerprint(*tensors).numpy().tolist() == wanted


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_every_nan_of_16_bits_has_the_same_number_in_a_graph(dtype):
    """NumPy leaves the signalling ones of float16 as they are, TensorFlow does not."""
    values = np.arange(2**16, dtype=np.uint16).view(dtype)
    with np.errstate(invalid="ignore"):
        nans = values[np.isnan(values)]
    there = graph_fingerprint.fingerprint(tf.constant(nans)).numpy()
    assert there.tolist() == fingerprint(nans).tolist()


@few
@given(st.sampled_from(DTYPES), st.data())
def test_one_bit_more_or_less_changes_it(dtype, data):
    # Of float64 and bfloat16 only what float32 tells apart is content.
    dtype = np.dtype("float32") if dtype.kind in "fV" else dtype
    shape = st.just((data.draw(st.integers(1, 40)),))
    sample = data.draw(arrays(1, dtype, shape))
    bits = 1 if dtype == np.bool_ else 8 * dtype.itemsize
    other = sample.copy()
    place = data.draw(st.integers(0, sample.size - 1)), data.draw(st.integers(0, bits - 1))
    raw = other.view(f"uint{8 * dtype.itemsize}")
    raw[0, place[0]] ^= np.array(1 << place[1]).astype(raw.dtype)
    assert fingerprint(sample).tolist() != fingerprint(other).tolist()


@few
@given(hnp.arrays("int32", 8), st.permutations(range(8)))
def test_the_order_of_elements_and_of_columns_matters(values, order):
    moved = values[order]
    assume((moved != values).any())
    assert fingerprint(values[None]) != fingerprint(moved[None])
    assert fingerprint(values[None], moved[None]) != fingerprint(moved[None], values[None])


@given(hnp.arrays("float32", (3, 5), elements=st.floats(width=32)))
def test_the_same_number_counts_the_same_as_float32_and_as_float64(values):
    assert fingerprint(values.astype("float64")).tolist() == fingerprint(values).tolist()


@given(hnp.arrays("int16", (2, 3)))
def test_the_same_integer_counts_the_same_in_any_width(values):
    widths = [values.astype(dtype) for dtype in ("int32", "int64")]
    assert len({tuple(fingerprint(each).tolist()) for each in (values, *widths)}) == 1


@few
@given(hnp.arrays("float32", (2, 3, 2)), st.integers(1, 9))
def test_padding_with_zeros_leaves_a_sample_what_it_was(x, more):
    """Else a text were another one whenever its batch is padded to another length."""
    y = np.array([0, 1])
    padded = np.pad(x, ((0, 0), (0, more), (0, 0)))
    assert fingerprint(padded, y).tolist() == fingerprint(x, y).tolist()


def distinct(samples, *more):
    """Count the distinct fingerprints."""
    return len(np.unique(fingerprint(samples, *more)))


@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_pairs_of_flipped_signs_zeros_and_permutations_do_not_collide(dtype):
    signs = np.array(list(itertools.product([-1, 1], repeat=8)))
    zeros = np.array(list(itertools.product([0, 1], repeat=8)))
    permutations = np.array(list(itertools.permutations(range(7))))
    assert distinct(signs.astype("int8" if dtype == "uint8" else dtype)) == 2**8
    assert distinct(zeros.astype(dtype)) == 2**8
    assert distinct(permutations.astype(dtype)) == 5040


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_an_image_and_its_transpose_mirror_and_negative_do_not_collide(dtype):
    image = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(dtype)
    images = [image, image.T, image[::-1], image[:, ::-1], 255 - image, np.roll(image, 1)]
    assert distinct(np.stack(images)) == len(images)


@pytest.mark.parametrize("first_byte", range(0, 13, 3))
def test_two_hundred_thousand_counters_do_not_collide(first_byte):
    samples = np.zeros((200_000, 16), np.uint8)
    counters = np.arange(200_000, dtype="<u4")
    samples[:, first_byte : first_byte + 4] = counters.view(np.uint8).reshape(-1, 4)
    assert distinct(samples) == 200_000
    assert distinct(samples.astype("float32")) == 200_000


def test_the_class_is_part_of_the_content():
    x = np.zeros((3, 4), "float32")
    assert distinct(x, np.array([0, 1, 2])) == 3
    assert distinct(x, np.eye(3, dtype="float32")) == 3


def test_multipliers_are_odd_and_all_different():
    many = np.concatenate([multipliers(10_000, which, n) for which in (0, 1) for n in (0, 1, 2)])
    assert (many % 2 == 1).all()
    assert len(np.unique(many)) == len(many)


def test_numbers_that_float32_cannot_hold_warn_nobody(recwarn):
    assert distinct(np.array([[1e300], [-1e300], [np.nan]])) == 3
    assert len(recwarn) == 0


def test_the_byte_order_of_an_array_is_not_its_content():
    for dtype in ("f4", "i8"):
        values = np.arange(6).reshape(2, 3)
        swapped = fingerprint(values.astype(f">{dtype}"))
        assert swapped.tolist() == fingerprint(values.astype(f"<{dtype}")).tolist()


@pytest.mark.parametrize("dtype", ["U1", "O", "complex64", "M8[s]"])
def test_what_has_no_bytes_of_its_own_is_refused(dtype):
    message = "the feed: got values of .*, allowed for a fingerprint: numbers and truth values; "
    with pytest.raises(BadInput, match=message):
        fingerprint(np.zeros((2, 3), dtype))


@pytest.mark.parametrize(
    ("column", "got"),
    [
        (lambda: tf.constant(["a"]), "got values of object"),
        (lambda: tf.ragged.constant([[1], [2, 3]]), "got a RaggedTensor"),
        (lambda: tf.sparse.from_dense([[1, 0]]), "got a SparseTensor"),
    ],
)
def test_the_graph_refuses_it_too(column, got):
    with pytest.raises(BadInput, match=f"the feed: {got}, allowed for a fingerprint: .*; give"):
        graph_fingerprint.fingerprint(column())


def test_these_are_the_numbers_of_old():
    """A log that is kept names its samples by them: they must not change unnoticed."""
    pair = np.array([[1.5, 2.5], [2.5, 1.5]]), np.array([0, 1])
    assert fingerprint(pair[0]).tolist() == [565456412253973592, -9044058108242264215]
    assert fingerprint(*pair).tolist() == [565456412253973592, -3556094729268676607]


# Labels


@st.composite
def label_batches(draw):
    """Draw targets that may be class numbers, in any of the usual forms."""
    batch = draw(st.integers(1, 6))
    classes = draw(st.integers(0, 4))
    shape = draw(st.sampled_from([(batch,), (batch, 1), (batch, classes), (batch, 2, 2)]))
    dtype = draw(st.sampled_from(DTYPES))
    if dtype.kind in "biu":
        return draw(hnp.arrays(dtype, shape, elements=st.integers(0, 1).map(dtype.type)))
    near = st.sampled_from([0.0, 1.0, 1.0, 0.5, -0.0, -3.0, 7.0, 1e-60, 1 - 1e-12, np.nan, np.inf])
    with np.errstate(over="ignore"):
        return draw(hnp.arrays("float64", shape, elements=near)).astype(dtype)


def as_list(labels, batch):
    """Write labels so that none at all and none for each sample are the same."""
    return [NO_LABEL] * batch if labels is None else np.asarray(labels).tolist()


def labels_or_none_for_each(y):
    """Read labels in a graph, which must return a tensor."""
    found = graph_fingerprint.labels_of(y)
    return tf.fill(tf.shape(y)[:1], np.int64(NO_LABEL)) if found is None else found


@settings(few, max_examples=300)
@given(label_batches())
def test_labels_are_the_oracles(y):
    wanted = [NO_LABEL if label is None else label for label in map(oracle.label_of, y)]
    assert as_list(labels_of(y), len(y)) == wanted


@told
@settings(few, max_examples=40)
@given(label_batches())
def test_labels_in_a_graph_are_the_same_however_much_it_is_told_of_shapes(told, y):
    wanted = as_list(labels_of(y), len(y))
    assert traced(labels_or_none_for_each, [tf.constant(y)], told) == wanted


@pytest.mark.parametrize(
    ("y", "labels"),
    [
        ([3, -1, 2**40], [3, -1, 2**40]),
        ([3.0, 2.5, np.nan, np.inf, -np.inf], [3, *[NO_LABEL] * 4]),
        ([[3.0], [4.0]], [3, 4]),
        ([[0, 1, 0], [1, 1, 0], [0, 0, 0], [0, 2, -1]], [1, *[NO_LABEL] * 3]),
        ([True, False], [1, 0]),
        (np.array([2, 1], "float16"), [2, 1]),
        ([1e30], [NO_LABEL]),
    ],
    ids=str,
)
def test_a_label_is_a_whole_number_or_one_hot(y, labels):
    y = np.array(y)
    assert labels_of(y).tolist() == labels
    assert graph_fingerprint.labels_of(tf.constant(y)).numpy().tolist() == labels


@pytest.mark.parametrize(
    "y",
    [np.array(["a"]), np.zeros((2, 2, 2)), np.zeros(()), np.zeros((2, 0)), np.zeros(2, "c8")],
    ids=str,
)
def test_what_is_no_class_number_has_no_label(y):
    assert labels_of(y) is None
    assert graph_fingerprint.labels_of(tf.constant(y)) is None


def test_several_targets_have_no_label():
    for y in (None, {"a": np.zeros(2)}, [np.zeros(2)], tf.ragged.constant([[1]])):
        assert labels_of(y) is None
        assert graph_fingerprint.labels_of(y) is None
