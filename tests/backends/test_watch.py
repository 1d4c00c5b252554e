"""A watched training is recorded exactly, and is the training it would have been."""

import errno
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import epochwatch
from epochwatch import feeds
from epochwatch._exposures import writer
from epochwatch._watching.batch_counter import ExposuresLost
from epochwatch.errors import BadInput
from epochwatch.feeds import BalancedTable
from tests.backends.conftest import (
    BACKEND,
    COLLECTS_EXECUTIONS,
    HAS_STEPS_PER_EXECUTION,
    ROWS,
    Data,
    backend_only,
    keras,
)
from tests.backends.records import EPOCHS, assert_same_weights, expected, recorded

WAYS = [
    {},
    *([{"steps_per_execution": 3}, {"steps_per_execution": 2}] if HAS_STEPS_PER_EXECUTION else []),
    # tf_keras is not reproducible with dropout and XLA: two plain trainings differ.
    {"jit_compile": True, **({"dropout": 0.0} if BACKEND == "tf_keras" else {})},
    {"run_eagerly": True},
]


@pytest.fixture(params=WAYS, ids=str)
def way(request):
    """How the model is compiled."""
    return request.param


def test_watching_changes_nothing_to_the_bit(way, data, make_model, tmp_path):
    plain = make_model(**way)
    history = plain.fit(data.plain, epochs=EPOCHS, verbose=0, validation_data=data.plain).history
    watched = epochwatch.watch(make_model(**way), log=tmp_path / "log")
    fitted = watched.fit(data.indexed, epochs=EPOCHS, verbose=0, validation_data=data.indexed)
    assert fitted.history == history
    assert_same_weights(watched, plain)
    assert watched.evaluate(data.indexed, verbose=0) == plain.evaluate(data.plain, verbose=0)


def test_the_log_holds_what_was_trained_and_no_validation(way, data, make_model, tmp_path):
    watched = epochwatch.watch(make_model(**way), log=tmp_path / "log")
    watched.fit(data.indexed, epochs=EPOCHS, verbose=0, validation_data=data.indexed)
    assert recorded(tmp_path / "log") == expected(data)


def test_sample_weights_stay_free_for_what_they_are_for(data, make_model, tmp_path):
    plain = make_model()
    plain.fit(data.dataset(data.x, data.y, data.weight), verbose=0)
    watched = epochwatch.watch(make_model(), log=tmp_path / "log")
    watched.fit(data.dataset(data.x, data.targets(), data.weight), verbose=0)
    np.testing.assert_array_equal(watched.get_weights()[0], plain.get_weights()[0])
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


def test_sample_weights_given_as_an_array_are_the_samples(data, make_model, tmp_path):
    options = {"sample_weight": data.weight, "batch_size": 16, "shuffle": False, "verbose": 0}
    plain = make_model()
    plain.fit(data.x, data.y, **options)
    watched = epochwatch.watch(make_model(), log=tmp_path / "log")
    watched.fit(data.x, data.targets(), **options)
    np.testing.assert_array_equal(watched.get_weights()[0], plain.get_weights()[0])
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


