"""The audit on the real fit of each backend: what is told, and what another model saw."""

import importlib.util
import itertools
import json
import tempfile

import numpy as np
import pytest

import epochwatch
from epochwatch import assert_sound, audit, explain
from epochwatch._auditing.request import FitCall
from epochwatch._watching import backends
from epochwatch._watching import fingerprint as fingerprints
from epochwatch.errors import BadInput
from tests.backends import small_feeds
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION, backend_only, keras
from tests.backends.small_feeds import BATCHES, ROWS, SIZE

ON = {"backend": BACKEND}

ALWAYS = ["arrays", "tf_data", "tf_data_endless", "tf_data_uncounted"]
ALWAYS += ["generator", "generator_endless", "py_dataset"]
OF_KERAS_3 = ["py_dataset_endless", "py_dataset_endless_threads"]
OF_TORCH = ["torch_loader", "torch_loader_workers"]
OF_GRAIN = ["grain_map", "grain_map_endless", "grain_iter", "grain_loader"]
KINDS = [
    *ALWAYS,
    *(OF_KERAS_3 if BACKEND != "tf_keras" else []),
    *(OF_TORCH if importlib.util.find_spec("torch") else []),
    *(OF_GRAIN if importlib.util.find_spec("grain") else []),
]


def called(steps_per_epoch, epochs, steps_per_execution=1, fits=1):
    """Say how `fit` is called in a cell of the matrix."""
    return FitCall(steps_per_epoch, steps_per_execution, epochs, fits)


CALLS = [
    called(3, 5),
    called(None, 2),
    called(20, 2),
    called(3, 2, fits=2),
    *([called(4, 3, 3), called(None, 2, 3)] if HAS_STEPS_PER_EXECUTION else []),
]


def id_of(value):
    """Name a kind of feed, or a call, in the name of a test."""
    if not isinstance(value, FitCall):
        return value
    executions = f", {value.steps_per_execution} at once" if value.steps_per_execution > 1 else ""
    return f"{value.steps_per_epoch} steps{executions}, {value.epochs} epochs, {value.fits} fits"


def is_endless(kind):
    """Say whether a pass of the feed never ends."""
    return "endless" in kind


def options_for(kind):
    """Have `fit` keep the order, and give arrays their batches."""
    options = {"shuffle": False} if kind in ("arrays", "py_dataset") else {}
    return {**options, "batch_size": SIZE} if kind == "arrays" else options


def possible(kind, call):
    """Say whether there is such a fit."""
    if call.steps_per_epoch is None and is_endless(kind):
        return False
    # A first fit may have read all of a generator that ends.
    if kind == "generator" and depends_on_timing(kind, call):
        return False
    unknown = kind in ("generator", "tf_data_uncounted") and call.steps_per_epoch is None
    return not (BACKEND == "tf_keras" and unknown and call.steps_per_execution > 1)


def depends_on_timing(kind, call):
    """Say whether how far something has read ahead decides what is trained."""
    reads_ahead = BACKEND in ("tensorflow", "tf_keras") and kind.startswith("generator")
    return reads_ahead and call.fits > 1


CELLS = [(kind, call) for kind in KINDS for call in CALLS if possible(kind, call)]


def small(kind, indexed=True):
    """Make one of the small feeds."""
    return getattr(small_feeds, kind)(indexed)


def arguments_of(call):
    """Write a call as arguments of `audit`."""
    names = ("steps_per_epoch", "steps_per_execution", "epochs", "fits")
    return {name: getattr(call, name) for name in names}


def audited(kind, call, indexed=True, **more):
    """Audit one of the small feeds."""
    options = {**arguments_of(call), **options_for(kind), **ON, **more}
    return audit(lambda: small(kind, indexed), **options)


class Onlooker(keras.Model):
    """A model that writes down by itself what it is trained on."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.built = BACKEND == "tf_keras"  # Keras 3 takes a batch to build a model with

    def build(self, *_):
        """Build nothing."""
        self.built = True

    def call(self, inputs):
        """Pass the inputs on."""
        return inputs

    def train_step(self, *given):
        """Write down the indices; on JAX a state comes before the data."""
        self.seen.append(np.asarray(given[-1][1]["index"]).tolist())
        return ({"loss": 0.0}, given[0]) if BACKEND == "jax" else {"loss": 0.0}


class Epochs(keras.callbacks.Callback):
    """Cuts what a model has seen into epochs."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen
        self.fit, self.epochs = 0, {}

    def on_train_begin(self, logs=None):
        """Count the fits."""
        self.fit += 1

    def on_epoch_begin(self, epoch, logs=None):
        """Begin anew."""
        self.seen.clear()

    def on_epoch_end(self, epoch, logs=None):
        """Take what was seen."""
        self.epochs[self.fit, epoch + 1] = list(self.seen)


