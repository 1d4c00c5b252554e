"""What goes wrong in a training, or stands across it, and what the log says of it."""

import numpy as np
import pytest

import epochwatch
from epochwatch._watching.batch_counter import ExposuresLost
from epochwatch.errors import BadInput, RecordingFailed
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION, backend_only, keras
from tests.backends.records import assert_same_weights, expected, recorded

# In mid-epoch Keras has taken a model's variables out of it on JAX.
MOMENTS = ["on_epoch_end"] + (["on_train_batch_end"] if BACKEND != "jax" else [])


class Again(keras.callbacks.Callback):
    """Trains the same model again, once, when a method of callbacks is called for the n-th time."""

    def __init__(self, moment, train, call=2):
        super().__init__()
        self.calls = 0

        def count(*_, **__):
            self.calls += 1
            if self.calls == call:
                train(self.model)

        setattr(self, moment, count)


def rows(data, watched, start, stop):
    """Some rows as x and targets."""
    y = data.y[start:stop]
    if watched:
        y = {"label": y, "index": data.ids[start:stop]}
    return data.x[start:stop], y


def plain_and_watched(make_model, folder, train):
    """Train twins by the same calls; return the watched one."""
    plain = make_model(dropout=0.0)
    train(plain, False)
    watched = epochwatch.watch(make_model(dropout=0.0), log=folder)
    train(watched, True)
    assert_same_weights(watched, plain)
    return watched


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_fit_in_a_callback_is_a_fit_of_its_own(moment, data, make_model, tmp_path):
    def train(model, watched):
        def again(model):
            model.fit(*rows(data, watched, 0, 4), batch_size=2, shuffle=False, verbose=0)

        feed = data.indexed if watched else data.plain
        model.fit(feed, epochs=3, verbose=0, callbacks=[Again(moment, again)])

    plain_and_watched(make_model, tmp_path / "log", train)
    within = [(2, 1, 0, data.ids[:2].tolist()), (2, 1, 1, data.ids[2:4].tolist())]
    before = {"on_epoch_end": 6, "on_train_batch_end": 2}[moment]  # batches of the fit around
    around = expected(data)
    assert recorded(tmp_path / "log") == around[:before] + within + around[before:]
    assert epochwatch.ExposureLog.read(tmp_path / "log").complete


@pytest.mark.parametrize("moment", [*MOMENTS, "on_epoch_begin"])
def test_batches_by_hand_in_a_callback_are_a_fit_of_their_own(moment, data, make_model, tmp_path):
    def train(model, watched):
        def again(model):
            model.train_on_batch(*rows(data, watched, 0, 4))
            model.train_on_batch(*rows(data, watched, 4, 6))

        feed = data.indexed if watched else data.plain
        callbacks = [Again(moment, again, call=n) for n in (1, 2)]
        model.fit(feed, epochs=2, verbose=0, callbacks=callbacks)

    plain_and_watched(make_model, tmp_path / "log", train)
    first, second = (
        [(fit, 1, 0, data.ids[:4].tolist()), (fit, 1, 1, data.ids[4:6].tolist())] for fit in (2, 3)
    )
    one, two = {"on_epoch_end": (3, 6), "on_train_batch_end": (1, 2), "on_epoch_begin": (0, 3)}[
        moment
    ]
    around = expected(data, epochs=2)
    wanted = around[:one] + first + around[one:two] + second + around[two:]
    assert recorded(tmp_path / "log") == wanted


@backend_only("tensorflow", "torch", "tf_keras")
def test_a_batch_by_hand_just_before_a_step_is_not_taken_for_the_step(data, make_model, tmp_path):
    def train(model, watched):
        again = Again(
            "on_train_batch_begin", lambda model: model.train_on_batch(*rows(data, watched, 0, 4))
        )
        feed = data.indexed if watched else data.plain
        model.fit(feed, epochs=1, verbose=0, callbacks=[again])

    plain_and_watched(make_model, tmp_path / "log", train)
    around = expected(data, epochs=1)
    by_hand = [(2, 1, 0, data.ids[:4].tolist())]
    assert recorded(tmp_path / "log") == around[:1] + by_hand + around[1:]