def test_keras_own_shuffle_of_arrays_is_recorded(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.fit(data.x, data.targets(), batch_size=16, epochs=2, verbose=0)
    # On TensorFlow, seeded as `make_model` is, both epochs have the same order.
    for epoch in (1, 2):
        order = [index for b in recorded(tmp_path / "log") if b[1] == epoch for index in b[3]]
        assert sorted(order) == data.ids.tolist()
        assert order != data.ids.tolist()


def test_batches_trained_by_hand_are_kept(data, make_model):
    model = epochwatch.watch(make_model())
    model.train_on_batch(data.x[:4], {"label": data.y[:4], "index": data.ids[:4]})
    assert model.epochwatch.counter.drain().indices.tolist() == data.ids[:4].tolist()


def test_batches_trained_by_hand_are_a_fit_of_one_epoch_in_the_log(data, make_model, tmp_path):
    # Without dropout: torch draws it from one generator for all models.
    plain, model = make_model(dropout=0.0), make_model(dropout=0.0)
    epochwatch.watch(model, log=tmp_path / "log", capacity=60)
    model.fit(data.indexed, verbose=0)
    plain.fit(data.plain, verbose=0)
    for _ in range(9):
        model.train_on_batch(data.x[:4], {"label": data.y[:4], "index": data.ids[:4]})
        plain.train_on_batch(data.x[:4], data.y[:4])
    model.fit(data.indexed, verbose=0)
    plain.fit(data.plain, verbose=0)
    by_hand = [(2, 1, step, data.ids[:4].tolist()) for step in range(9)]
    wanted = [*expected(data, epochs=1), *by_hand, *expected(data, epochs=1, fit=3)]
    assert recorded(tmp_path / "log") == wanted
    assert_same_weights(model, plain)


def test_the_log_knows_what_it_is_of(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log", metadata={"run": 7})
    model.fit(data.indexed, epochs=2, steps_per_epoch=3, verbose=0)
    about = epochwatch.ExposureLog.read(tmp_path / "log").metadata
    assert about["run"] == 7
    assert about["feed"] == "tf_data"
    assert about["backend"] == BACKEND
    assert about["versions"]["keras"] == keras.__version__
    steps = {"epochs": 2, "steps_per_epoch": 3, "steps_per_execution": 1}
    assert about["parameters"] == steps


@pytest.mark.parametrize("choice", ["stop", "continue"])
def test_on_a_full_disk_the_training_does_what_the_user_chose(
    choice, data, make_model, tmp_path, monkeypatch
):
    model = epochwatch.watch(make_model(), log=tmp_path / "log", on_write_error=choice)
    model.fit(data.indexed, verbose=0)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writer, "write_part", full)
    if choice == "stop":
        with pytest.raises(writer.RecordingFailed, match="No space left on device, ENOSPC"):
            model.fit(data.indexed, epochs=2, verbose=0)
    else:
        with pytest.warns(RuntimeWarning, match="training goes on without a record"):
            assert len(model.fit(data.indexed, epochs=2, verbose=0).epoch) == 2
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert (log.complete, log.failed_with) == (False, "ENOSPC")
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


def test_unwatching_closes_the_log_of_batches_trained_by_hand(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.train_on_batch(data.x[:4], {"label": data.y[:4], "index": data.ids[:4]})
    assert not epochwatch.ExposureLog.read(tmp_path / "log").complete
    epochwatch.unwatch(model)
    assert recorded(tmp_path / "log") == [(1, 1, 0, data.ids[:4].tolist())]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ids=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=40),
    batch_size=st.integers(1, 17),
    steps_per_execution=st.integers(1, 4 if HAS_STEPS_PER_EXECUTION else 1),
    epochs=st.integers(1, 3),
)
def test_any_int64_in_any_batches_comes_back_exactly(
    ids, batch_size, steps_per_execution, epochs, make_model, tmp_path_factory
):
    data = Data(ids, batch_size)
    log = tmp_path_factory.mktemp("logs") / "log"
    model = make_model(steps_per_execution=steps_per_execution)
    epochwatch.watch(model, log=log, capacity=512).fit(data.indexed, epochs=epochs, verbose=0)
    assert recorded(log) == expected(data, epochs=epochs)