def seen_by_another_model(kind, call):
    """Train the onlooker; per fit and epoch the batches it saw."""
    feed, model = small(kind), Onlooker()
    callback = Epochs(model.seen)
    spe = call.steps_per_execution
    executions = {"steps_per_execution": spe} if spe > 1 else {}
    model.compile("sgd", loss=None, run_eagerly=True, **executions)
    given = feed if isinstance(feed, tuple) else (feed,)
    for _ in range(call.fits):
        model.fit(
            *given,
            epochs=call.epochs,
            steps_per_epoch=call.steps_per_epoch,
            verbose=0,
            callbacks=[callback],
            **options_for(kind),
        )
    return callback.epochs


def by_epoch(log_folder):
    """Read a log: per fit and epoch its batches."""
    epochs = {}
    for batch in epochwatch.ExposureLog.read(log_folder).batches():
        epochs.setdefault((batch.fit, batch.epoch), []).append(batch.index.tolist())
    return epochs


def place_of(batch):
    """Tell the place of a batch."""
    return batch[0] // SIZE


@pytest.mark.parametrize(("kind", "call"), CELLS, ids=id_of)
def test_what_is_told_is_seen_and_what_is_logged_another_model_saw(kind, call, tmp_path):
    report = audited(kind, call, log=tmp_path / "log")
    assert report.agrees is True
    logged = by_epoch(tmp_path / "log")
    if depends_on_timing(kind, call):
        assert report.verdict == "skips"
        assert [place_of(batch) for batch in logged[1, 2]] == [3, 4, 5]
        return
    seen = seen_by_another_model(kind, call)
    assert logged == {pair: batches for pair, batches in seen.items() if batches}
    assert list(report.judged.steps_run) == [len(batches) for batches in seen.values()]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "workers" not in kind])
def test_without_indices_the_same_is_said(kind):
    by_index, by_content = (
        audited(kind, called(3, 5), indexed=indexed).as_json() for indexed in (True, False)
    )
    assert by_index["samples"].pop("identified_by") == "index"
    assert by_content["samples"].pop("identified_by") == "content"
    for report in (by_index, by_content):  # their batches are named by other numbers
        report["boundaries"] = [boundary["verdict"] for boundary in report["boundaries"]]
    assert by_index == by_content


@backend_only("tensorflow", "jax", "torch")
def test_the_contracts_example_is_what_an_audit_says():
    """DESIGN, section 4: ten batches of four, three steps an epoch, five epochs."""
    report = audited("tf_data", called(3, 5)).as_json()
    of_class = {
        "samples": 20,
        "trained": 20,
        "never_trained": 0,
        "exposures": {"min": 1, "median": 1.0, "max": 2},
        "coverage": [0.3, 0.6, 0.9, 1.0, 1.0],
        "epochs_until_all": 4,
    }
    wanted = {
        "schema": 1,
        "verdict": "runs dry",
        "steps": {
            "asked": 3,
            "run": [3, 3, 3, 1, 3],
            "findings": [None, None, None, "runs dry", None],
        },
        "samples": {
            "identified_by": "index",
            "population": 40,
            "trained": 40,
            "never_trained": 0,
            "exposures": {"min": 1, "median": 1.0, "max": 2},
        },
        "coverage": [0.3, 0.6, 0.9, 1.0, 1.0],
        "batches": {"trained": 13, "passed_over": 0, "produced": None},
        "streams": {"0": of_class, "1": of_class},
        "expected": {"verdict": "runs dry", "rule": "ends inside an epoch", "agrees": True},
    }
    assert_holds(report, wanted)
    places = [range(12), range(12, 24), range(24, 36), range(36, 40), range(12)]
    assert report["boundaries"] == [
        {
            "after": {"fit": 1, "epoch": epoch},
            "verdict": "resumes",
            "last": list(before)[-SIZE:],
            "first": list(after)[:SIZE],
        }
        for epoch, (before, after) in enumerate(itertools.pairwise(places), start=1)
    ]
    assert {"keras", "backend", "python", "epochwatch"} <= set(report["environment"])
    assert json.loads(json.dumps(report)) == report


