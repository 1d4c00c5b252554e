"""Equal contents have equal fingerprints, and no others: NumPy, graph and oracle alike."""

import functools
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
LEAST_NORMAL = 2.0**-126  # of float32
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


def is_small(values):
    """Whether a float32 is 0 or subnormal, or the next number."""
    return abs(values) <= LEAST_NORMAL


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
    assume(dtype != np.float32 or not (is_small(sample) & is_small(other))[0, place[0]])
    assert fingerprint(sample).tolist() != fingerprint(other).tolist()


@few
@given(hnp.arrays("int32", 8), st.permutations(range(8)))
def test_the_order_of_elements_and_of_columns_matters(values, order):
    moved = values[order]
    assume((moved != values).any())
    assert fingerprint(values[None]) != fingerprint(moved[None])
    assert fingerprint(values[None], moved[None]) != fingerprint(moved[None], values[None])


NORMAL = st.floats(width=32).filter(lambda number: number == 0 or not is_small(number))


@given(hnp.arrays("float32", (3, 5), elements=NORMAL))
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


@pytest.mark.parametrize(
    ("column", "got"),
    [
        (np.zeros((2, 3), "O"), "an array of objects such as int"),
        (np.array([None, "a"]), "an array of objects such as NoneType"),
        (np.zeros(2, "complex64"), "values of complex64"),
        (np.zeros(2, "M8[s]"), r"values of datetime64\[s\]"),
        (tf.sparse.from_dense([[1, 0]]), "a SparseTensor"),
    ],
)
def test_what_has_no_bytes_of_its_own_is_refused(column, got):
    message = f"the feed: got {got}, allowed for a fingerprint: dense and ragged .*; give"
    with pytest.raises(BadInput, match=message):
        fingerprint(column)


@pytest.mark.parametrize(
    ("column", "got"),
    [
        (lambda: tf.sparse.from_dense([[1, 0]]), "a SparseTensor"),
        (lambda: tf.zeros(2, "complex64"), "values of complex64"),
    ],
)
def test_the_graph_refuses_it_too(column, got):
    with pytest.raises(BadInput, match=f"the feed: got {got}, allowed for a fingerprint: .*; give"):
        graph_fingerprint.fingerprint(column())


# Below 1.2e-38, where float32 is subnormal and a processor may make zeros of it


TINY = st.floats(-2 * LEAST_NORMAL, 2 * LEAST_NORMAL) | st.sampled_from(
    [LEAST_NORMAL * (1 - 2.0**-bits) for bits in (23, 24, 25, 30)] + [1e-40, -5e-324, 7e-46, -0.0]
)


@functools.cache
def graph_of(spec):
    """Make a graph for tensors of a kind, once."""
    return tf.function(graph_fingerprint.fingerprint, input_signature=[spec])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@given(hnp.arrays("float64", st.tuples(st.integers(1, 5), st.integers(1, 3)), elements=TINY))
def test_the_smallest_numbers_count_the_same_in_a_graph(dtype, values):
    column = values.astype(dtype)
    wanted = [oracle.fingerprint(sample) for sample in column]
    assert fingerprint(column).tolist() == wanted
    graph = graph_of(tf.TensorSpec((None, None), dtype))
    assert graph(tf.constant(column)).numpy().tolist() == wanted


def test_float64_that_differ_below_float32s_smallest_are_samples_of_their_own():
    values = np.arange(40)[:, None] * 1e-40
    assert distinct(values) == 40
    graph = graph_of(tf.TensorSpec((None, 1), "float64"))
    assert len(set(graph(tf.constant(values)).numpy().tolist())) == 40


def test_a_subnormal_float32_counts_as_the_zero_that_a_processor_may_make_of_it():
    values = np.array([[1e-40], [-1e-40], [0.0], [-0.0], [2e-38]], "float32")
    number = fingerprint(values).tolist()
    assert number[0] == number[2] != number[1] == number[3]
    assert len(set(number)) == 3


# Texts and ragged tensors


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@st.composite
def text_batches(draw):
    """Draw a column of texts, as objects."""
    shape = (draw(st.integers(1, 4)), *draw(SHAPES))
    return draw(hnp.arrays("O", shape, elements=TEXTS))


def as_bytes(texts):
    """Encode each text of an array."""
    return np.array([text.encode() for text in texts.flat], object).reshape(texts.shape)


