"""What an audit counts, on each backend, each against a naive count of the log."""

import numpy as np
import pytest

from epochwatch import audit
from epochwatch._watching import backends
from epochwatch._watching import fingerprint as fingerprints
from epochwatch._watching.backends import keras_release
from tests.backends import small_feeds
from tests.backends.audits import (
    ON,
    audited,
    by_epoch,
    called,
    is_endless,
    place_of,
    refusal_of,
    small,
)
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION, backend_only, keras
from tests.backends.small_feeds import BATCHES, ROWS, SIZE


@pytest.mark.parametrize("kind", ["arrays", "generator", "py_dataset", "generator_endless"])
def test_counts_are_those_of_the_log(kind, tmp_path):
    report = audited(kind, called(3, 3), log=tmp_path / "log")
    trained, seen, coverage = [], set(), []
    for batches in by_epoch(tmp_path / "log").values():
        trained += [index for batch in batches for index in batch]
        seen = set(trained)
        coverage.append(len(seen) / ROWS)
    known = not is_endless(kind)
    whole = report.whole
    assert whole.trained == len(seen)
    assert whole.samples == (ROWS if known else None)
    assert whole.never_trained == (ROWS - len(seen) if known else None)
    samples = range(ROWS) if known else sorted(seen)
    assert whole.exposures.tolist() == [trained.count(index) for index in samples]
    assert known == (whole.coverage is not None)
    if known:
        assert whole.coverage.tolist() == coverage
    for name, parity in (("0", 0), ("1", 1)):
        assert report.streams[name].trained == len([i for i in seen if i % 2 == parity])
        assert report.streams[name].samples == (ROWS // 2 if known else None)


@pytest.mark.parametrize(
    "label",
    [lambda y: y, lambda y: y[:, None].astype("float32"), lambda y: np.eye(2)[y]],
    ids=["numbers", "column of floats", "one-hot"],
)
@pytest.mark.parametrize("indexed", [True, False])
def test_classes_are_streams_however_they_are_written(label, indexed):
    x, y = small("arrays", indexed=False)
    first = 6  # the labels of rows 0 to 5 are 0 1 0 1 0 1: cut so that classes differ in size

    def make():
        targets = label(y[first - 5 : ROWS])
        index = np.arange(first - 5, ROWS)
        return x[first - 5 :], {"label": targets, "index": index} if indexed else targets

    streams = audit(make, batch_size=SIZE, shuffle=False, steps_per_epoch=2, **ON).streams
    assert {name: (of.samples, of.trained) for name, of in streams.items()} == {
        "0": (19, 4),
        "1": (20, 4),
    }


def test_streams_can_be_named():
    streams = {"rare": np.array([2, 30]), "first": range(4), "elsewhere": [100]}
    report = audited("tf_data", called(3, 2), streams=streams)
    counts = {name: (of.samples, of.trained) for name, of in report.streams.items()}
    assert counts == {"rare": (2, 1), "first": (4, 4), "elsewhere": (1, 0)}
    assert report.streams["rare"].coverage.tolist() == [0.5, 0.5]
    assert report.streams["first"].epochs_until_all == 1


def test_a_second_fit_of_a_generator_passes_over_what_was_read_ahead(tmp_path):
    report = audited("generator_endless", called(2, 1, fits=2), log=tmp_path / "log")
    first, second = ([place_of(b) for b in epoch] for epoch in by_epoch(tmp_path / "log").values())
    assert first == [0, 1]
    assert second == sorted(second)
    missing = set(range(second[-1])) - {*first, *second}
    assert report.passed_over == len(missing)
    assert (report.verdict == "skips") == bool(missing)
    assert ("passed over" in report.findings) == bool(missing)
    assert report.agrees
    if BACKEND in ("jax", "torch"):  # elsewhere tf.data reads ahead, if it is given the time
        looks_ahead = BACKEND == "jax" and keras_release(keras) < (3, 15)
        assert second == ([3, 4] if looks_ahead else [2, 3])


def test_an_epoch_without_a_step_covers_what_the_one_before_did():
    """Of unknown length, the end is seen in an epoch that gets nothing."""
    if BACKEND == "tf_keras":
        report = audited("generator", called(None, 2))
        assert report.as_json()["steps"]["run"] == [10, 0]
        assert report.as_json()["coverage"] == [1.0, 1.0]
    elif HAS_STEPS_PER_EXECUTION:
        report = audited("tf_data_uncounted", called(4, 3, 3))
        # Where an execution is collected, a short one tells of the end already.
        assert report.as_json()["steps"]["run"] == ([6, 4, 6] if BACKEND == "torch" else [6, 4, 0])
        assert report.as_json()["coverage"] == [0.6, 1.0, 1.0]
    assert BACKEND == "torch" or report.whole.epochs_until_all in (1, 2)


def test_samples_of_equal_content_are_one_and_counted_as_rows():
    x = np.zeros((ROWS, 2), "float32")
    x[:, 0] = np.arange(ROWS) // 2
    report = audit(lambda: (x, np.zeros(ROWS)), batch_size=SIZE, shuffle=False, **ON)
    assert (report.whole.samples, report.rows, report.not_in_pass) == (20, 40, 0)
    assert report.whole.exposures.tolist() == [2] * 20


def augmenting(indexed):
    """Make a feed whose samples differ in every pass."""
    noise = np.random.default_rng().random()
    for place in range(BATCHES):
        x, y = small_feeds.batch(place, indexed)
        yield x + np.float32(noise), y


def test_samples_that_a_feed_changes_are_strangers_to_the_pass():
    report = audit(lambda: augmenting(indexed=False), **ON)
    assert (report.findings, report.lost, report.population_by) == (["unmeasured"], None, None)
    assert (report.not_in_pass, report.whole.samples, report.whole.coverage) == (40, None, None)
    assert "give them an index" in report.unmeasured[0]


def test_samples_that_a_feed_changes_keep_their_index_without_a_conflict():
    report = audit(lambda: augmenting(indexed=True), **ON)
    assert (report.not_in_pass, report.conflicts, report.whole.never_trained) == (0, 0, 0)
    assert report.sound


def test_an_index_that_two_contents_share_is_a_finding():
    x, y = small("arrays", indexed=False)
    index = np.arange(ROWS)
    index[[7, 9]] = 3
    feed = {"label": y, "index": index}
    report = audit(lambda: (x, feed), batch_size=SIZE, shuffle=False, **ON)
    assert (report.conflicts, report.findings) == (1, ["index conflict"])
    shuffled = audit(lambda: (x, feed), batch_size=SIZE, epochs=2, **ON)
    assert shuffled.conflicts == 1


def test_text_is_padded_to_its_batch_and_stays_the_same():
    """Shuffled, a sample stands in batches of other lengths; the index is no conflict then."""

    def make(indexed=True):
        order = np.random.default_rng().permutation(ROWS)
        for rows in np.split(order, BATCHES):
            x = np.zeros((SIZE, int(rows.max()) + 1), "int32")
            for row, length in enumerate(rows):
                x[row, :length] = length
            y = rows % 2
            yield x, ({"label": y, "index": rows} if indexed else y)

    assert audit(make, **ON).conflicts == 0
    plain = audit(lambda: make(indexed=False), **ON)
    assert (plain.whole.samples, plain.not_in_pass, plain.whole.never_trained) == (40, 0, 0)


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "uint8", "bool"])
def test_the_step_and_the_plain_pass_see_the_same_content(dtype):
    """Keras turns floats of arrays into float32, JAX integers into 32 bits, on the way in."""
    x = np.random.default_rng(0).normal(size=(ROWS, 70)) * 100
    x = (x > 0 if dtype == "bool" else x).astype(dtype)
    x = x + 2**40 if dtype == "int64" else x
    y = np.arange(ROWS) % 3
    for make, options in (
        (lambda: (x.copy(), y), {"batch_size": SIZE, "shuffle": False}),
        (lambda: (pair for pair in zip(np.split(x, 10), np.split(y, 10), strict=True)), {}),
    ):
        report = audit(make, **options, **ON)
        assert (report.not_in_pass, report.whole.never_trained) == (0, 0)
        assert {name: of.trained for name, of in report.streams.items()} == {
            "0": 14,
            "1": 13,
            "2": 13,
        }


