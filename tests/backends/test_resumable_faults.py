"""What a resumable model refuses: one line, with what was got, what is allowed, and what to do."""

import re
import resource
import subprocess
import sys
import warnings

import numpy as np
import pytest
import tensorflow as tf

import epochwatch
from epochwatch.errors import BadInput
from tests.backends.conftest import BACKEND, backend_only, keras
from tests.backends.small_feeds import Items, arrays, generator, tf_data

if BACKEND == "tf_keras":
    pytest.skip("is of Keras 3", allow_module_level=True)

STEPS = 10  # of an epoch: batches of four of forty rows
KILLED_AT = 16  # steps


class Killed(Exception):
    """Stands for the end of the process."""


def made(units=2, optimizer="adam", metrics=("mae",), **layers):
    """Make a compiled model, the same weights every time."""
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(units, **layers), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((1,)), *layers])
    model.compile(optimizer, "mse", metrics=list(metrics))
    return model


def killer(at=None):
    """A callback that ends the process at a step."""
    steps = iter(range(1, 10**6))

    def count(batch, logs):
        if next(steps) == at:
            raise Killed

    return keras.callbacks.LambdaCallback(on_train_batch_end=count)


def train(folder, killed_at=None, model=None, log=None, untried=False, callbacks=(), **call):
    """Train in the folder, as the script does that is run again."""
    model = epochwatch.resumable(model or made(), folder, save_freq=3, untried=untried)
    if log is not None:
        model = epochwatch.watch(model, log=log)
    x, y = arrays(indexed=log is not None)
    call = {"x": x, "y": y, "batch_size": 4, "shuffle": False, "epochs": 3} | call
    call = {key: value for key, value in call.items() if value is not LEFT_OUT}
    try:
        return model.fit(verbose=0, callbacks=[killer(killed_at), *callbacks], **call)
    finally:
        model.epochresume.folder.wait()  # a real kill would end the thread that writes as well


LEFT_OUT = object()


def kill(folder, **options):
    """Train until the process ends."""
    with pytest.raises(Killed):
        train(folder, killed_at=KILLED_AT, **options)


def refusal(call, *args, **kwargs):
    """Return the one line by which something is refused."""
    with pytest.raises(BadInput) as refused:
        call(*args, **kwargs)
    line = str(refused.value)
    assert "\n" not in line
    assert len(line) < 500
    return line


