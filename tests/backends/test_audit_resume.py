"""Audits that kill `fit` and resume it, feed by feed: what goes on exactly, how, and what does not.

That a real model goes on exactly is for tests/resuming; here it is what the audit says of a feed.
"""

import importlib.util
import itertools
import random
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import epochwatch
from epochwatch import audit
from epochwatch._auditing import resume
from epochwatch._cli.audit import steps_in_all
from epochwatch.errors import BadInput
from tests.backends import small_feeds
from tests.backends.audits import ON, options_for, small
from tests.backends.conftest import HAS_STEPS_PER_EXECUTION, backend_only
from tests.backends.small_feeds import BATCHES, ROWS, SIZE

of_keras_3 = backend_only("tensorflow", "jax", "torch")
KEPT = {"steps_per_epoch": 3, "epochs": 2}  # one iterator for both epochs
PASSES = {"epochs": 2}  # one for each


@pytest.fixture(autouse=True)
def _nothing_is_seeded():
    """Forget the seeds that other tests have set, here and in TensorFlow."""
    from keras.src.backend.common import global_state

    def forget():
        global_state.set_global_attribute("global_random_seed", None)
        if importlib.util.find_spec("tensorflow"):
            importlib.import_module("tensorflow").random.set_seed(None)

    forget()
    yield
    forget()


def resumed(make_feed, **options):
    """Audit, and return what became of killed trainings, and the report."""
    report = audit(make_feed, resume=True, **{**ON, **options})
    assert report.as_json()["resume"] == report.resumption.as_json()
    assert ("not resumable" in report.findings) == (not report.resumption.is_exact)
    return report.resumption


SKIPS, ITEM, OWN, STEP = "passing over", "item", "own state", "step"
WAYS = {
    "tf_data": SKIPS,
    "tf_data_uncounted": SKIPS,
    "tf_data_endless": SKIPS,
    "generator": SKIPS,
    "generator_endless": SKIPS,
    "py_dataset": ITEM,
    "py_dataset_threads": SKIPS,
    "arrays": SKIPS,
    "torch_loader": SKIPS,
    "grain_map": OWN,
    "grain_iter": OWN,
}
NEEDED = {"torch_loader": "torch", "grain_map": "grain", "grain_iter": "grain"}


@of_keras_3
@pytest.mark.parametrize("kind", WAYS)
def test_every_kind_of_feed_goes_on_exactly_and_it_says_how(kind):
    pytest.importorskip(NEEDED.get(kind, "keras"))
    options = {**KEPT, **options_for(kind)}
    if kind.startswith("py_dataset"):
        options["shuffle"] = False
    seen = resumed(lambda: small(kind), kills=4, **options)
    assert (seen.steps, seen.places, seen.kills, seen.failed) == (6, 6, 4, 0)
    assert seen.why_not is None
    # Once it went on from the beginning, with nothing to put back.
    assert seen.ways == {WAYS[kind]: 3}
    assert seen.outcome == ("exact by skipping" if WAYS[kind] == SKIPS else "exact")
    # Five of the six steps were in the last checkpoint.
    assert seen.passed_over == (5 if WAYS[kind] == SKIPS else 0)


@of_keras_3
@pytest.mark.parametrize("kind", ["tf_data", "py_dataset", "torch_loader"])
def test_a_balanced_sampler_goes_on_by_its_step(kind):
    pytest.importorskip(NEEDED.get(kind, "keras"))
    x, y = small_feeds.arrays(indexed=False)
    streams = {"few": np.arange(10), "many": np.arange(10, ROWS)}

    def make_feed():
        sampler = epochwatch.BalancedSampler(streams, batch_size=SIZE, seed=1)
        return epochwatch.feeds.sampled(kind, sampler, (x, y))

    seen = resumed(make_feed, kills=3, **KEPT)
    assert (seen.outcome, seen.ways, seen.failed) == ("exact", {STEP: 2}, 0)


@of_keras_3
def test_it_is_killed_after_each_step_unless_they_are_too_many():
    seen = resumed(lambda: small("tf_data"), **PASSES)
    assert (seen.steps, seen.kills, seen.failed) == (2 * BATCHES, 2 * BATCHES, 0)
    # After the first step, and after the first of the second epoch, nothing was to be passed over.
    assert seen.ways == {SKIPS: 2 * (BATCHES - 1)}
    assert seen.passed_over == BATCHES - 1
    trained = []
    fewer = resumed(lambda: small("tf_data"), kills=3, progress=trained.append, **PASSES)
    assert (fewer.steps, fewer.kills, fewer.failed) == (2 * BATCHES, 3, 0)
    assert sum(trained) == steps_in_all(3, 1, 2 * BATCHES)


@of_keras_3
def test_several_fits_and_executions_of_several_steps_go_on_too():
    seen = resumed(lambda: small("tf_data_endless"), fits=2, kills=5, **KEPT)
    assert (seen.outcome, seen.steps, seen.failed) == ("exact by skipping", 12, 0)
    if HAS_STEPS_PER_EXECUTION:
        trained = []
        call = {"steps_per_execution": 2, "epochs": 2, "steps_per_epoch": 4}
        seen = resumed(lambda: small("tf_data_endless"), progress=trained.append, **call)
        assert (seen.steps, seen.places, seen.kills, seen.failed) == (8, 4, 4, 0)
        assert sum(trained) == steps_in_all(50, 2, 8)