def assert_holds(report, wanted):
    """Compare all that is wanted of a report; it may say more."""
    for name, value in wanted.items():
        if isinstance(value, dict):
            assert_holds(report[name], value)
        else:
            assert report[name] == value, name


# Counts, each against a naive count of the log.


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
    if BACKEND in ("jax", "torch"):
        assert second == [2, 3]
    else:
        assert missing


def test_an_epoch_without_a_step_covers_what_the_one_before_did():
    """Of unknown length, the end is seen in an epoch that gets nothing."""
    if BACKEND == "tf_keras":
        report = audited("generator", called(None, 2))
        assert report.as_json()["steps"]["run"] == [10, 0]
        assert report.as_json()["coverage"] == [1.0, 1.0]
    elif HAS_STEPS_PER_EXECUTION:
        report = audited("tf_data_uncounted", called(4, 3, 3))
        assert report.as_json()["steps"]["run"] == [6, 4, 0]
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
    assert (report.not_in_pass, report.whole.trained, report.whole.never_trained) == (40, 0, 40)
    assert {name: of.samples for name, of in report.streams.items()} == {"0": 20, "1": 20}


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
    assert (report.conflicts, report.findings) == (1, ["index conflicts"])
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


# What fit can be told besides.


def shifted(indexed):
    """Make validation data: other samples, with other indices."""
    x, y = small("arrays", indexed)
    y = {**y, "index": y["index"] + 1000} if indexed else y
    return x + 1000, y


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("kind", ["arrays", "tf_data", "generator"])
def test_validation_data_never_show_up(kind, indexed):
    call = called(3, 2)
    report = audited(kind, call, indexed=indexed, validation_data=shifted(indexed))
    assert report.not_in_pass == 0
    assert report.as_json() == audited(kind, call, indexed=indexed).as_json()


@pytest.mark.parametrize("indexed", [True, False])
def test_a_validation_split_is_no_part_of_the_feed(indexed):
    """A quarter less than forty rows are seven batches of four and one of two."""
    report = audited("arrays", called(None, 2), indexed=indexed, validation_split=0.25)
    assert (report.verdict, report.agrees, report.findings) == ("resumes", True, [])
    assert report.judged.steps_run == (8, 8)
    assert (report.whole.samples, report.whole.never_trained, report.not_in_pass) == (30, 0, 0)
    without = audit(
        lambda: small("arrays", indexed),
        steps_per_epoch=3,
        shuffle=False,
        validation_split=0.25,
        **ON,
    )
    assert (without.agrees, without.whole.trained) == (True, 30)


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("kind", ["arrays", "tf_data"])
def test_class_weights_go_through(kind, indexed):
    report = audited(kind, called(3, 2), indexed=indexed, class_weight={0: 1.0, 1: 5.0})
    assert report.as_json() == audited(kind, called(3, 2), indexed=indexed).as_json()


@pytest.mark.parametrize("indexed", [True, False])
def test_sample_weights_are_no_part_of_a_sample(indexed):
    weighted = audit(
        lambda: (*small("arrays", indexed), np.random.default_rng().random(ROWS)),
        batch_size=SIZE,
        steps_per_epoch=3,
        epochs=2,
        shuffle=False,
        **ON,
    )
    assert weighted.as_json() == audited("arrays", called(3, 2), indexed=indexed).as_json()


@pytest.mark.parametrize("kind", ["arrays", "py_dataset"])
def test_fits_own_shuffling_leaves_the_counts_to_judge(kind):
    report = audited(kind, called(None, 2), shuffle=True)
    assert (report.verdict, report.agrees, report.sound) == ("reshuffles", True, True)
    assert report.whole.exposures.tolist() == [2] * ROWS


def test_rows_are_shuffled_inside_of_a_single_batch_too():
    report = audit(lambda: small("arrays"), batch_size=ROWS, epochs=2, **ON)
    assert (report.verdict, report.agrees) == ("reshuffles", True)


@pytest.mark.parametrize("steps", [1, 2])
def test_what_fit_shuffles_is_no_skipping_in_epochs_of_a_step_or_two(steps):
    for _ in range(3):
        report = audited("py_dataset", called(steps, 4), shuffle=True)
        assert (report.verdict, report.findings) == ("reshuffles", [])