def contents(folder):
    """Read all files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


def of_another(got, kept):
    """Match a line that names both values."""
    return rf"got {got}, but the checkpoint is of {kept}; train as before, or choose another folder"


def feed_of(items):
    return {"x": items, "y": LEFT_OUT, "batch_size": LEFT_OUT}


OTHERS = {
    "batch_size": ({"batch_size": 8}, "batch_size: " + of_another(8, 4)),
    "steps": ({"steps_per_epoch": 5}, "steps_per_epoch: " + of_another(5, None)),
    "rows": (
        {"x": np.zeros((48, 1)), "y": np.zeros(48)},
        "batches in the feed: " + of_another(12, STEPS),
    ),
    "feed": (
        lambda: feed_of(tf_data(indexed=False)) | {"shuffle": LEFT_OUT},
        "(batch_size|feed|shuffle): " + of_another("('tf_data'|None|True)", "('arrays'|4|False)"),
    ),
    "shuffle": ({"shuffle": True}, "shuffle: " + of_another(True, False)),
    "callbacks": (
        lambda: {"callbacks": [keras.callbacks.TerminateOnNaN()]},
        "callbacks: "
        + of_another(
            r"\['LambdaCallback', 'TerminateOnNaN', 'History'\]",
            r"\['LambdaCallback', 'History'\]",
        ),
    ),
    "epochs": (
        {"epochs": 1},
        "epochs: got 1, but the checkpoint is of epoch 2; ask for as many or more, or",
    ),
    "validation": (
        {"validation_data": arrays(indexed=False)},
        "validation_data: " + of_another("'arrays'", "None"),
    ),
    "model": (
        lambda: {"model": made(units=3)},
        r"variable 1 of the model, its optimizers and metrics: got .*kernel float32 \(1, 3\), "
        r"allowed: .*kernel float32 \(1, 2\), as in the checkpoint; build and compile",
    ),
    "dtype": (lambda: {"model": made(dtype="float16")}, r"kernel float16 \(1, 2\), allowed: "),
    "optimizer": (
        lambda: {"model": made(optimizer="sgd")},
        "variable 5 of the model.*got sgd.*/.*, allowed: adam.*/.*, as in the checkpoint",
    ),
    "metrics": (
        lambda: {"model": made(metrics=())},
        "variable 17 of the model, its optimizers and metrics: got none, allowed: mean_absolute",
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_call_than_that_of_the_checkpoint_is_refused(other, tmp_path):
    kill(tmp_path / "ckpt")
    before = contents(tmp_path / "ckpt")
    change, told = OTHERS[other]
    line = refusal(train, tmp_path / "ckpt", **(change() if callable(change) else change))
    assert re.search(told, line), line
    assert contents(tmp_path / "ckpt") == before
    # The call of before goes on: nothing has been lost.
    assert len(train(tmp_path / "ckpt").history["loss"]) == 3


def test_a_model_is_not_watched_where_it_was_not(tmp_path):
    kill(tmp_path / "ckpt")
    line = refusal(train, tmp_path / "ckpt", log=tmp_path / "log")
    assert re.search("watched: " + of_another(True, False), line)


def test_a_model_is_watched_where_it_was(tmp_path):
    kill(tmp_path / "ckpt", log=tmp_path / "log")
    line = refusal(train, tmp_path / "ckpt")
    assert re.search("watched: " + of_another(False, True), line)


def test_a_log_is_the_one_of_the_checkpoint(tmp_path):
    kill(tmp_path / "ckpt", log=tmp_path / "log")
    line = refusal(train, tmp_path / "ckpt", log=tmp_path / "another")
    assert str(tmp_path / "another") in line


def test_a_log_that_has_lost_a_part_is_refused(tmp_path):
    kill(tmp_path / "ckpt", log=tmp_path / "log")
    min((tmp_path / "log").glob("*.parquet")).unlink()
    line = refusal(train, tmp_path / "ckpt", log=tmp_path / "log")
    assert str(tmp_path / "log") in line


def test_a_log_of_another_training_is_refused(tmp_path):
    kill(tmp_path / "ckpt", log=tmp_path / "log")
    kill(tmp_path / "others", log=tmp_path / "other_log")
    line = refusal(train, tmp_path / "ckpt", log=tmp_path / "other_log")
    assert str(tmp_path / "other_log") in line


def test_a_log_of_a_training_before_is_not_cut(tmp_path):
    x, y = arrays(indexed=True)
    model = epochwatch.watch(made(), log=tmp_path / "log")
    model.fit(x, y, verbose=0)
    before = contents(tmp_path / "log")
    line = refusal(epochwatch.resumable(model, tmp_path / "ckpt").fit, x, y, verbose=0)
    assert re.search("was trained on before it was resumable, .*; make it resumable before", line)
    assert contents(tmp_path / "log") == before


# --- files


def damage(path):
    """Lose the second half of a file, as a disk may."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_damaged_checkpoint_with_none_before_it_is_refused(tmp_path):
    kill(tmp_path / "ckpt")
    checkpoints = sorted((tmp_path / "ckpt").glob("checkpoint-*.npz"))
    assert len(checkpoints) == 2
    for path in checkpoints:
        damage(path)
    line = refusal(train, tmp_path / "ckpt")
    assert re.search(r"holds no checkpoint that is whole \(checkpoint-\d+.npz: damaged", line)
    assert line.endswith("restore one from a copy, or use another folder to begin anew")


def test_a_damaged_checkpoint_is_passed_over(tmp_path):
    whole = train(tmp_path / "whole")
    kill(tmp_path / "ckpt")
    newest = max((tmp_path / "ckpt").glob("checkpoint-*.npz"))
    damage(newest)
    with pytest.warns(RuntimeWarning, match=f"{newest.name}: damaged .* is used instead"):
        again = train(tmp_path / "ckpt")
    assert again.history == whole.history


def test_a_finished_fit_that_is_damaged_is_refused(tmp_path):
    train(tmp_path / "ckpt")
    damage(tmp_path / "ckpt" / "fit-000001.npz")
    line = refusal(train, tmp_path / "ckpt")
    assert re.search(r"fit-000001.npz: damaged .*; restore it from a copy, or use another", line)