def tensor(array):
    """Make a tensor of the backend."""
    if BACKEND == "tf_keras":
        import tensorflow

        return tensorflow.constant(array)
    return keras.ops.convert_to_tensor(array)


def test_the_door_of_the_backend_has_the_fingerprints_and_labels_of_numpy():
    module = backends.backend_module(BACKEND.replace("tf_keras", "tensorflow"))
    rng = np.random.default_rng(0)
    image, label = rng.integers(0, 256, (5, 11)).astype("uint8"), rng.integers(0, 9, 5)
    columns = [rng.normal(size=(5, 3, 2)).astype("float32"), image, label]
    wanted = fingerprints.fingerprint(*columns).tolist()
    assert np.asarray(module.fingerprint(*map(tensor, columns))).tolist() == wanted
    for y in (label, label[:, None].astype("float32"), np.eye(9)[label]):
        assert np.asarray(module.labels_of(tensor(y))).tolist() == label.tolist()


@backend_only("tensorflow", "tf_keras", "jax")
def test_an_index_makes_up_for_what_has_no_fingerprint():
    import tensorflow as tf

    rows = tf.sparse.from_dense(np.eye(ROWS))
    y = {"label": np.arange(ROWS) % 2, "index": np.arange(ROWS)}
    report = audit(lambda: tf.data.Dataset.from_tensor_slices((rows, y)).batch(SIZE), **ON)
    assert (report.whole.trained, report.conflicts) == (ROWS, 0)
    told = refusal_of(lambda: tf.data.Dataset.from_tensor_slices((rows, y["label"])).batch(SIZE))
    assert told == (
        f"the feed: got a {'BCOO' if BACKEND == 'jax' else 'SparseTensor'}, allowed for a "
        "fingerprint: dense and ragged tensors of numbers, truth values or texts; "
        'give the samples an index: {"label": …, "index": …}'
    )
