"""Feeds that were judged wrongly once: loss that passed as sound, and sound feeds that failed."""

import itertools

import numpy as np
import pytest

from epochwatch import audit
from epochwatch._auditing import passes
from tests.backends.audits import ON, audited, by_epoch, called, small
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.small_feeds import ROWS, SIZE, batch

IN_ORDER = {"shuffle": False}
ITEMS = keras.utils.Sequence if BACKEND == "tf_keras" else keras.utils.PyDataset


class Items(ITEMS):
    """Batches by number, which an epoch's end may put in another order."""

    def __init__(self, items, shuffles=False, **options):
        super().__init__(**options)
        self.order = np.arange(items)
        self.rng = np.random.default_rng(0) if shuffles else None

    def __len__(self):
        return len(self.order)

    def __getitem__(self, place):
        return batch(int(self.order[place]))

    def on_epoch_end(self):
        if self.rng:
            self.rng.shuffle(self.order)


def rows():
    """Make a dataset of single rows."""
    return small("tf_data").unbatch()


@backend_only("tensorflow", "jax", "torch")
def test_samples_that_workers_never_deliver_are_lost(tmp_path):
    """What was trained depends on timing; what is lost is counted from the log by hand."""
    call = {"steps_per_epoch": 25, "epochs": 10}
    log = tmp_path / "log"
    report = audit(lambda: Items(50, workers=4), log=log, **call, **IN_ORDER, **ON)
    trained = {index for epoch in by_epoch(log).values() for each in epoch for index in each}
    assert (report.reachable, report.lost) == (200, 200 - len(trained))
    assert ("loses" in report.findings) == bool(report.lost)
    assert report.order.fixed


@pytest.fixture
def no_seed_afterwards():
    yield
    if BACKEND == "tensorflow":
        import tensorflow as tf

        tf.random.set_seed(None)


@backend_only("tensorflow")
@pytest.mark.usefixtures("no_seed_afterwards")
@pytest.mark.parametrize(
    ("call", "lost", "findings"),
    [
        ({"epochs": 3}, 0, ["alike"]),
        ({"fits": 4, "steps_per_epoch": 3}, 28, ["loses", "alike"]),
        ({"fits": 2, "epochs": 2, "steps_per_epoch": 5}, 0, ["alike"]),
    ],
)
def test_a_seed_that_gives_every_epoch_one_order_is_found(call, lost, findings):
    report = audit(lambda: small("arrays"), batch_size=SIZE, seed=7, **call, **ON)
    assert (report.verdict, report.lost, report.findings) == ("reshuffles", lost, findings)
    assert report.order == (False, True, "fit")
    assert report.agrees
    assert report.expected.alike


@backend_only("tensorflow")
@pytest.mark.usefixtures("no_seed_afterwards")
def test_each_feed_is_made_under_the_same_seed():
    """tf.data mixes the seed of an operation with the global one when it is made."""

    def make():
        return rows().batch(SIZE).shuffle(12, seed=1, reshuffle_each_iteration=False)

    report = audit(make, seed=53, epochs=4, **ON)
    assert (report.verdict, report.findings) == ("resumes", [])


@backend_only("jax", "torch")
@pytest.mark.usefixtures("no_seed_afterwards")
def test_elsewhere_a_seed_gives_each_epoch_an_order_of_its_own():
    report = audit(lambda: small("arrays"), batch_size=SIZE, seed=7, epochs=3, **ON)
    assert (report.sound, report.order) == (True, (False, False, "fit"))


SHUFFLING = {
    "seeded": lambda: rows().shuffle(ROWS, seed=1).batch(SIZE),
    "two batches": lambda: rows().take(2 * SIZE).shuffle(2 * SIZE, seed=1).batch(SIZE),
    "two whole batches": lambda: small("tf_data").take(2).shuffle(2, seed=1),
    "three whole batches": lambda: small("tf_data").take(3).shuffle(3, seed=3),
    "a batch": lambda: rows().take(SIZE).shuffle(SIZE, seed=1).batch(SIZE),
    "cut off": lambda: rows().skip(6).shuffle(ROWS, seed=1).batch(16),
}