HOLD = """
import sys
from epochwatch._resuming.folder_lock import FolderLock
from pathlib import Path
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_folder_that_another_process_has_is_refused(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], **pipes) as other:
        assert other.stdout.readline() == b"held\n"
        line = refusal(train, tmp_path)
        other.stdin.close()
        assert re.search(rf"is in use by process {other.pid} on \S+; wait until .*, end it", line)
    train(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "ckpt"):
        line = refusal(train, folder)
        assert re.search(r"cannot use '.*' for checkpoints \(.*\); choose another one", line)
    assert (tmp_path / "file").read_text() == ""


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    line = refusal(train, tmp_path)
    assert re.search("holds 'notes.txt' and no training.json, .*; allowed: a folder of its", line)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_a_disk_that_is_full_is_told_once_and_training_goes_on(tmp_path):
    plain = train(tmp_path / "plain")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, limits[1]))
    try:
        with pytest.warns(RuntimeWarning, match="cannot write checkpoint-.*training goes") as told:
            full = train(tmp_path / "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len([each for each in told if "checkpoint" in str(each.message)]) == 1
    assert full.history == plain.history
    assert not list((tmp_path / "full").glob("*.npz"))
    assert train(tmp_path / "full").history == plain.history


# --- models and arguments


def not_compiled():
    """A model that was not compiled."""
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])


class FitsTwice(keras.Sequential):
    """A model whose `fit` calls Keras' twice."""

    def fit(self, *args, **kwargs):
        """Warm up, then fit."""
        super().fit(*args, **kwargs)
        return super().fit(*args, **kwargs)


class KeepsCallbacks(keras.Sequential):
    """A model whose `fit` keeps the callbacks to itself."""

    def fit(self, x=None, callbacks=None, **kwargs):
        """Fit without callbacks."""
        return super().fit(x, **kwargs)


class EvaluatesFirst(keras.Sequential):
    """A model whose `fit` evaluates it before it trains."""

    def fit(self, x=None, y=None, **kwargs):
        """Evaluate, then fit."""
        self.evaluate(x, y, verbose=0)
        return super().fit(x, y, **kwargs)


