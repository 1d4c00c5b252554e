"""Every sample gets the index that says which it is, or the feed is refused."""

import functools
import pickle

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

import epochwatch
from epochwatch import with_index
from epochwatch.errors import BadInput
from tests.epochwatch.feeds.test_facts import BATCH_SIZE, ROWS, EndlessItems, Items

OWN = np.arange(ROWS) * 3 + 2**62


def rows():
    """34 rows; row i is i, so that a sample says which it is."""
    return np.arange(ROWS)[:, None].astype("float32"), np.arange(ROWS)


def samples():
    return tf.data.Dataset.from_tensor_slices(rows())


def delivered(dataset):
    """Pairs of the number that a sample carries in its label, and its index."""
    pairs = []
    for _, y, *_ in dataset:
        label, index = np.atleast_1d(y["label"]), np.atleast_1d(y["index"])
        assert index.dtype == np.int64
        pairs += zip(label.tolist(), index.tolist(), strict=True)
    return pairs


EACH_ITS_OWN = [(i, i) for i in range(ROWS)]


# Arrays


@given(st.integers(1, 60))
def test_rows_of_arrays_are_numbered_from_0(count):
    x, y, weight = np.zeros((count, 2)), np.zeros(count), np.ones(count)
    same_x, targets, same_weight = with_index(x, y, weight)
    assert same_x is x
    assert same_weight is weight
    assert targets["label"] is y
    assert targets["index"].dtype == np.int64
    assert targets["index"].tolist() == list(range(count))


def test_arrays_without_weights_come_back_as_two():
    assert len(with_index(*rows())) == 2


def test_a_list_of_targets_stays_a_list_and_named_targets_get_one_more():
    x, y = rows()
    assert with_index(x, [y, y])[1]["label"] == [y, y]
    assert with_index(x, {"mask": y, "kind": y})[1].keys() == {"mask", "kind", "index"}


@pytest.mark.parametrize("x", [rows()[0], {"a": rows()[0]}, [rows()[0]] * 2])
def test_arrays_without_targets_get_the_index_alone(x):
    same, targets = with_index(x)
    assert same is x or same == x
    assert list(targets) == ["index"]
    assert targets["index"].tolist() == list(range(ROWS))


def test_lists_of_numbers_become_arrays_and_lists_of_arrays_stay_lists():
    x, y = rows()
    arrays = with_index(x.tolist(), {"a": y.tolist()}, [1] * ROWS)
    assert (arrays[0] == x).all()
    assert (arrays[1]["a"] == y).all()
    assert arrays[2].tolist() == [1] * ROWS
    assert with_index(["a", "b"])[0].tolist() == ["a", "b"]
    assert isinstance(with_index([x, x], [y, y])[0], list)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint32", "int64"])
def test_indices_of_any_width_are_widened_and_may_be_negative(dtype):
    own = -np.arange(ROWS) if dtype.startswith("i") else np.arange(ROWS)
    index = with_index(*rows(), index=own.astype(dtype))[1]["index"]
    assert index.dtype == np.int64
    assert (index == own).all()


def test_indices_of_ones_own_may_be_given_to_arrays():
    assert (with_index(*rows(), index=OWN)[1]["index"] == OWN).all()
    assert with_index(*rows(), index=list(range(ROWS)))[1]["index"].dtype == np.int64


def test_a_watched_fit_records_the_numbers_of_the_rows(tmp_path):
    x, y = rows()
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    epochwatch.watch(model, log=tmp_path / "log")
    model.fit(*with_index(x, y), batch_size=BATCH_SIZE, shuffle=False, verbose=0)
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert log.to_arrow()["index"].to_pylist() == list(range(ROWS))


# tf.data


def test_samples_of_a_dataset_keep_their_index_through_shuffle_repeat_and_batch():
    feed = with_index(samples()).shuffle(ROWS).repeat(2).batch(BATCH_SIZE)
    assert sorted(delivered(feed)) == sorted(EACH_ITS_OWN * 2)


@pytest.mark.parametrize("said", [None, True])
@pytest.mark.parametrize("drop_remainder", [False, True])
def test_batches_are_numbered_sample_by_sample(drop_remainder, said):
    batches = samples().batch(BATCH_SIZE, drop_remainder=drop_remainder)
    feed = with_index(batches, batched=said)
    assert delivered(feed) == EACH_ITS_OWN[: 32 if drop_remainder else ROWS]
    assert feed.element_spec[1]["index"].shape == batches.element_spec[1].shape
    assert delivered(feed) == delivered(feed)