def test_a_small_counter_is_drained_before_it_wraps(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log", capacity=40)
    model.fit(data.indexed.repeat(), steps_per_epoch=300, epochs=2, verbose=0)
    assert len(recorded(tmp_path / "log")) == 600


def test_a_counter_that_is_too_small_says_so_instead_of_losing_exposures(
    data, make_model, tmp_path
):
    steps = 3 if HAS_STEPS_PER_EXECUTION else 1
    model = make_model(steps_per_execution=steps)
    epochwatch.watch(model, log=tmp_path / "log", capacity=20 if steps > 1 else 12)
    with pytest.raises(ExposuresLost, match="make it more than twice"):
        model.fit(data.indexed, epochs=2, verbose=0)


def test_a_counter_has_room_for_batches_that_become_twice_as_long(make_model, tmp_path):
    lengths = [8] * 8 + [16] * 8
    steps = 4 if HAS_STEPS_PER_EXECUTION else 1
    model = make_model(steps_per_execution=steps)
    epochwatch.watch(model, log=tmp_path / "log", capacity=90)

    def feed():
        for length in lengths:
            x = np.zeros((length, 3), "float32")
            yield x, {"label": x[:, :1], "index": np.arange(length)}

    model.fit(feed(), steps_per_epoch=16, verbose=0)
    # torch builds the model with a whole execution, and two of its batches come again.
    lost = steps - 2 if COLLECTS_EXECUTIONS and BACKEND == "torch" else 0
    assert [len(batch[3]) for batch in recorded(tmp_path / "log")] == lengths[lost:]


def test_a_model_trained_before_it_is_watched_is_recorded_from_then_on(data, make_model, tmp_path):
    model = make_model()
    model.fit(data.plain, verbose=0)
    epochwatch.watch(model, log=tmp_path / "log").fit(data.indexed, verbose=0)
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


def test_a_model_watched_a_second_time_writes_into_its_second_log(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "first")
    model.fit(data.indexed, verbose=0)
    epochwatch.watch(epochwatch.unwatch(model), log=tmp_path / "log").fit(data.indexed, verbose=0)
    assert recorded(tmp_path / "log") == expected(data, epochs=1)
    assert recorded(tmp_path / "first") == expected(data, epochs=1)


def test_the_counter_shows_nowhere_in_what_the_user_sees(data, make_model):
    plain, model = make_model(), epochwatch.watch(make_model())
    assert isinstance(model.epochwatch.counter, epochwatch.BatchCounter)
    assert set(model.fit(data.indexed, verbose=0).history) == {"loss", "mae"}
    plain.fit(data.plain, verbose=0)
    assert model.metrics_names == plain.metrics_names
    assert [metric.name for metric in model.metrics] == [metric.name for metric in plain.metrics]


@backend_only("tensorflow", "jax", "torch")
@pytest.mark.parametrize("feed", [name for name in feeds.NAMES if name != "arrays"])
def test_keras_default_shuffle_leaves_the_balanced_feeds_in_order(feed, tiny_streams, tmp_path):
    if not feeds.is_installed(feed):
        pytest.skip(f"what {feed} needs is not here")
    model = keras.Sequential(
        [keras.layers.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    model = epochwatch.watch(model, log=tmp_path / "log")
    model.fit(feeds.balanced(feed, tiny_streams, 4), steps_per_epoch=5, epochs=2, verbose=0)
    table = BalancedTable.from_streams(tiny_streams)
    wanted = [table.batch(place, 4)[1]["index"].tolist() for place in range(10)]
    assert [batch[3] for batch in recorded(tmp_path / "log")] == wanted


def test_while_a_later_fit_runs_the_log_does_not_claim_to_be_complete(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.fit(data.indexed, verbose=0)
    seen = []

    def look(epoch, logs):
        log = epochwatch.ExposureLog.read(tmp_path / "log")
        seen.append((log.complete, len(log)))

    look_in = keras.callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(data.indexed, verbose=0, callbacks=[look_in])
    # The epoch's own part may still be being written.
    assert seen in ([(False, ROWS)], [(False, 2 * ROWS)])
    assert epochwatch.ExposureLog.read(tmp_path / "log").complete


KILLED = """
import importlib, os, signal, sys
import numpy as np
import epochwatch
keras = importlib.import_module(sys.argv[2])
model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
x, index = np.zeros((34, 3)), np.arange(34)
kill = lambda epoch, logs: epoch == 2 and os.kill(os.getpid(), signal.SIGKILL)
callback = keras.callbacks.LambdaCallback(on_epoch_begin=kill)
model = epochwatch.watch(model, log=sys.argv[1])
targets = {"label": x[:, :1], "index": index}
model.fit(x, targets, batch_size=16, epochs=5, shuffle=False, verbose=0, callbacks=[callback])
"""


def test_after_sigkill_the_log_holds_the_epochs_that_had_ended_but_perhaps_the_last(tmp_path):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "log", keras.__name__], stderr=-3
    )
    assert killed.returncode == -9
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert not log.complete
    epochs = [batch[1] for batch in recorded(tmp_path / "log")]
    assert epochs in ([1, 1, 1], [1, 1, 1, 2, 2, 2])  # the last may be being written


def test_several_fits_are_told_apart_and_keep_their_epoch_numbers(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.fit(data.indexed, verbose=0)
    model.fit(data.indexed, verbose=0, initial_epoch=4, epochs=5)
    second = [(2, 5, step, batch) for step, batch in enumerate(data.batches())]
    assert recorded(tmp_path / "log") == expected(data, epochs=1) + second


@pytest.mark.parametrize("steps_per_execution", [1, 2] if HAS_STEPS_PER_EXECUTION else [1])
def test_what_was_trained_before_an_exception_is_recorded(
    steps_per_execution, data, make_model, tmp_path
):
    def stop(batch, logs):
        if batch >= 1:
            raise KeyboardInterrupt

    model = epochwatch.watch(make_model(steps_per_execution=steps_per_execution), tmp_path / "log")
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(data.indexed, verbose=0, callbacks=[callback])
    assert recorded(tmp_path / "log") == expected(data)[:2]
    assert epochwatch.ExposureLog.read(tmp_path / "log").interrupted_by == "KeyboardInterrupt"


def test_a_feed_that_fails_in_mid_execution_leaves_the_steps_before_it(data, make_model, tmp_path):
    def feed():
        for step in range(4):
            if step == 3:
                raise OSError("the disk is gone")
            yield data.x[:8], {"label": data.y[:8], "index": data.ids[:8]}

    steps = 4 if HAS_STEPS_PER_EXECUTION else 1
    model = epochwatch.watch(make_model(steps_per_execution=steps), log=tmp_path / "log")
    with pytest.raises(Exception, match="the disk is gone"):
        model.fit(feed(), steps_per_epoch=4, verbose=0)
    # Where Keras first collects the batches of an execution, none of them was trained.
    trained = [] if COLLECTS_EXECUTIONS else [0, 1, 2]
    assert [batch[2] for batch in recorded(tmp_path / "log")] == trained


def test_users_callbacks_and_callback_lists_keep_working(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    seen = []
    mine = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    model.fit(data.indexed, verbose=0, callbacks=mine)
    listed = keras.callbacks.CallbackList([mine], add_history=True, model=model, epochs=1)
    model.fit(data.indexed, verbose=0, callbacks=listed)
    assert seen == [0, 0]
    assert [batch[0] for batch in recorded(tmp_path / "log")] == [1, 1, 1, 2, 2, 2]


@keras.saving.register_keras_serializable("epochwatch_tests")
class Mine(keras.Sequential):
    """A class of a user's own, known to Keras by its registration."""


def functional():
    """A model of Keras' own class for functional ones."""
    inputs = keras.layers.Input((3,))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


def registered():
    """A model of a class of a user's own."""
    return Mine([keras.layers.Input((3,)), keras.layers.Dense(1)])


def saved(model, path):
    """Save and load by the model's method."""
    model.save(path)
    return keras.models.load_model(path)


def saved_by_function(model, path):
    """Save and load by Keras' function."""
    keras.saving.save_model(model, path)
    return keras.saving.load_model(path)


def pickled(model, path):
    """Pickle and unpickle."""
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("keep", [saved, saved_by_function, pickled])
@pytest.mark.parametrize("build", [functional, registered])
def test_a_watched_model_is_kept_as_its_own_class(build, keep, data, tmp_path):
    model = build()
    own = type(model)
    model.compile("sgd", "mse")
    watched = epochwatch.watch(model)
    watched.fit(data.indexed, verbose=0)
    kept = keep(watched, tmp_path / "model.keras")
    assert type(kept) is own
    assert not hasattr(kept, "epochwatch")
    assert_same_weights(kept, watched)
    kept.fit(data.plain, verbose=0)
    watched.fit(data.indexed, verbose=0)
    assert_same_weights(kept, watched)


def test_a_clone_of_a_watched_model_is_not_watched(data):
    model = functional()
    model.compile("sgd", "mse")
    clone = keras.models.clone_model(epochwatch.watch(model))
    clone.compile("sgd", "mse")
    clone.fit(data.plain, verbose=0)


def test_unwatching_gives_the_users_own_model_back_with_its_weights(data, make_model):
    model = make_model()
    watched = epochwatch.watch(model)
    watched.fit(data.indexed, verbose=0)
    weights = watched.get_weights()
    assert epochwatch.unwatch(watched) is model
    assert type(model) is keras.Sequential
    for mine, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert set(model.fit(data.plain, verbose=0).history) == {"loss", "mae"}


def test_the_memory_of_counter_and_recorder_does_not_grow_with_the_run(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log", capacity=64)
    held = []

    def look(epoch, logs):
        recorder = model.epochwatch.recorder
        held.append(
            len(
                pickle.dumps(
                    [
                        recorder.sink.pending,
                        vars(model.epochwatch.counter.tape)
                        if BACKEND in ("jax", "torch")
                        else int(tf.size(recorder.counter.tape.cells)),
                    ]
                )
            )
        )

    look_in = keras.callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(data.indexed.repeat(), steps_per_epoch=50, epochs=3, verbose=0, callbacks=[look_in])
    assert len(set(held)) == 1


@pytest.mark.parametrize(
    ("index", "told"),
    [
        (np.arange(ROWS, dtype=np.float32), "got float32, allowed: integers"),
        (np.arange(ROWS)[:, None], r"got the shape \((None|16), 1\), allowed: \(batch,\)"),
        pytest.param(
            np.arange(ROWS, dtype=np.uint64),
            "got uint64, allowed: integers that int64 can hold",
            marks=backend_only("tensorflow", "jax", "tf_keras"),  # torch's Keras has no uint64
        ),
    ],
)
def test_indices_that_cannot_be_exact_are_refused(index, told, data, make_model):
    feed = data.dataset(data.x, {"label": data.y, "index": index})
    with pytest.raises(BadInput, match=told):
        epochwatch.watch(make_model()).fit(feed, verbose=0)


def test_a_feed_without_indices_is_refused_in_training_only(data, make_model):
    model = epochwatch.watch(make_model())
    assert len(model.evaluate(data.plain, verbose=0)) == 2
    with pytest.raises(BadInput, match="the targets of a watched model: got no dictionary"):
        model.fit(data.plain, verbose=0)


class PassesOn(keras.Sequential):
    """A model whose `fit` passes everything on, and whose loss takes more by name."""

    def fit(self, *args, **kwargs):
        """Fit."""
        return super().fit(*args, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **training):
        """Compute the loss."""
        return super().compute_loss(x, y, y_pred, sample_weight, **training)


class PassesNothingOn(keras.Sequential):
    """A model whose `fit` keeps the callbacks to itself."""

    def fit(self, x, y, callbacks=None, **kwargs):
        """Fit without callbacks."""
        return super().fit(x, y, **kwargs)


def test_a_fit_of_the_users_own_that_passes_all_on_is_recorded(data, tmp_path):
    model = PassesOn([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    epochwatch.watch(model, log=tmp_path / "log").fit(data.indexed, epochs=2, verbose=0)
    assert recorded(tmp_path / "log") == expected(data, epochs=2)


def test_a_fit_of_the_users_own_that_calls_no_callback_is_refused(data, tmp_path):
    model = PassesNothingOn([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(BadInput, match="called no callbacks, so epochwatch cannot see"):
        epochwatch.watch(model, log=tmp_path / "log").fit(data.x, data.targets(), verbose=0)


def test_one_log_is_not_shared_by_two_models(make_model, tmp_path):
    # It lives: of a model that is gone, a log that was never begun is free.
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    with pytest.raises(BadInput, match="is not empty, and epochwatch never overwrites a record"):
        epochwatch.watch(make_model(), log=tmp_path / "log")
    assert model.epochwatch.log == tmp_path / "log"


def test_a_log_stays_where_it_was_made_when_the_training_changes_the_folder(
    data, make_model, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    model = epochwatch.watch(make_model(), log="log")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    model.fit(data.indexed, verbose=0)
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


def test_batches_that_become_much_longer_are_drained_in_time(make_model, tmp_path):
    lengths = [1, 1] + [16] * 400

    def feed():
        for length in lengths:
            x = np.zeros((length, 3), "float32")
            yield x, {"label": x[:, :1], "index": np.arange(length)}

    model = epochwatch.watch(make_model(), log=tmp_path / "log", capacity=2_500)
    model.fit(feed(), steps_per_epoch=len(lengths), verbose=0)
    assert [len(batch[3]) for batch in recorded(tmp_path / "log")] == lengths


def test_too_few_indices_for_a_batch_are_refused(data, make_model):
    feed = tf.data.Dataset.from_tensors((data.x, {"label": data.y, "index": data.ids[:7]}))
    with pytest.raises(BadInput, match="got 7 for a batch of 34 samples"):
        epochwatch.watch(make_model()).fit(feed, verbose=0)


class OwnFunction(keras.Sequential):
    """A model that makes its training function itself."""

    def make_train_function(self, force=False):
        """Make none."""


def test_a_model_that_makes_its_own_training_function_is_refused():
    model = OwnFunction([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(BadInput, match="it makes its own training function"):
        epochwatch.watch(model)


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(BadInput, match="it is not compiled"):
        epochwatch.watch(keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)]))


def test_watching_twice_and_unwatching_the_unwatched_are_refused(make_model):
    model = make_model()
    with pytest.raises(BadInput, match="is not watched"):
        epochwatch.unwatch(model)
    epochwatch.watch(model)
    with pytest.raises(BadInput, match="it is already watched"):
        epochwatch.watch(model)


def test_what_is_no_model_is_refused():
    with pytest.raises(BadInput, match=r"watch: got dict, allowed: a compiled keras\.Model"):
        epochwatch.watch({})


@backend_only("jax")
def test_batches_that_come_in_a_list_are_kept_once_all_are_trained(make_model):
    """As Keras gives them to a training function up to 3.6."""
    from epochwatch._watching import on_jax

    watched = epochwatch.watch(make_model())
    counter = watched.epochwatch.counter
    x, y = np.zeros((2, 3), np.float32), np.zeros((2, 1), np.float32)
    batches = [
        on_jax.split_index((x, {"label": y, "index": np.arange(2 * place, 2 * place + 2)}))
        for place in range(3)
    ]

    def step(state, given):
        assert [targets.shape for _, targets, *_ in given] == [(2, 1)] * 3
        assert not len(counter.drain().lengths)
        return {}, state

    on_jax.train_through(watched, step)(None, batches)
    kept = counter.drain()
    assert kept.lengths.tolist() == [2, 2, 2]
    assert kept.indices.tolist() == list(range(6))


def test_an_existing_log_is_never_overwritten(make_model, tmp_path):
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "precious").touch()
    with pytest.raises(BadInput, match="is not empty, and epochwatch never overwrites a record"):
        epochwatch.watch(make_model(), log=tmp_path / "log")
