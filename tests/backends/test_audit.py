"""The audit on the real fit of each backend: what is predicted, and what another model saw."""

import itertools
import json

import numpy as np
import pytest

from epochwatch import audit, explain
from tests.backends import small_feeds
from tests.backends.audits import (
    ALWAYS,
    CALLS,
    KINDS,
    OF_KERAS_3,
    ON,
    arguments_of,
    audited,
    by_epoch,
    called,
    depends_on_timing,
    id_of,
    options_for,
    place_of,
    possible,
    small,
)
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.small_feeds import SIZE
from tests.sample import shared_calls


def is_everywhere(kind, call):
    """Say whether each backend has such a feed, and such a call of it."""
    is_used_up = kind == "generator" and call.fits > 1  # or may be, on some of them
    return kind in (*ALWAYS, *OF_KERAS_3) and call.steps_per_execution == 1 and not is_used_up


PAIRS = shared_calls(itertools.product(KINDS, CALLS), is_everywhere)
CELLS = [(kind, call) for kind, call in PAIRS if possible(kind, call)]


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
        "schema": 2,
        "verdict": "runs dry",
        "steps": {
            "asked": 3,
            "run": [3, 3, 3, 1, 3],
            "findings": [None, None, None, "runs dry", None],
        },
        "samples": {
            "identified_by": "index",
            "population": 40,
            "population_by": "pass",
            "trained": 40,
            "never_trained": 0,
            "reachable": 40,
            "lost": 0,
            "exposures": {"min": 1, "median": 1.0, "max": 2},
        },
        "order": {"fixed": True, "alike": False, "shuffled_by": None},
        "coverage": [0.3, 0.6, 0.9, 1.0, 1.0],
        "batches": {"trained": 13, "passed_over": 0},
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


@pytest.mark.parametrize("kind", ["arrays", "tf_data", "py_dataset", "generator_endless"])
def test_to_explain_a_feed_says_what_an_audit_expects(kind):
    call = called(3, 4)
    options = {**arguments_of(call), **options_for(kind), **ON}
    told = explain(small(kind), **options)
    assert audited(kind, call).expected.as_json().items() <= told.as_json().items()


def test_to_explain_a_generator_takes_nothing_from_it():
    feed = small("generator")
    explain(feed, steps_per_epoch=3, **ON)
    assert place_of(next(feed)[1]["index"]) == 0
