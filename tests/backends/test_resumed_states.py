"""A training put back where it was, from plain values, goes on as the undisturbed one.

Two epochs of five, then all is dropped; a new model and new callbacks are given what was kept.
Rows come in order, so that nothing of the feed has to be put back.
"""

import csv
import pathlib
import random

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.summary as summaries

from epochwatch._resuming.callback_states import CallbackStates
from epochwatch._resuming.model_state import model_state, put_model_state
from epochwatch._resuming.plain_values import pack, unpack
from epochwatch._resuming.random_states import drawn_from, random_states, set_random_states

from .conftest import ROWS, backend_only, keras

pytestmark = backend_only("tensorflow", "jax", "torch")
EPOCHS, KEPT_AT = 5, 2


class Killed(Exception):
    """Stands for the kill."""


class Keeper(keras.callbacks.Callback):
    """Last of all: keeps the training after two epochs; may kill it in the epoch after the next."""

    def __init__(self, states, kills):
        super().__init__()
        self.states, self.kills, self.kept = states, kills, None

    def on_epoch_end(self, epoch, logs=None):
        if epoch + 1 == KEPT_AT:
            # There and back at once, so that what is compared has been plain values.
            self.kept = unpack(pack(everything(self.model, self.states)))

    def on_train_batch_end(self, batch, logs=None):
        if self.kills and self.model.optimizer.iterations >= 10:
            raise Killed


class Restorer(keras.callbacks.Callback):
    """First of all: cuts files back, and puts the training back as its third epoch begins."""

    def __init__(self, states, kept):
        super().__init__()
        self.states, self.kept = states, kept

    def on_train_begin(self, logs=None):
        self.states.cut_files_back(self.kept["callbacks"])

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == KEPT_AT:
            put_model_state(self.model, self.kept["model"])
            self.model.reset_metrics()
            self.states.put_back(self.kept["callbacks"])
            set_random_states(self.kept["random"])


def everything(model, states):
    return {
        "model": model_state(model),
        "callbacks": states.state(),
        "random": random_states(),
    }


def rows():
    rng = np.random.default_rng(3)
    return rng.normal(size=(ROWS, 3)).astype("float32"), rng.normal(size=(ROWS, 1))


def fit(model, callbacks, first=0, **options):
    x, y = rows()
    model._symbolic_build(data_batch=(x[:16], y[:16]))
    options = {"validation_data": rows()} | options
    model.fit(x, y, 16, EPOCHS, 0, callbacks, initial_epoch=first, shuffle=False, **options)


def undisturbed(make_model, make_callbacks, folder, **options):
    """Train without a kill; returns what there is at its end, and the callbacks."""
    folder.mkdir()
    model, callbacks = make_model(), make_callbacks(folder)
    states = CallbackStates(callbacks)
    fit(model, callbacks, **options)
    return model, states


def killed_and_resumed(make_model, make_callbacks, folder, **options):
    """Train, be killed, and train on; returns the same."""
    folder.mkdir()
    callbacks = make_callbacks(folder)
    keeper = Keeper(CallbackStates(callbacks), kills=True)
    with pytest.raises(Killed):
        fit(make_model(), [*callbacks, keeper], **options)
    close_files(callbacks)
    random.seed(0)
    model, callbacks = make_model(), make_callbacks(folder)
    states = CallbackStates(callbacks)
    fit(model, [Restorer(states, keeper.kept), *callbacks], first=KEPT_AT, **options)
    return model, states


def close_files(callbacks):
    """Write what the killed run had not written yet: worse than a kill."""
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.TensorBoard):
            while callback._prev_summary_state:
                callback._pop_writer()
            callback._close_writers()
        if isinstance(callback, keras.callbacks.CSVLogger):
            callback.csv_file.close()


def bits(model):
    return [(array.dtype.name, array.shape, array.tobytes()) for _, array in model_state(model)]


def memories(states):
    """What the callbacks remember, without where their files are."""
    return [
        {key: value for key, value in kept.items() if key != "files"} for kept in states.state()
    ]


def model_of(optimizer=lambda: "adam", **options):
    def make():
        keras.utils.set_random_seed(1)
        model = keras.Sequential(
            [
                keras.Input((3,), name="rows"),
                keras.layers.Dense(4, activation="relu", name="first"),
                keras.layers.BatchNormalization(name="normal"),
                keras.layers.Dropout(0.3, name="drop"),
                keras.layers.Dense(1, name="last"),
            ],
            name="small",
        )
        # Untraced, which takes a tenth of the time: of steps, callbacks see no more than logs.
        model.compile(optimizer(), "mse", metrics=["mae"], **{"run_eagerly": True} | options)
        return model

    return make


def callbacks_that_remember(folder):
    of = keras.callbacks
    weights = {"save_weights_only": True}
    return [
        of.EarlyStopping("loss", patience=9, mode="max", restore_best_weights=True),
        of.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=9, cooldown=1),
        of.ModelCheckpoint(folder / "best.weights.h5", save_best_only=True, **weights),
        of.ModelCheckpoint(folder / "{epoch}-{batch}.weights.h5", save_freq=4, **weights),
        of.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
        of.TerminateOnNaN(),
        of.LambdaCallback(on_epoch_end=lambda epoch, logs: None),
        of.History(),
    ]


def callbacks_that_stop(folder):
    of = keras.callbacks
    return [
        of.EarlyStopping("loss", min_delta=9, patience=3, restore_best_weights=True),
        of.SwapEMAWeights(swap_on_epoch=True),
        of.History(),
    ]


def averaging():
    return keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)