def shuffled(seed=None):
    """A dataset that shuffles."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(small_feeds.arrays()).shuffle(ROWS, seed).batch(SIZE)


def refusal_of_a_training(make_feed, folder, **options):
    """Refuse to train a model that is made resumable."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model = epochwatch.watch(epochwatch.resumable(model, folder))
    parts = make_feed()
    with pytest.raises(BadInput) as refused:
        model.fit(*(parts if isinstance(parts, tuple) else [parts]), verbose=0, **options)
    return str(refused.value)


@of_keras_3
def test_what_resumable_refuses_is_not_exact_and_its_line_says_why(tmp_path):
    seen = resumed(shuffled, **PASSES)
    assert (seen.outcome, seen.kills, seen.failed) == ("not", 1, 1)
    assert seen.why_not == refusal_of_a_training(shuffled, tmp_path / "ckpt", epochs=2)
    # A seed is what it asks for.
    assert resumed(lambda: shuffled(seed=3), kills=3, **PASSES).outcome == "exact by skipping"
    assert resumed(shuffled, kills=3, seed=3, **PASSES).outcome == "exact by skipping"


def permuted():
    """Arrays in an order that is drawn when they are made."""
    x, y = small_feeds.arrays()
    order = np.random.permutation(ROWS)
    return x[order], {name: column[order] for name, column in y.items()}


@of_keras_3
def test_what_make_feed_draws_from_the_process_is_another_in_the_next_one():
    options = {**PASSES, **options_for("arrays")}
    seen = resumed(permuted, kills=3, **options)
    assert (seen.outcome, seen.failed) == ("not", 3)
    assert seen.deviation.at[:3] == (1, 1, 0)
    assert len({*seen.deviation.expected} & {*range(ROWS)}) == SIZE
    assert seen.deviation.expected != seen.deviation.got
    assert "seed" in seen.why_not
    # A script that sets a seed draws the same again.
    assert resumed(permuted, kills=3, seed=1, **options).is_exact
    keras.utils.set_random_seed(1)  # as a module may, which is imported once
    assert resumed(permuted, kills=3, **options).is_exact


class FromOutside(small_feeds.Items):
    """Items in an order that no seed decides, or with such contents."""

    def __init__(self, contents=False):
        super().__init__()
        self.contents = contents
        self.start = next(STARTS)

    def __getitem__(self, place):
        """Return another item each time the feed is made, or the same with another content."""
        x, y = super().__getitem__(place if self.contents else (place + self.start) % BATCHES)
        return (x + self.start, y) if self.contents else (x, y)


STARTS = itertools.count()  # as time or os.urandom would tell, but never the same by chance


@of_keras_3
@pytest.mark.parametrize("contents", [False, True])
def test_what_no_seed_decides_is_never_the_same_training(contents):
    seen = resumed(lambda: FromOutside(contents), shuffle=False, **PASSES)
    assert (seen.outcome, seen.kills) == ("not", 1)  # no other kill can end otherwise
    assert seen.deviation.killed_after is None
    assert seen.deviation.is_of_contents == contents
    assert "killed or not" in seen.why_not


@backend_only("tensorflow", "jax")
def test_what_begins_the_data_anew_is_noticed(monkeypatch):
    """The control: with Keras' own BackupAndRestore the same feed is not resumed exactly."""

    def backed_up(model, folder, save_freq):
        fit, kept = model.fit, keras.callbacks.BackupAndRestore(folder / "ckpt", save_freq="epoch")
        model.__dict__["fit"] = lambda callbacks, **call: fit(callbacks=[*callbacks, kept], **call)
        model.__dict__["epochresume"] = SimpleNamespace(
            folder=SimpleNamespace(close=lambda: None),
            session=SimpleNamespace(feed=SimpleNamespace(adapter=None)),
            put_back_by=None,
            put_back_seconds=0.0,
            put_back_batches=0,
        )
        model.built = True
        return model

    monkeypatch.setattr(resume, "resumable", backed_up)
    seen = resumed(lambda: small("tf_data_endless"), **KEPT)
    assert (seen.outcome, seen.refused) == ("not", None)
    # It went on with the second epoch, at the feed's first batch.
    assert seen.deviation.at == (1, 2, 0)
    assert seen.deviation.got == [0, 1, 2, 3]
    assert seen.deviation.expected == [12, 13, 14, 15]
    # But after a kill in the first epoch it has begun again, which is right.
    assert seen.failed == 3


@of_keras_3
def test_the_rest_of_the_report_is_the_same_and_so_are_the_random_states():
    options = {**KEPT, **ON}
    plain = audit(lambda: small("tf_data"), **options)
    random.seed(7)
    np.random.seed(7)
    before = random.getstate(), np.random.get_state()[1].tolist()
    tried = audit(lambda: small("tf_data"), resume=True, kills=2, **options)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    told = tried.as_json()
    assert told.pop("resume")["outcome"] == "exact by skipping"
    assert told == plain.as_json()
    assert plain.resumption is None
    assert "resume  " not in str(plain)


@backend_only("tf_keras")
def test_keras_2_is_refused():
    seen = resumed(lambda: small("tf_data"), **KEPT)
    assert seen.outcome == "not"
    assert seen.why_not.startswith("resumable: got Keras 2.")