@few
@given(text_batches())
def test_a_text_is_the_oracles_number_in_any_kind_of_array(texts):
    wanted = [oracle.fingerprint(np.array(sample, object)) for sample in texts]
    assert fingerprint(texts).tolist() == wanted
    for kind in (as_bytes(texts), texts.astype("U"), as_bytes(texts).astype("S")):
        assert fingerprint(kind).tolist() == wanted


@told
@settings(few, max_examples=15)
@given(text_batches())
def test_a_text_has_the_same_number_in_a_graph(told, texts):
    tensor = tf.constant(as_bytes(texts), tf.string)
    assert traced(graph_fingerprint.fingerprint, [tensor], told) == fingerprint(texts).tolist()


def test_a_text_stays_what_it_was_beside_a_longer_one():
    alone, together = np.array(["ab"]), np.array(["ab", "a much longer text"])
    assert fingerprint(together)[0] == fingerprint(alone)[0]
    assert distinct(np.array(["a", "b", "ab", "ba", "", "a b", "A"])) == 7
    assert distinct(np.array([["a", "b"], ["ab", ""], ["", "ab"], ["b", "a"]])) == 4


def test_two_hundred_thousand_texts_do_not_collide():
    assert distinct(np.array([f"text {number}" for number in range(200_000)], object)) == 200_000


@st.composite
def ragged_batches(draw):
    """Draw a ragged tensor, and its samples as the oracle takes them."""
    elements = {
        "int64": st.integers(-(2**63), 2**63 - 1),
        "uint8": st.integers(0, 255),
        "float32": st.floats(width=32, allow_subnormal=False),
        "string": TEXTS,
    }
    dtype = draw(st.sampled_from(list(elements)))
    rows = st.lists(elements[dtype], max_size=5)
    depth = draw(st.integers(1, 3))
    for _ in range(1, depth):
        rows = st.lists(rows, max_size=4)
    samples = draw(st.lists(rows, min_size=1, max_size=5))
    ragged = tf.ragged.constant(samples, dtype, ragged_rank=depth)
    return ragged, [for_the_oracle(sample, dtype, depth) for sample in samples]


def for_the_oracle(rows, dtype, depth):
    """Make arrays of the innermost rows."""
    if depth == 1:
        return np.array(rows, "O" if dtype == "string" else dtype)
    return [for_the_oracle(row, dtype, depth - 1) for row in rows]


@few
@given(ragged_batches())
def test_a_ragged_tensor_is_the_oracles_number_on_the_host_and_in_a_graph(drawn):
    ragged, samples = drawn
    wanted = [oracle.fingerprint(sample) for sample in samples]
    assert fingerprint(ragged).tolist() == wanted
    assert graph_fingerprint.fingerprint(ragged).numpy().tolist() == wanted
    shape = [None] * ragged.shape.rank
    graph = graph_of(tf.RaggedTensorSpec(shape, ragged.dtype, ragged.ragged_rank))
    assert graph(ragged).numpy().tolist() == wanted


@few
@given(ragged_batches(), st.data())
def test_a_ragged_sample_has_the_same_number_whatever_batch_it_stands_in(drawn, data):
    ragged, samples = drawn
    whole = fingerprint(ragged).tolist()
    row = data.draw(st.integers(0, len(samples) - 1))
    assert fingerprint(ragged[row : row + 1]).tolist() == [whole[row]]


def test_a_ragged_tensor_counts_as_the_dense_one_that_keras_makes_of_it():
    """On JAX and torch Keras delivers it filled up with zeros."""
    for values in ([[1, 2], [], [3]], [["a", "b"], [], ["c"]]):
        ragged = tf.ragged.constant(values)
        assert fingerprint(ragged).tolist() == fingerprint(ragged.to_tensor().numpy()).tolist()


def test_rows_of_a_ragged_tensor_may_be_arrays():
    ragged = tf.RaggedTensor.from_row_lengths(np.arange(12.0).reshape(6, 2), [3, 0, 2, 1])
    wanted = fingerprint(ragged.to_tensor().numpy()).tolist()
    assert fingerprint(ragged).tolist() == wanted
    assert graph_fingerprint.fingerprint(ragged).numpy().tolist() == wanted


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
    near = st.sampled_from(
        [0.0, 1.0, 1.0, 0.5, -0.0, -3.0, 7.0, 1e-60, 1e-40, 1 - 1e-12, np.nan, np.inf]
    )
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