@pytest.mark.parametrize(
    ("make_callbacks", "optimizer", "epochs"),
    [
        (callbacks_that_remember, lambda: "adam", [0, 1, 2, 3, 4]),
        (callbacks_that_stop, averaging, [0, 1, 2, 3]),
    ],
)
def test_what_callbacks_remember_is_as_if_never_killed(make_callbacks, optimizer, epochs, tmp_path):
    make_model = model_of(optimizer)
    expected, its_states = undisturbed(make_model, make_callbacks, tmp_path / "one")
    resumed, states = killed_and_resumed(make_model, make_callbacks, tmp_path / "two")

    assert bits(resumed) == bits(expected)
    # But for the paths, which are in two folders.
    assert plainly(memories(states), {"filepath"}) == plainly(memories(its_states), {"filepath"})
    assert states.callbacks[-1].epoch == epochs
    assert names_in(tmp_path / "two") == names_in(tmp_path / "one")


def plainly(value, but=()):
    """Make values comparable, floats and arrays to the bit, types told apart."""
    if isinstance(value, dict):
        return {key: plainly(inner, but) for key, inner in value.items() if key not in but}
    if isinstance(value, list | tuple):
        return type(value), [plainly(inner, but) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return type(value), value.dtype.name, value.shape, value.tobytes()
    return type(value), repr(value)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("validation_freq", [1, 2])
def test_a_csv_log_is_the_same_bytes(validation_freq, tmp_path):
    def make_callbacks(folder):
        begun = folder / "begun.csv"
        if not begun.exists():
            begun.write_bytes(b"of a training before\r\n")
        logger = keras.callbacks.CSVLogger
        return [logger(folder / "new.csv", ";"), logger(begun, ";", append=True)]

    options = {"validation_freq": validation_freq}
    _, its_states = undisturbed(model_of(), make_callbacks, tmp_path / "one", **options)
    _, states = killed_and_resumed(model_of(), make_callbacks, tmp_path / "two", **options)

    for name, logger, its_logger in zip(
        ("new.csv", "begun.csv"), states.callbacks, its_states.callbacks, strict=True
    ):
        written = (tmp_path / "two" / name).read_bytes()
        assert written == (tmp_path / "one" / name).read_bytes()
        epochs = [row[0] for row in csv.reader(written.decode().splitlines(), delimiter=";")]
        assert epochs[-EPOCHS:] == ["0", "1", "2", "3", "4"]
        # As constructed, so that another fit begins its file as it would have.
        assert (logger.append, logger.append_header) == (
            its_logger.append,
            its_logger.append_header,
        )


@pytest.fixture
def plain_summaries(monkeypatch):
    """Have TensorFlow write plain tensors: for more it needs the package of TensorBoard."""
    for kind in ("scalar", "histogram"):
        monkeypatch.setattr(
            summaries,
            kind,
            lambda name, data, step=None: summaries.write(name, tf.convert_to_tensor(data), step),
        )


@pytest.mark.usefixtures("plain_summaries")
@pytest.mark.parametrize("update_freq", ["epoch", 2])
def test_a_tensorboard_has_each_event_once(update_freq, tmp_path):
    def make_callbacks(folder):
        return [tensorboard(folder / "logs", update_freq=update_freq, histogram_freq=1)]

    make_model = model_of(run_eagerly=False, jit_compile=False)  # so that there is a graph
    _, its_states = undisturbed(make_model, make_callbacks, tmp_path / "one")
    _, states = killed_and_resumed(make_model, make_callbacks, tmp_path / "two")

    paths = {"log_dir", "_log_write_dir", "_train_dir", "_val_dir"}
    assert plainly(memories(states), paths) == plainly(memories(its_states), paths)

    for part in ("train", "validation"):
        events = events_of(tmp_path / "two/logs" / part)
        assert events == events_of(tmp_path / "one/logs" / part)
        # Not all five: some releases write an epoch only where its last step is one to be written.
        assert {1, 3} <= set(epochs_in(events))


@pytest.mark.usefixtures("plain_summaries")
def test_a_tensorboard_in_a_new_folder_goes_on_in_the_old_one(tmp_path):
    folders = iter(["first", "second"])  # as where the time of the start is in the name

    def make_callbacks(folder):
        return [tensorboard(folder / next(folders))]

    killed_and_resumed(model_of(), make_callbacks, tmp_path / "logs")

    assert epochs_in(events_of(tmp_path / "logs/first/train")) == [0, 1, 2, 3, 4]
    assert not list((tmp_path / "logs/second").rglob("*tfevents*"))


@pytest.mark.usefixtures("plain_summaries")
def test_events_of_another_training_stay(tmp_path):
    ours = []

    def make_callbacks(folder):
        if ours:  # the kill has been
            undisturbed(model_of(), lambda _: [tensorboard(folder / "logs")], tmp_path / "other")
        ours.append(tensorboard(folder / "logs"))
        return ours[-1:]

    killed_and_resumed(model_of(), make_callbacks, tmp_path / "two")

    assert epochs_in(events_of(tmp_path / "two/logs/train")) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def tensorboard(folder, **options):
    return keras.callbacks.TensorBoard(folder, **options)


def epochs_in(events):
    return [step for tag, step, _ in events if tag == "epoch_loss"]


def events_of(folder: pathlib.Path):
    """List the summaries of a folder: tag, step and value."""
    events = []
    for path in sorted(folder.glob("*tfevents*")):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                # The model's summary has names in it that Keras counts.
                content = "" if value.tag == "keras" else str(value)
                events.append((value.tag, event.step, content))
            if event.graph_def:
                events.append(("graph", event.step, ""))
    return sorted(events)


@backend_only("torch")
def test_torch_draws_again():
    torch = pytest.importorskip("torch")
    states = unpack(pack(random_states()))
    expected = torch.rand(5).tolist()
    assert drawn_from(states, random_states()) == ["torch"]
    set_random_states(states)
    assert torch.rand(5).tolist() == expected