@backend_only("tensorflow", "jax", "torch")
@pytest.mark.parametrize("kind", ["py_dataset_threads", "py_dataset_process"])
def test_items_that_workers_make_agree_with_what_can_be_told(kind):
    shuffled = audited(kind, called(3, 4))
    assert (shuffled.agrees, shuffled.judged.steps_run) == (True, (3, 3, 3, 1))
    in_order = audited(kind, called(None, 2), shuffle=False)
    assert in_order.agrees in (None, True)
    assert in_order.judged.steps_run == (10, 10)
    assert in_order.not_in_pass == 0


@backend_only("tf_keras")
def test_items_that_workers_of_keras_2_make_have_no_end():
    report = audited("py_dataset", called(20, 1), workers=4)
    assert (report.agrees, report.judged.steps_run) == (True, (20,))


class Stops(keras.callbacks.Callback):
    """Stops the training in the midst of an epoch."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        """Count down."""
        self.left -= 1
        if not self.left:
            self.model.stop_training = True


def test_a_callback_that_stops_the_training_is_not_taken_for_a_fault_of_keras(tmp_path):
    report = audited("tf_data", called(3, 5), callbacks=[Stops(5)], log=tmp_path / "log")
    places = [[place_of(b) for b in epoch] for epoch in by_epoch(tmp_path / "log").values()]
    assert places in ([[0, 1, 2], [3, 4]], [[0, 1, 2], [3, 4, 5]])
    assert report.agrees is None
    assert "disagrees" not in report.findings


def test_epochs_may_begin_later(tmp_path):
    report = audited("tf_data", called(3, 5), initial_epoch=2, log=tmp_path / "log")
    assert (report.agrees, report.verdict) == (True, "resumes")
    assert list(by_epoch(tmp_path / "log")) == [(1, 3), (1, 4), (1, 5)]


# Findings.


def test_findings_come_worst_first_and_only_those_asked_for():
    restarts = called(3, 2, fits=2)
    assert audited("tf_data", restarts).findings == ["restarts"]
    assert audited("tf_data", restarts, fail_on=("never trained",)).findings == ["never trained"]
    assert audited("tf_data", restarts, fail_on=()).sound
    both = audited("tf_data", restarts, fail_on=("never trained", "restarts"))
    assert both.findings == ["restarts", "never trained"]
    assert audited("arrays", called(None, 2), shuffle=True, fail_on=("reshuffles",)).findings == [
        "reshuffles"
    ]


def test_the_coverage_that_is_asked_for_is_of_every_stream():
    call = called(3, 2)
    assert audited("tf_data", call, min_coverage=0.6).sound
    findings = audited("tf_data", call, min_coverage=0.61).findings
    assert findings == ["coverage of 0 below the minimum", "coverage of 1 below the minimum"]
    named = audited("tf_data", call, min_coverage=0.6, streams={"end": [39], "begin": [0]})
    assert named.findings == ["coverage of end below the minimum"]
    endless = audited("generator_endless", call, min_coverage=0.0)
    assert endless.findings == [
        "coverage of 0 below the minimum",
        "coverage of 1 below the minimum",
    ]


def test_a_sound_feed_passes_and_another_fails_with_the_report_as_text():
    pytest.importorskip("epochwatch._report.terminal")
    sound = {"steps_per_epoch": 5, "epochs": 2, "min_coverage": 1.0, **ON}
    assert assert_sound(lambda: small("tf_data"), **sound).sound
    with pytest.raises(AssertionError) as told:
        assert_sound(lambda: small("tf_data"), steps_per_epoch=3, epochs=2, fits=2, **ON)
    assert "restarts" in str(told.value)
    assert str(told.value) == f"\n{audited('tf_data', called(3, 2, fits=2))}"


# Bad input.


def used_up():
    """Make a generator that has nothing left."""
    feed = small("generator")
    list(feed)
    return feed


def changing():
    """Make a feed that drops its indices on the way."""
    for place in range(BATCHES):
        yield small_feeds.batch(place, indexed=place < 4)


def raising():
    """Fail."""
    raise OSError("no such file\nand more")


def with_float_index():
    """Make arrays whose index lost its digits."""
    x, y = small("arrays")
    return x, {**y, "index": y["index"].astype("float32")}


ONE = small("tf_data")
NO_END = "allowed: 1 or more; `fit` would never end its first epoch"

BAD_FEEDS = {
    "raises": (raising, {}, "make_feed raised OSError: no such file; mend it and audit again"),
    "None": (
        lambda: None,
        {},
        "feed: got None: make_feed returned None; return the feed it builds",
    ),
    "the same": (
        lambda: ONE,
        {},
        "make_feed returned the same object twice, allowed: a new feed at each call; build the "
        "feed inside of make_feed",
    ),
    "used up": (
        used_up,
        {},
        "make_feed returned a feed without a single batch (a generator that is used up?); build "
        "the feed inside of make_feed",
    ),
    "a function": (
        lambda: used_up,
        {},
        "feed: got the function 'used_up', allowed: a feed; call it and give what it returns",
    ),
    "changing": (
        changing,
        {},
        "batch 4 of the feed: got (x, y, sample_weight) nested as (array, array, None), allowed: "
        "as in batch 0, (array, {index: array, label: array}, None); give every batch the same "
        "parts and keys",
    ),
    "endless tf.data": (
        lambda: small("tf_data_endless"),
        {},
        f"steps_per_epoch: got None for a tf_data without an end, {NO_END}",
    ),
    "endless generator": (
        lambda: small("generator_endless"),
        {},
        f"steps_per_epoch: got None for a generator without an end within 10,000 batches, {NO_END}",
    ),
    "float index": (
        with_float_index,
        {"batch_size": SIZE},
        'the target "index": got float32, allowed: integers that int64 can hold; a float would '
        "lose digits (float32 cannot hold 16,777,217)",
    ),
    "used up by the first fit": (
        lambda: small("generator"),
        {"fits": 2},
        "fits: got 2, but fit 2 found the generator used up and raised; give a feed that can be "
        "iterated again, or has no end",
    ),
}
if BACKEND != "tf_keras":
    BAD_FEEDS["endless items"] = (
        lambda: small("py_dataset_endless"),
        {},
        f"steps_per_epoch: got None for a py_dataset without an end, {NO_END}",
    )


def refusal_of(make_feed, **options):
    """Audit, and return what is said instead."""
    with pytest.raises(BadInput) as refused:
        audit(make_feed, **{**ON, **options})
    return str(refused.value)


@pytest.mark.parametrize(("make_feed", "options", "told"), BAD_FEEDS.values(), ids=BAD_FEEDS)
def test_a_feed_that_cannot_be_audited_is_refused_in_one_line(make_feed, options, told):
    assert refusal_of(make_feed, **options) == told


BAD_ARGUMENTS = [
    ({"epochs": 0}, "epochs: got 0, allowed: an integer of 1 or more"),
    ({"steps_per_epoch": 2.0}, "steps_per_epoch: got 2.0, allowed: an integer of 1 or more"),
    ({"fits": True}, "fits: got True, allowed: an integer of 1 or more"),
    ({"min_coverage": 1.5}, "min_coverage: got 1.5, allowed: a share from 0 to 1"),
    ({"min_coverage": "all"}, "min_coverage: got 'all', allowed: a share from 0 to 1"),
    (
        {"fail_on": ("resumes",)},
        "fail_on: got 'resumes', allowed: restarts, skips, replays, runs dry, overruns, passed "
        "over, index conflicts, disagrees, reshuffles, never trained",
    ),
    ({"fail_on": "skips"}, "fail_on: got the text 'skips', allowed: a tuple, ('skips',)"),
    ({"initial_epoch": 1}, "initial_epoch: got 1, allowed: less than epochs, which is 1"),
    ({"initial_epoch": -1}, "initial_epoch: got -1, allowed: an integer of 0 or more"),
    (
        {"streams": [1, 2]},
        "streams: got list, allowed: a dictionary, by name the int64 indices of a stream's samples",
    ),
    (
        {"backend": "theano"},
        "backend: got 'theano', allowed: one of tensorflow, jax, torch, tf_keras",
    ),
]


@pytest.mark.parametrize(("arguments", "told"), BAD_ARGUMENTS, ids=str)
def test_a_bad_argument_is_refused_in_one_line(arguments, told):
    assert refusal_of(lambda: small("tf_data"), **arguments) == told


def test_an_unknown_option_of_fit_is_refused_with_those_there_are():
    told = refusal_of(lambda: small("tf_data"), shufle=True)
    assert told.startswith("fit option: got 'shufle', allowed: callbacks, validation_split, ")
    told = refusal_of(lambda: small("tf_data"), verbose=1)
    assert told.startswith("fit option: got 'verbose', allowed: callbacks, ")
    assert told.endswith("; the audit sets it itself")


def test_another_backend_than_the_one_in_use_is_refused():
    used = BACKEND.replace("tf_keras", "tensorflow")
    other = "jax" if used != "jax" else "torch"
    assert refusal_of(lambda: small("tf_data"), backend=other) == (
        f"backend: got {other!r}, but Keras runs on {used!r} in this process already; set "
        f"KERAS_BACKEND={other} before Keras is imported"
    )


@backend_only("torch")
def test_more_than_a_step_at_once_is_refused_where_keras_has_none():
    assert refusal_of(lambda: small("tf_data"), steps_per_execution=2) == (
        "steps_per_execution: got 2, allowed on torch: 1; Keras makes single steps there"
    )


@backend_only("tf_keras")
def test_more_than_a_step_at_once_is_refused_where_keras_2_has_no_length():
    assert refusal_of(lambda: small("generator"), steps_per_execution=2) == (
        "steps_per_execution: got 2 for a generator whose length Keras 2 does not know, allowed: "
        "1, or give steps_per_epoch"
    )


# Around it.


def test_a_feed_that_repeats_is_expected_as_kindly_as_it_is_observed():
    """Half a pass an epoch, two epochs, two fits: the second fit begins where a pass does."""
    options = {"steps_per_epoch": 5, "epochs": 2, "fits": 2}
    report = audit(lambda: small_feeds.tf_data().repeat(), **options, **ON)
    assert (report.verdict, report.agrees) == ("resumes", True)


def test_a_single_epoch_finds_the_end_of_a_feed_that_does_not_tell_it():
    def unknown():
        return small_feeds.tf_data().filter(lambda *_: True)

    report = audit(unknown, steps_per_epoch=20, **ON)
    assert (report.verdict, report.agrees, report.whole.samples) == ("runs dry", True, 40)


def test_an_audit_leaves_nothing_behind_and_the_next_one_finds_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    first, second = (audited("tf_data", called(3, 2)).as_json() for _ in range(2))
    assert first == second
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_is_asked_for_is_kept_and_says_what_it_is_of(tmp_path):
    audited("tf_data", called(3, 2), log=tmp_path / "log")
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert log.complete
    assert len(log) == 24
    assert (log.metadata["feed"], log.metadata["backend"]) == ("tf_data", BACKEND)
    assert log.metadata["parameters"]["steps_per_epoch"] == 3
    assert "keras" in log.metadata["versions"]
    told = refusal_of(lambda: small("tf_data"), log=tmp_path / "log")
    assert "is not empty, and no record is ever overwritten" in told


def test_progress_is_told_as_steps():
    steps = []
    audited("tf_data", called(3, 5), progress=steps.append)
    assert sum(steps) == (10 if BACKEND == "tf_keras" else 13)


@pytest.mark.parametrize("kind", ["arrays", "tf_data", "py_dataset", "generator_endless"])
def test_to_explain_a_feed_says_what_an_audit_expects(kind):
    call = called(3, 4)
    options = {**arguments_of(call), **options_for(kind), **ON}
    told = explain(small(kind), **options)
    assert told.as_json() == audited(kind, call).expected.as_json()


def test_to_explain_a_generator_takes_nothing_from_it():
    feed = small("generator")
    explain(feed, steps_per_epoch=3, **ON)
    assert place_of(next(feed)[1]["index"]) == 0


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


@backend_only("tensorflow", "tf_keras")
def test_an_index_makes_up_for_what_has_no_fingerprint():
    import tensorflow as tf

    text = np.array([f"sample {number}" for number in range(ROWS)])
    y = {"label": np.arange(ROWS) % 2, "index": np.arange(ROWS)}
    report = audit(lambda: tf.data.Dataset.from_tensor_slices((text, y)).batch(SIZE), **ON)
    assert (report.whole.trained, report.conflicts) == (ROWS, 0)
    told = refusal_of(lambda: tf.data.Dataset.from_tensor_slices((text, y["label"])).batch(SIZE))
    assert told == (
        "the feed: got values of object, allowed for a fingerprint: numbers and truth values; "
        'give the samples an index: {"label": …, "index": …}'
    )