def test_batches_are_known_by_the_batch_at_the_end_of_a_dataset():
    for batched in (
        samples().batch(BATCH_SIZE).cache().prefetch(2).take(3),
        samples().batch(BATCH_SIZE, num_parallel_calls=2).with_options(tf.data.Options()),
        samples().padded_batch(BATCH_SIZE),
        samples().ragged_batch(BATCH_SIZE),
    ):
        assert delivered(with_index(batched)) == EACH_ITS_OWN


def test_batches_of_changing_length_are_numbered_on():
    batches = samples().batch(3).concatenate(samples().skip(ROWS).batch(5)).take(2)
    odd = batches.concatenate(samples().skip(6).batch(5))
    assert delivered(with_index(odd, batched=True)) == EACH_ITS_OWN


def test_inputs_alone_get_the_index_alone():
    inputs = samples().map(lambda _, y: {"a": y})
    for feed in (with_index(inputs), with_index(inputs.batch(4)).unbatch()):
        index = [int(y["index"]) for x, y in feed if y.keys() == {"index"}]
        assert index == [int(x["a"]) for x, y in feed] == list(range(ROWS))
    _, y, weight = next(iter(with_index(samples().map(lambda x, y: (x, None, y)))))
    assert (list(y), int(weight)) == (["index"], 0)


def test_batches_of_ragged_tensors_are_numbered():
    ragged = tf.ragged.constant([[number] * (number % 3) for number in range(ROWS)])
    feed = with_index(tf.data.Dataset.from_tensor_slices(ragged).batch(BATCH_SIZE))
    assert np.concatenate([y["index"] for _, y in feed]).tolist() == list(range(ROWS))


def test_the_rest_of_an_element_stays_as_it_was():
    x, y = rows()
    weighted = tf.data.Dataset.from_tensor_slices(({"a": x}, {"mask": y, "kind": (y, y)}, y))
    for feed in (with_index(weighted), with_index(weighted.batch(4), batched=True)):
        inputs, targets, weight = next(iter(feed))
        assert inputs.keys() == {"a"}
        assert targets.keys() == {"mask", "kind", "index"}
        assert (weight == targets["index"]).numpy().all()
        assert (targets["kind"][1] == targets["index"]).numpy().all()


def test_a_dataset_keeps_its_length():
    assert with_index(samples()).cardinality() == ROWS
    assert with_index(samples().batch(BATCH_SIZE), batched=True).cardinality() == 3


def one_hot():
    """Samples whose shapes, (10,) and (10,), could be a batch's."""
    return tf.data.Dataset.from_tensor_slices((np.zeros((4, 10)), np.eye(4, 10)))


def test_samples_that_look_like_batches_are_numbered_when_said_not_to_be():
    assert [int(y["index"]) for _, y in with_index(one_hot(), batched=False)] == [0, 1, 2, 3]


# What Keras' own helpers make


FILES = 18


def image(number):
    """Make an image that says which it is."""
    return tf.io.encode_png(tf.fill((8, 8, 3), tf.cast(number, tf.uint8))).numpy()


def sound(number):
    """Make a sound that says which it is."""
    return tf.audio.encode_wav(tf.fill((20, 1), number / 100), 8000).numpy()


def text(number):
    """Make a text that says which it is."""
    return str(number).encode()


HELPERS = {
    "image": (image, "png", {"image_size": (8, 8)}, lambda x: x[..., 0, 0, 0]),
    "text": (text, "txt", {}, lambda x: np.array(x).astype(int)),
    "audio": (sound, "wav", {"output_sequence_length": 16}, lambda x: x[..., 0, 0] * 100),
}