@pytest.mark.parametrize("epochs", [1, 4])
@pytest.mark.parametrize("make", SHUFFLING.values(), ids=SHUFFLING)
def test_a_seeded_shuffle_is_sound(make, epochs):
    report = audit(make, epochs=epochs, **ON)
    assert (report.findings, report.lost) == ([], 0)
    assert (report.verdict, report.order) == ("reshuffles", (False, False, "feed"))


@pytest.mark.parametrize("items", [2, 3, 10])
@pytest.mark.parametrize("epochs", [1, 4])
def test_items_that_an_epochs_end_shuffles_are_sound(items, epochs):
    report = audit(lambda: Items(items, shuffles=True), epochs=epochs, **IN_ORDER, **ON)
    assert (report.findings, report.lost) == ([], 0)
    assert (report.verdict, report.order.shuffled_by) == ("reshuffles", "feed")


def test_one_row_has_one_order():
    x = np.zeros((1, 2), "float32")
    report = audit(lambda: (x, x[:, 0]), fits=2, **ON)
    assert (report.verdict, report.findings, report.order.fixed) == ("resumes", [], True)


def test_a_batch_that_each_new_feed_shuffles_once_is_no_fixed_order():
    """Three rows in one batch are alike by chance in one feed of six."""
    for _ in range(8):
        report = audit(lambda: rows().take(3).shuffle(3).batch(4).cache(), epochs=2, **ON)
        assert (report.verdict, report.findings) == ("reshuffles", [])


def test_what_each_pass_leaves_out_is_a_sample_too():
    """Passes of 32 of 34 rows leave out two, others each time."""

    def make():
        return rows().take(34).shuffle(68).batch(16, drop_remainder=True)

    report = audit(make, epochs=12, **ON)
    assert report.whole.trained == len(report.whole.exposures[report.whole.exposures > 0])
    assert (report.lost, report.findings, report.reachable) == (0, [], 32)
    assert report.whole.trained == report.whole.samples == 32 + report.not_in_pass


def test_a_shuffle_that_begins_again_loses():
    """Without an order to follow it is a number: three fits of four steps reach all ten."""
    feed = rows().shuffle(ROWS, seed=1).batch(SIZE)
    made = itertools.count()
    report = audit(lambda: feed.skip(0 * next(made)), fits=3, steps_per_epoch=4, **ON)
    assert report.reachable == ROWS
    assert report.lost == ROWS - report.whole.trained
    assert ("loses" in report.findings) == bool(report.lost)


def endless_streams(majority=30):
    """Balance samples of class 0 and six of class 1, each shuffled and repeated."""
    import tensorflow as tf

    def stream(first, last, label):
        index = tf.data.Dataset.range(first, last).shuffle(last - first).repeat()
        return index.map(lambda i: (tf.cast([i], tf.float32), {"label": label, "index": i}))

    streams = [stream(0, majority, np.int64(0)), stream(majority, majority + 6, np.int64(1))]
    choice = tf.data.Dataset.range(2).repeat()
    return tf.data.Dataset.choose_from_datasets(streams, choice).batch(SIZE)


def test_streams_without_an_end_are_known_once_they_have_come_round():
    report = audit(endless_streams, steps_per_epoch=15, min_coverage=0.99, **ON)
    assert (report.findings, report.population_by) == ([], "came round")
    assert {name: of.samples for name, of in report.streams.items()} == {"0": 30, "1": 6}
    less = audit(endless_streams, steps_per_epoch=5, min_coverage=0.99, **ON)
    assert (less.findings, less.below_minimum) == (["coverage"], ("0",))
    many = audit(lambda: endless_streams(300), steps_per_epoch=15, min_coverage=0.99, **ON)
    assert (many.findings, many.population_by) == (["unmeasured"], None)
    assert {name: of.samples for name, of in many.streams.items()} == {"0": None, "1": 6}


