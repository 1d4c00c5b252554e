"""What `fit` can be given besides its feed, and what is written around an audit of it."""

import tempfile

import numpy as np
import pytest

import epochwatch
from epochwatch import audit
from tests.backends.audits import ON, audited, by_epoch, called, place_of, refusal_of, small
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.small_feeds import ROWS, SIZE


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
        assert report.verdict == "reshuffles"
        # Keras 2 begins a Sequence anew for every epoch, so that some of it may not be reached.
        assert report.findings == (["loses"] if report.lost else [])
        assert BACKEND == "tf_keras" or not report.lost


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
    assert "is not empty, and epochwatch never overwrites a record" in told


def test_progress_is_told_as_steps():
    steps = []
    audited("tf_data", called(3, 5), progress=steps.append)
    assert sum(steps) == (10 if BACKEND == "tf_keras" else 13)