@pytest.fixture(params=HELPERS)
def helper(request, tmp_path):
    """A function that makes a dataset of the files in a folder, and one that reads its samples."""
    encode, suffix, options, number_of = HELPERS[request.param]
    for number in range(FILES):
        folder = tmp_path / ("a" if number < FILES // 2 else "b")
        folder.mkdir(exist_ok=True)
        (folder / f"{number:02}.{suffix}").write_bytes(encode(number))
    make = getattr(keras.utils, f"{request.param}_dataset_from_directory")
    return functools.partial(make, tmp_path, verbose=False, **options), number_of


def numbered(feed, number_of):
    """Pairs of the number that each sample shows, and its index; checks their class."""
    pairs = []
    for x, y in feed:
        numbers = np.atleast_1d(np.round(number_of(x.numpy()))).astype(int)
        assert (np.atleast_1d(y["label"]) == numbers // (FILES // 2)).all()
        pairs += zip(numbers.tolist(), np.atleast_1d(y["index"]).tolist(), strict=True)
    return pairs


EACH_FILE = [(number, number) for number in range(FILES)]


@pytest.mark.parametrize("batch_size", [4, None])
def test_files_in_order_are_numbered_as_they_are_listed(helper, batch_size):
    make, number_of = helper
    files = make(shuffle=False, batch_size=batch_size)
    assert numbered(with_index(files), number_of) == EACH_FILE
    if hasattr(files, "file_paths"):
        assert [int(path[-6:-4]) for path in files.file_paths] == list(range(FILES))


def test_files_are_shuffled_behind_their_index_by_the_recipe(helper):
    make, number_of = helper
    feed = with_index(make(shuffle=False, batch_size=None)).shuffle(1000, seed=1).batch(4)
    first, second = (numbered(feed, number_of) for _ in range(2))
    assert sorted(first) == sorted(second) == EACH_FILE
    assert first != second


def test_files_that_are_shuffled_already_are_refused_with_the_recipe(helper):
    make, _ = helper
    with pytest.raises(BadInput) as caught:
        with_index(make())
    assert str(caught.value) == (
        "with_index: got a dataset behind `shuffle`, allowed: one that delivers each sample once, "
        "in the same order in every pass; add the index first: with_index(dataset).shuffle(…)."
        "batch(…); list_files and Keras' helpers shuffle by default: with_index("
        "image_dataset_from_directory(…, shuffle=False, batch_size=None)).shuffle(…).batch(…)"
    )


def windows(**options):
    """Windows of five steps of a series; window i begins with i."""
    series = np.arange(30.0)
    return keras.utils.timeseries_dataset_from_array(series, series, 5, **options)


@pytest.mark.parametrize("batch_size", [4, None])
def test_windows_of_a_series_are_numbered(batch_size):
    each = [(number, number) for number in range(26)]
    assert delivered(with_index(windows(batch_size=batch_size))) == each


def test_windows_are_shuffled_behind_their_index_by_the_recipe():
    feed = with_index(windows(batch_size=None)).shuffle(1000).batch(4)
    assert sorted(delivered(feed)) == [(number, number) for number in range(26)]
    with pytest.raises(BadInput, match="behind `shuffle`.* shuffle=False, batch_size=None"):
        with_index(windows(shuffle=True))


def test_a_constant_beside_each_sample_repeats_none():
    constant = tf.data.Dataset.from_tensors(7.0).repeat()
    feed = tf.data.Dataset.zip(constant, samples()).map(lambda _, sample: sample)
    assert delivered(with_index(feed)) == EACH_ITS_OWN


# PyDataset


class Weighted(Items):
    """Items with weights, in threads."""

    def __getitem__(self, place):
        return *super().__getitem__(place), np.ones(1)


class Shuffled(Items):
    """Items that hold other samples after each epoch, as many a Sequence does."""

    def __init__(self):
        super().__init__()
        self.order = np.arange(ROWS)

    def on_epoch_end(self):
        self.order = self.order[::-1]

    def indices(self, place):
        return self.order[place * BATCH_SIZE : (place + 1) * BATCH_SIZE]

    def __getitem__(self, place):
        rows = self.indices(place)
        return rows[:, None], rows


class Growing(Items):
    """Item i holds i + 1 samples."""

    def __getitem__(self, place):
        return np.zeros((place + 1, 1)), np.zeros(place + 1)


def test_items_are_numbered_through_up_to_the_short_last_one():
    feed = with_index(Items())
    assert delivered(feed[i] for i in range(feed.num_batches)) == EACH_ITS_OWN


def test_an_item_needs_none_of_the_items_before_it():
    assert with_index(Items())[2][1]["index"].tolist() == [32, 33]


def test_a_wrapped_py_dataset_has_the_length_workers_and_weights_of_the_other():
    feed = with_index(Weighted(workers=3, use_multiprocessing=True, max_queue_size=7))
    assert (feed.workers, feed.use_multiprocessing, feed.max_queue_size) == (3, True, 7)
    assert feed.num_batches == 3
    assert len(feed[0]) == 3
    assert with_index(EndlessItems()).num_batches is None


def test_items_without_targets_get_the_index_alone():
    assert with_index(InputsOnly())[2][1]["index"].tolist() == [32, 33]


def test_a_wrapped_py_dataset_passes_its_epochs_on():
    shuffled = Shuffled()
    feed = with_index(shuffled, index=shuffled.indices)
    feed.on_epoch_begin()
    assert feed[2][1]["index"].tolist() == [32, 33]
    feed.on_epoch_end()
    assert feed[2][1]["index"].tolist() == [1, 0]


@pytest.mark.parametrize("make", [Items, Shuffled])
def test_a_wrapped_py_dataset_is_still_itself_after_pickling(make):
    feed = make()
    index = getattr(feed, "indices", None)
    copy = pickle.loads(pickle.dumps(with_index(feed, index=index)))
    copy.on_epoch_end()
    pairs = delivered(copy[i] for i in range(3))
    assert sorted(pairs) == EACH_ITS_OWN
    assert pairs[0] == ((33, 33) if make is Shuffled else (0, 0))


# What is refused


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: with_index(rows()), r"got a tuple of 2, allowed: .*with_index\(\*arrays\)"),
        (lambda: with_index(rows()[0], np.zeros(33)), "got 34 and 33 rows, allowed: one row"),
        (lambda: with_index(rows()[0], 7), "got int 7, allowed: arrays .* numpy.asarray"),
        (lambda: with_index([[1], [2, 3]], [0, 1]), "got a list of lists of different lengths"),
        (lambda: with_index(rows()[0], tf.constant(1.0)), "got EagerTensor .*, allowed: arrays"),
        (lambda: with_index(*rows(), batched=True), "got batched, which arrays does not take"),
        (lambda: with_index(*rows(), index=OWN[:9]), r"index: got int64 \(9,\), allowed: int64 \("),
        (lambda: with_index(*rows(), index=OWN / 1), r"index: got float64 \(34,\), allowed: int64"),
        (lambda: with_index(*rows(), index=OWN.astype("uint64")), "index: got uint64"),
        (lambda: with_index(*with_index(*rows())), 'already have an "index"'),
        (lambda: with_index(with_index(samples())), 'already have an "index"'),
        (lambda: with_index(with_index(Items())), 'already have an "index"'),
        (lambda: with_index(samples(), rows()[1]), "got y, which tf_data does not take"),
        (lambda: with_index(samples(), index=OWN), "got index, which tf_data does not take"),
        (lambda: with_index(samples().repeat()), r"without an end, .*with_index\(dataset\).repeat"),
        (lambda: with_index(samples().repeat(2).map(tuple_of)), "behind `repeat`"),
        (lambda: with_index(samples().shuffle(9).cache().prefetch(1)), "behind `shuffle`"),
        (lambda: with_index(tf.data.Dataset.zip(samples(), samples().shuffle(9))), "`shuffle`"),
        (lambda: with_index(sampled()), "behind `sample_from_datasets`"),
        (lambda: with_index(unordered()), "option deterministic=False, allowed: one with the"),
        (
            lambda: with_index(tf.data.Dataset.zip(*[samples()] * 4)),
            "got a dataset whose elements have 4 parts",
        ),
        (
            lambda: with_index(samples().batch(16).map(tuple_of)),
            "say which by batched=True or batched=Fa",
        ),
        (
            lambda: with_index(samples().batch(16).unbatch().batch(2).map(tuple_of)),
            "say which by batched",
        ),
        (lambda: with_index(constants(3)), "behind `repeat`"),
        (lambda: with_index(one_hot()), r"\(10,\), \(10,\), may be batches or samples"),
        (lambda: with_index(samples(), batched=True), "got batched=True for elements of shape"),
        (lambda: with_index(Shuffled()), "Shuffled with its own on_epoch_end, .* with index="),
        (lambda: list(with_index(Growing())), "item 1 with 2 samples, allowed: at most 1, as in"),
        (lambda: with_index(Items(), index=np.arange), r"index\(0\): got int64 \(0,\), allowed"),
        (lambda: with_index(Items(), index=OWN), "index: got ndarray, allowed for a PyDataset: a"),
        (lambda: with_index(Items(), batched=True), "got batched, which py_dataset does not"),
        (
            lambda: with_index(batch for batch in []),
            "got a generator, .*let your feed itself deliver",
        ),
        (lambda: with_index(None), "feed: got None"),
    ],
)
def test_what_could_get_a_wrong_index_is_refused_in_one_line(call, message):
    with pytest.raises(BadInput, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def tuple_of(x, y):
    return x, y


def sampled():
    return tf.data.Dataset.sample_from_datasets([samples(), samples()])


def unordered():
    options = tf.data.Options()
    options.deterministic = False
    return samples().with_options(options)


def constants(times):
    """The same sample several times, though within a zip."""
    one = tf.data.Dataset.from_tensors(1.0).repeat(times)
    return tf.data.Dataset.zip(one, one)


class InputsOnly(Items):
    """Items without targets."""

    def __getitem__(self, place):
        return {"a": super().__getitem__(place)[0]}