def test_of_a_feed_whose_end_is_not_known_the_population_is_known_by_a_pass():
    """More batches than are looked at to see an order, and a run that is shorter."""
    for make in (
        lambda: rows().repeat(3).filter(lambda *_: True).batch(2),
        lambda: rows().repeat(3).interleave(lambda *row: rows_of(*row)).batch(2),
    ):
        report = audit(make, steps_per_epoch=3, **ON)
        assert (report.whole.samples, report.population_by, report.length) == (ROWS, "pass", 60)


def test_a_pass_that_is_too_long_is_not_gone_through(monkeypatch):
    call = {"steps_per_epoch": 3, "min_coverage": 0.01, **IN_ORDER, **ON}
    for longest, findings, known_by in ((49, ["unmeasured"], None), (50, [], "pass")):
        monkeypatch.setattr(passes, "LONGEST_PASS", longest)
        report = audit(lambda: Items(50), **call)
        assert (report.findings, report.population_by, report.lost) == (findings, known_by, 0)


def rows_of(*row):
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(row)


def test_chosen_streams_that_end_are_gone_through_without_steps():
    import tensorflow as tf

    def make():
        choice = tf.data.Dataset.range(2).repeat()
        return tf.data.Dataset.choose_from_datasets([rows(), rows()], choice).batch(SIZE)

    if BACKEND == "tf_keras":
        pytest.skip("Keras 2 asks the dataset for its length, and trains for ever")
    report = audit(make, **ON)
    assert (report.length, report.whole.samples, report.population_by) == (20, ROWS, "pass")


@backend_only("tensorflow", "tf_keras")
def test_an_execution_of_any_size_is_recorded():
    import tensorflow as tf

    def make():
        index = np.arange(1024)
        batch = (np.zeros((1024, 1), "float32"), {"label": index % 2, "index": index})
        return tf.data.Dataset.from_tensors(batch).repeat(400)

    report = audit(make, steps_per_epoch=400, steps_per_execution=400, **ON)
    assert (report.whole.trained, report.findings) == (1024, [])


def test_what_a_feed_holds_behind_the_end_of_the_run_is_no_matter():
    made = itertools.count()

    def make():
        tail = next(made)
        return (batch(place if place < 6 else 100 + tail) for place in range(10))

    report = audit(make, steps_per_epoch=3, epochs=2, **ON)
    assert (report.verdict, report.findings) == ("resumes", [])


@backend_only("tensorflow", "jax", "torch")
def test_the_limits_of_keras_config_are_the_calls():
    if not hasattr(keras.config, "set_max_steps_per_epoch"):
        pytest.skip("this Keras has no limits")
    keras.config.set_max_steps_per_epoch(2)
    try:
        report = audited("tf_data", called(3, 5))
    finally:
        keras.config.set_max_steps_per_epoch(None)
    assert (report.findings, report.judged.steps_asked) == ([], 2)
    assert report.judged.steps_run == (2,) * 5


@pytest.mark.parametrize(("fits", "ends"), [(1, True), (1, False), (2, False)])
def test_a_generator_that_repeats_one_batch_does_what_is_expected(fits, ends):
    def make():
        return (batch(0) for _ in (range(9) if ends else itertools.count()))

    report = audit(make, steps_per_epoch=3, epochs=3, fits=fits, **ON)
    assert (report.verdict, report.findings) == ("resumes", [])


class Stop(keras.callbacks.Callback):
    """Ends the training in the middle of an epoch."""

    def on_train_batch_end(self, step, logs=None):
        self.model.stop_training = step == 3


def test_a_training_that_a_callback_stopped_has_not_run_dry():
    report = audited("tf_data", called(None, 3), callbacks=[Stop()])
    assert (report.findings, report.judged.steps_run) == ([], (4,))
    assert report.judged.step_findings == (None,)