def test_a_fit_in_a_callback_leaves_the_class_weights_of_the_fit_around(data, make_model, tmp_path):
    def train(model, watched):
        again = Again(
            "on_epoch_end", lambda model: model.train_on_batch(*rows(data, watched, 0, 4)), call=1
        )
        options = {"class_weight": {0: 5.0, 1: 0.5, 2: 1.0}, "callbacks": [again]}
        model.fit(data.indexed if watched else data.plain, epochs=2, verbose=0, **options)

    plain_and_watched(make_model, tmp_path / "log", train)


def test_a_fit_that_fails_in_a_callback_does_not_end_the_fit_around(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")

    def again(model):
        with pytest.raises(BadInput, match="got no dictionary"):
            model.fit(data.plain, verbose=0)

    model.fit(data.indexed, epochs=3, verbose=0, callbacks=[Again("on_epoch_end", again)])
    assert recorded(tmp_path / "log") == expected(data)
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert (log.complete, log.interrupted_by) == (True, None)


def test_another_model_trained_in_a_callback_has_its_own_log(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    other = epochwatch.watch(make_model(), log=tmp_path / "other")
    again = Again("on_epoch_end", lambda _: other.fit(data.indexed, epochs=2, verbose=0))
    model.fit(data.indexed, epochs=3, verbose=0, callbacks=[again])
    assert recorded(tmp_path / "log") == expected(data)
    assert recorded(tmp_path / "other") == expected(data, epochs=2)


def test_evaluating_in_a_callback_records_nothing(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    again = Again("on_epoch_end", lambda model: model.evaluate(data.indexed, verbose=0))
    model.fit(data.indexed, epochs=3, verbose=0, callbacks=[again])
    assert recorded(tmp_path / "log") == expected(data)


class FitsTwice(keras.Sequential):
    """A model whose `fit` calls Keras' twice."""

    def fit(self, *args, **kwargs):
        """Warm up, then fit."""
        super().fit(*args, **kwargs)
        return super().fit(*args, **kwargs)


class FitsByHand(keras.Sequential):
    """A model whose `fit` trains batch by batch."""

    def fit(self, feed, **kwargs):
        """Train on every batch."""
        for x, y in feed:
            self.train_on_batch(x, y)


def watched_of(own_class, log):
    """Make a watched model of a class."""
    model = own_class([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return epochwatch.watch(model, log=log)


def test_a_fit_of_the_users_own_that_fits_twice_is_two_fits(data, tmp_path):
    model = watched_of(FitsTwice, tmp_path / "log")
    # One step an epoch: two epochs of one number would become one batch.
    model.fit(*rows(data, True, 0, 8), batch_size=8, shuffle=False, verbose=0)
    assert recorded(tmp_path / "log") == [(n, 1, 0, data.ids[:8].tolist()) for n in (1, 2)]


def test_a_fit_of_the_users_own_that_trains_by_hand_is_one_epoch(data, tmp_path):
    model = watched_of(FitsByHand, tmp_path / "log")
    batches = [rows(data, True, start, start + 4) for start in (0, 4, 8)]
    model.fit(batches)
    model.fit(batches[:1])
    first = [(1, 1, step, data.ids[4 * step : 4 * step + 4].tolist()) for step in range(3)]
    assert recorded(tmp_path / "log") == [*first, (2, 1, 0, data.ids[:4].tolist())]
    assert epochwatch.ExposureLog.read(tmp_path / "log").complete


@backend_only("tensorflow", "tf_keras")
def test_a_loop_of_the_users_own_is_no_part_of_the_fit_that_follows(data, make_model, tmp_path):
    import tensorflow as tf

    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    x, y = rows(data, True, 0, 4)
    model.train_step((tf.constant(x), {key: tf.constant(value) for key, value in y.items()}))
    model.fit(data.indexed, verbose=0)
    by_hand = [(1, 1, 0, data.ids[:4].tolist())]
    assert recorded(tmp_path / "log") == by_hand + expected(data, epochs=1, fit=2)


def test_a_callback_list_is_given_back_as_it_was(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    listed = keras.callbacks.CallbackList([], add_history=True, model=model, epochs=1)
    before = list(listed.callbacks)
    model.fit(data.indexed, verbose=0, callbacks=listed)
    assert listed.callbacks == before
    epochwatch.unwatch(model).fit(data.plain, verbose=0, callbacks=listed)
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


def test_a_model_is_not_unwatched_while_it_is_trained(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")

    def again(model):
        with pytest.raises(BadInput, match="is being trained; unwatch it when that is done"):
            epochwatch.unwatch(model)

    model.fit(data.indexed, epochs=3, verbose=0, callbacks=[Again("on_epoch_end", again)])
    assert recorded(tmp_path / "log") == expected(data)
    epochwatch.unwatch(model)


def outcome_with_an_empty_batch(model, data, watched):
    """Train on batches of 4, 0 and 3 samples; return the history, or the kind of error."""

    def feed():
        for stop in (4, 0, 3):
            yield rows(data, watched, 0, stop)

    try:
        return model.fit(feed(), steps_per_epoch=3, verbose=0).history
    except Exception as error:
        return type(error), str(error)


def test_an_empty_batch_does_what_it_does_to_the_twin(data, make_model, tmp_path):
    plain = outcome_with_an_empty_batch(make_model(), data, False)
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    watched = outcome_with_an_empty_batch(model, data, True)
    np.testing.assert_equal(watched, plain)  # a loss of the empty batch is not a number
    # A step without exposures, where training goes on.
    trained = [(1, 1, 0, data.ids[:4].tolist()), (1, 1, 2, data.ids[:3].tolist())]
    assert recorded(tmp_path / "log") == (trained if isinstance(plain, dict) else trained[:1])


def test_a_log_that_lost_exposures_is_never_complete(data, make_model, tmp_path):
    steps = 3 if HAS_STEPS_PER_EXECUTION else 1
    model = make_model(steps_per_execution=steps)
    epochwatch.watch(model, log=tmp_path / "log", capacity=20 if steps > 1 else 12)
    with pytest.raises(ExposuresLost):
        model.fit(data.indexed, epochs=2, verbose=0)
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert (log.complete, log.failed_with) == (False, "ExposuresLost")
    with pytest.raises(RecordingFailed, match="ended with ExposuresLost; watch the model again"):
        model.fit(data.indexed, verbose=0)
    assert not epochwatch.ExposureLog.read(tmp_path / "log").complete


class KeepsCallbacks(keras.Sequential):
    """A model whose `fit` keeps the callbacks to itself."""

    def fit(self, x, y, callbacks=None, **kwargs):
        """Fit without callbacks."""
        return super().fit(x, y, **kwargs)


def test_a_log_of_a_fit_that_called_no_callback_is_never_complete(data, tmp_path):
    model = watched_of(KeepsCallbacks, tmp_path / "log")
    with pytest.raises(BadInput, match="called no callback"):
        model.fit(data.x, data.targets(), verbose=0)
    assert not epochwatch.ExposureLog.read(tmp_path / "log").complete


def with_index(data, index):
    """The feed with other indices."""
    return data.dataset(data.x, {"label": data.y, "index": index})


# By what each is refused: what is wrong in one call of `fit`, of the feed or besides.
REFUSED = {
    "got no dictionary": lambda model, data: model.fit(data.plain),
    r"got a dictionary of \['label'\]": lambda model, data: model.fit(data.x, {"label": data.y}),
    "got float32": lambda model, data: model.fit(with_index(data, data.ids.astype("float32"))),
    "one integer per sample": lambda model, data: model.fit(with_index(data, data.ids[:, None])),
    # Once it has been traced for batches TensorFlow knows of no shape that both have.
    "got (one number|an unknown shape)": lambda model, data: model.fit(data.indexed.unbatch()),
    "got sample weights as well": lambda model, data: model.fit(
        data.x, data.targets(), sample_weight=data.weight, class_weight={0: 2.0}
    ),
    "got several targets": lambda model, data: model.fit(
        data.x, {"a": data.y, "b": data.y, "index": data.ids}, class_weight={0: 2.0}
    ),
    "got targets without a label": lambda model, data: model.fit(
        data.x, {"index": data.ids}, class_weight={0: 2.0}
    ),
    "got an array as batch_size": lambda model, data: model.fit(
        data.x, data.targets(), data.weight
    ),
    "the targets of a watched model": lambda model, data: model.train_on_batch(data.x, data.y),
}


if (
    BACKEND == "torch"
):  # Keras itself finds that there is no batch, before anything of ours is asked
    del REFUSED["got (one number|an unknown shape)"]


@pytest.mark.parametrize("is_trained", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_call_leaves_the_model_as_it_was(reason, is_trained, data, make_model, tmp_path):
    plain = make_model(dropout=0.0)
    model = epochwatch.watch(make_model(dropout=0.0), log=tmp_path / "log")
    if is_trained:
        plain.fit(data.plain, verbose=0)
        model.fit(data.indexed, verbose=0)
    with pytest.raises(BadInput, match=reason) as refusal:
        REFUSED[reason](model, data)
    assert "\n" not in str(refusal.value)
    assert_same_weights(model, plain)
    history = plain.fit(data.plain, epochs=2, verbose=0).history
    assert model.fit(data.indexed, epochs=2, verbose=0).history == history
    assert_same_weights(model, plain)
    before = expected(data, epochs=1) if is_trained else []
    wanted = before + expected(data, epochs=2, fit=1 + is_trained)
    assert recorded(tmp_path / "log") == wanted
    assert epochwatch.ExposureLog.read(tmp_path / "log").complete


# Keras 2 refuses truth values itself.
KINDS = [np.uint8, np.float32] + ([bool] if BACKEND != "tf_keras" else [])


@pytest.mark.parametrize("kind", KINDS)
def test_class_weights_are_those_of_keras_whatever_the_labels_are(kind, data, make_model):
    labels = (data.y > 0).astype(kind)
    options = {"class_weight": {0: 0.5, 1: 3.0}, "batch_size": 16, "shuffle": False, "verbose": 0}
    plain = make_model()
    plain.fit(data.x, labels, **options)
    model = epochwatch.watch(make_model())
    model.fit(data.x, {"label": labels, "index": data.ids}, **options)
    assert_same_weights(model, plain)


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64])
def test_negative_and_narrow_indices_come_back_as_they_are(kind, data, make_model, tmp_path):
    index = np.arange(len(data.ids)).astype(kind) - 5
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.fit(with_index(data, index), verbose=0)
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert sorted(log.counts()) == index.tolist()


def test_samples_of_one_index_count_as_one(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    model.fit(with_index(data, np.arange(len(data.ids)) // 2), verbose=0)
    assert set(epochwatch.ExposureLog.read(tmp_path / "log").counts().values()) == {2}


def two_outputs(names):
    """A model with two outputs."""
    inputs = keras.layers.Input((3,))
    outputs = {name: keras.layers.Dense(1, name=name)(inputs) for name in names}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    return model


def test_an_output_named_index_is_refused_before_anything_is_trained():
    with pytest.raises(BadInput, match='it has an output named "index"'):
        epochwatch.watch(two_outputs(["index", "other"]))
    epochwatch.watch(two_outputs(["one", "other"]))


class OwnLoss(keras.Sequential):
    """A model without targets, such as an autoencoder."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **training):
        """Compare with the input; there is nothing else."""
        assert y is None
        return keras.losses.MeanSquaredError()(x[:, :1], y_pred)


@backend_only("tensorflow", "jax", "torch")
def test_a_model_without_targets_is_trained_by_the_index_alone(data, tmp_path):
    def made():
        keras.utils.set_random_seed(1)
        model = OwnLoss([keras.layers.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd")
        return model

    plain, model = made(), epochwatch.watch(made(), log=tmp_path / "log")
    plain.fit(data.dataset(data.x), verbose=0)
    model.fit(data.dataset(data.x, {"index": data.ids}), verbose=0)
    assert_same_weights(model, plain)
    assert recorded(tmp_path / "log") == expected(data, epochs=1)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"capacity": 1}, "capacity: got 1, allowed: a whole number, 2 or more"),
        ({"capacity": 2.5}, "capacity: got 2.5"),
        ({"metadata": {"a": object()}}, "allowed: a dictionary that JSON can hold"),
        ({"metadata": 7}, "allowed: a dictionary that JSON can hold"),
        ({"on_write_error": "ask"}, "allowed: 'stop' or 'continue'"),
    ],
)
def test_arguments_that_cannot_be_used_leave_nothing_behind(arguments, told, make_model, tmp_path):
    model = make_model()
    with pytest.raises(BadInput, match=told):
        epochwatch.watch(model, log=tmp_path / "log", **arguments)
    assert list(tmp_path.iterdir()) == []
    epochwatch.watch(model, log=tmp_path / "log")