def of_class(own):
    """Make a compiled model of a class."""
    keras.utils.set_random_seed(1)
    model = own([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize(
    ("make", "arguments", "told"),
    [
        (object, {}, "resumable: got object, allowed: a compiled keras.Model"),
        (not_compiled, {}, r"it is not compiled; call `model.compile\(…\)` first"),
        (made, {"save_freq": 0}, 'save_freq, if it is not "epoch": got 0, allowed: a whole number'),
        (made, {"save_freq": "epochs"}, "save_freq.*: got 'epochs', allowed"),
        (made, {"save_freq": 2.5}, "save_freq.*: got 2.5, allowed"),
        (made, {"save_freq": True}, "save_freq.*: got True, allowed"),
    ],
)
def test_what_cannot_be_made_resumable_is_refused(make, arguments, told, tmp_path):
    line = refusal(epochwatch.resumable, make(), tmp_path / "ckpt", **arguments)
    assert re.search(told, line), line
    assert not (tmp_path / "ckpt").exists()


def test_a_model_is_resumable_once(tmp_path):
    model = epochwatch.resumable(made(), tmp_path / "ckpt")
    line = refusal(epochwatch.resumable, model, tmp_path / "others")
    assert "is resumable already" in line


def test_a_model_of_keras_2_is_refused(tmp_path):
    tf_keras = pytest.importorskip("tf_keras")
    model = tf_keras.Sequential([tf_keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    line = refusal(epochwatch.resumable, model, tmp_path / "ckpt")
    assert re.search(r"got Keras 2\.\d+\.\d+, allowed: one of 3.12, .*; install it", line)


def test_a_keras_that_was_never_tried_is_refused_unless_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("epochwatch._resuming.resumable.TRIED", ((3, 1), (3, 2)))
    line = refusal(epochwatch.resumable, made(), tmp_path / "ckpt")
    assert re.search(
        rf"got Keras {keras.__version__}, tried with: one of 3.1, 3.2; .*untried=True", line
    )
    model = epochwatch.resumable(made(), tmp_path / "ckpt", untried=True)
    model.fit(*arrays(indexed=False), verbose=0)


def test_a_checkpoint_of_another_keras_is_refused(tmp_path, monkeypatch):
    kill(tmp_path / "ckpt")
    monkeypatch.setattr(keras, "__version__", "3.15.99")
    line = refusal(train, tmp_path / "ckpt")
    assert re.search(
        "keras: got 3.15.99, but the checkpoint is of 3.*; install.*untried=True", line
    )
    assert len(train(tmp_path / "ckpt", untried=True).history["loss"]) == 3


def test_batches_by_hand_are_refused(tmp_path):
    model = epochwatch.resumable(made(), tmp_path / "ckpt")
    line = refusal(model.train_on_batch, np.zeros((4, 1)), np.zeros(4))
    assert re.search("train_on_batch: .* only `fit` can go on where it was killed; train by", line)


def test_a_fit_within_a_fit_is_refused_and_the_one_around_goes_on(tmp_path):
    told = []

    def again(epoch, logs):
        told.append(refusal(model.fit, *arrays(indexed=False), verbose=0))

    model = epochwatch.resumable(made(), tmp_path / "ckpt")
    within = keras.callbacks.LambdaCallback(on_epoch_end=again)
    history = model.fit(*arrays(indexed=False), epochs=2, verbose=0, callbacks=[within]).history
    assert len(history["loss"]) == len(told) == 2
    assert "fit: got a call within another one of" in told[0]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (FitsTwice, "fit: .* called keras.Model.fit twice; let it call that once"),
        (KeepsCallbacks, "fit: .*kept its callbacks to itself; let it call that once, and pass"),
        (EvaluatesFirst, "fit: .*evaluated the model before keras.Model.fit, or kept its"),
    ],
)
def test_a_fit_of_the_users_own_must_call_that_of_keras_once(own, told, tmp_path):
    line = refusal(train, tmp_path / "ckpt", model=of_class(own))
    assert re.search(told, line), line


def test_an_edited_argument_of_a_callback_is_told_with_both_values(tmp_path):
    def stop(patience):
        return keras.callbacks.EarlyStopping("loss", patience=patience)

    kill(tmp_path / "ckpt", callbacks=[stop(2)])
    edited = stop(5)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        train(tmp_path / "ckpt", callbacks=[edited])
    assert [str(each.message) for each in told if each.category is UserWarning] == [
        "resumable: EarlyStopping.patience: got 5, but the training goes on with 2, as it was "
        "begun; choose another folder to train with 5"
    ]
    assert edited.patience == 2


def test_a_backup_of_keras_beside_it_is_refused(tmp_path):
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    line = refusal(train, tmp_path / "ckpt", callbacks=[backup])
    assert re.search("callbacks: got BackupAndRestore, .*; leave it out", line)


# --- feeds


def unseeded():
    """A dataset that shuffles by chance."""
    tf.random.set_seed(None)
    return tf_data(indexed=False).shuffle(10)


def any_order():
    """A dataset whose order is that of threads."""
    options = tf.data.Options()
    options.deterministic = False
    return tf_data(indexed=False).with_options(options)


def with_noise(**options):
    """A dataset that draws in its map."""
    tf.random.set_seed(3)
    return tf_data(indexed=False).map(lambda x, y: (x + tf.random.normal(()), y), **options)


def from_generator_object():
    """A dataset that draws from a generator with a state."""
    chance = tf.random.Generator.from_seed(1)
    return tf_data(indexed=False).map(lambda x, y: (x + chance.normal(()), y))


def with_noise_within():
    """A dataset whose map calls a function that draws."""
    tf.random.set_seed(None)
    noisy = tf.function(lambda x: x + tf.random.normal(()))
    return tf_data(indexed=False).map(lambda x, y: (noisy(x), y))


def counted(**options):
    """A dataset whose map changes a variable."""
    count = tf.Variable(0.0)
    return tf_data(indexed=False).map(lambda x, y: (x + count.assign_add(1.0), y), **options)


class Noisy(Items):
    """Items that draw from NumPy's global random state."""

    def __getitem__(self, place):
        x, y = super().__getitem__(place)
        return x + np.random.random(), y


def noisy_generator():
    """The same as a generator."""
    for x, y in generator(indexed=False):
        yield x + np.random.random(), y


FEEDS = {
    "unseeded shuffle": (unseeded, {}, "with a shuffle that has no seed, .*; seed it, or call"),
    "any order": (any_order, {}, "deterministic=False, .*leave that option out"),
    "generator with a state": (from_generator_object, {}, "draws from a tf.random.Generator, .*"),
    "noise of a parallel map": (
        lambda: with_noise(num_parallel_calls=2),
        {},
        "parallel map draws at random, in any order, .*leave num_parallel_calls out",
    ),
    "noise of a function of a map": (with_noise_within, {}, "map draws at random without a seed, "),
    "variable of a parallel map": (
        lambda: counted(num_parallel_calls=2),
        {},
        "parallel map changes a variable, .* in any order, .*put the layer into the model, or",
    ),
    "queue that shuffles": (
        lambda: Items(False, workers=2),
        {"shuffle": True},
        r"a PyDataset with 2 workers and fit\(shuffle=True\), .*say shuffle=False and shuffle in",
    ),
    "items that draw in threads": (
        lambda: Noisy(False, workers=2),
        {},
        "draws from the global random state of numpy.random, .*default_rng",
    ),
}
OF_TENSORFLOW = {
    "items that draw": (
        lambda: Noisy(False),
        {},
        "draws from the global random state of numpy.random, .*default_rng",
    ),
    "generator that draws": (
        noisy_generator,
        {"epochs": 1},
        "draws from the global random state of numpy.random, .*default_rng",
    ),
}
OF_OTHERS = {
    "variable of a map": (counted, {}, "map changes a variable, .*: before the first step a batch"),
}
OF_BACKEND = OF_TENSORFLOW if BACKEND == "tensorflow" else OF_OTHERS


@pytest.mark.parametrize("name", [*FEEDS, *OF_BACKEND])
def test_a_feed_that_cannot_be_put_back_is_refused_before_the_first_step(name, tmp_path):
    make, call, told = (FEEDS | OF_BACKEND)[name]
    steps = []
    counts = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda *_: steps.append(1))
    call = feed_of(make()) | call
    line = refusal(train, tmp_path / "ckpt", callbacks=[counts], **call)
    assert line.startswith("feed: got ")
    assert ", allowed: one that can be put back after a kill; " in line
    assert re.search(told, line), line
    assert steps == []
    assert not list((tmp_path / "ckpt").glob("*.npz"))


def drawn_in_a_map(**options):
    """A dataset whose map has Python draw from NumPy's global random state."""

    def drawn(x, y):
        noise = tf.numpy_function(lambda: np.float32(np.random.random()), [], tf.float32)
        return x + tf.ensure_shape(noise, ()), y

    return tf_data(indexed=False).map(drawn, **options)


def test_python_that_draws_ahead_in_a_dataset_is_refused_in_the_first_step(tmp_path):
    line = refusal(train, tmp_path / "ckpt", **feed_of(drawn_in_a_map()))
    assert re.search("feed: got one .*random state of numpy.random, ahead of the training", line)
    assert not list((tmp_path / "ckpt").glob("*.npz"))


def test_python_in_a_parallel_map_is_warned_of(tmp_path):
    feed = tf_data(indexed=False).map(
        lambda x, y: (tf.ensure_shape(tf.numpy_function(np.abs, [x], x.dtype), (4, 1)), y),
        num_parallel_calls=2,
    )
    with pytest.warns(UserWarning, match="calls Python; if that .*: a parallel map does"):
        train(tmp_path / "ckpt", epochs=1, **feed_of(feed))
    options = tf.data.Options()
    policy = tf.data.experimental.ExternalStatePolicy
    options.experimental_external_state_policy = policy.IGNORE
    with warnings.catch_warnings(action="error", category=UserWarning):
        train(tmp_path / "other", epochs=1, **feed_of(feed.with_options(options)))


@backend_only("jax", "torch")
def test_python_that_a_dataset_calls_is_warned_of_where_batches_are_dropped(tmp_path):
    feed = tf.data.Dataset.from_generator(
        lambda: generator(indexed=False),
        output_signature=(tf.TensorSpec((None, 1)), tf.TensorSpec((None,))),
    )
    with pytest.warns(UserWarning, match="calls Python; if that .*: before the first step a batch"):
        train(tmp_path / "ckpt", epochs=1, **feed_of(feed))


@backend_only("tensorflow")
def test_a_dataset_of_which_batches_were_dropped_is_refused_if_it_changes_something(tmp_path):
    count = tf.Variable(0.0)
    feed = tf_data(indexed=False).repeat().map(lambda x, y: (x + count.assign_add(1.0), y))
    model = epochwatch.resumable(made(), tmp_path / "ckpt")
    model.fit(feed, steps_per_epoch=3, verbose=0)
    line = refusal(model.fit, feed, steps_per_epoch=3, verbose=0)
    assert "of an earlier fit with steps_per_epoch, which took batches ahead and dropped" in line


def test_a_dataset_with_another_seed_is_refused(tmp_path):
    def shuffled(seed):
        tf.random.set_seed(2)
        return feed_of(tf_data(indexed=False).shuffle(10, seed=seed))

    kill(tmp_path / "ckpt", **shuffled(4))
    line = refusal(train, tmp_path / "ckpt", **shuffled(5))
    assert re.search(
        r"seeds of the feed: got \[\[2, 5\]\], but the checkpoint is of \[\[2, 4\]\]", line
    )
    assert len(train(tmp_path / "ckpt", **shuffled(4)).history["loss"]) == 3


def test_a_validation_that_cannot_be_put_back_is_refused(tmp_path):
    line = refusal(train, tmp_path / "ckpt", validation_data=unseeded())
    assert line.startswith("validation_data: got a tf.data.Dataset with a shuffle that has no seed")


@backend_only("tensorflow")
def test_arrays_that_are_shuffled_by_chance_are_refused(tmp_path):
    model = epochwatch.resumable(made(), tmp_path / "ckpt")
    tf.random.set_seed(None)
    line = refusal(model.fit, *arrays(indexed=False), verbose=0)
    assert re.search(
        r"arrays that fit\(shuffle=True\) shuffles without a seed, .*shuffle=False", line
    )


class Holds(keras.callbacks.Callback):
    """A callback that holds what no checkpoint can keep."""

    def __init__(self):
        super().__init__()
        self.file = open("/dev/null")  # noqa: SIM115


def test_callbacks_that_cannot_be_kept_are_named_once(tmp_path):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        train(tmp_path / "ckpt", callbacks=[Holds()])
    texts = [str(each.message) for each in told if "callback" in str(each.message)]
    assert len(texts) == 1
    assert re.search("of the callback Holds file cannot be kept .*state_dict and load_st", texts[0])


class HoldsLate(keras.callbacks.Callback):
    """Opens what it holds as the training begins."""

    def on_train_begin(self, logs=None):
        """Hold something."""
        self.held = object()


def test_what_a_callback_holds_later_is_named_before_the_first_step(tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "resumable: of the callback HoldsLate held cannot be kept")
        with pytest.raises(UserWarning):
            train(tmp_path / "ckpt", callbacks=[HoldsLate()])
    assert not list((tmp_path / "ckpt").glob("*.npz"))


def test_what_a_function_of_a_callback_fills_is_named(tmp_path):
    seen, table, scale = [], {0: 0.1}, 2

    def fills(epoch, logs):
        seen.append(scale * table.get(epoch, 0))

    with pytest.warns(UserWarning, match="of the callback LambdaCallback seen, table cannot be"):
        train(tmp_path / "ckpt", callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=fills)])


class Unbuildable(keras.Model):
    """A model of which Keras cannot know what it is called with."""

    def call(self, inputs):
        """Fail."""
        raise RuntimeError("two\nlines")


@backend_only("tensorflow")
def test_a_model_that_cannot_be_built_is_refused_in_one_line(tmp_path):
    model = Unbuildable()
    model.compile("sgd", "mse")
    line = refusal(train, tmp_path / "ckpt", model=model)
    assert line.startswith("the model: got ")
    assert "build it before fit: call it, or its parts, on a batch" in line
