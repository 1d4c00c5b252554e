"""Any callback's memory is kept as it was, given back, or named as what cannot be kept."""

import collections
import pathlib
import random
import threading

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._resuming.callback_states import CallbackStates
from epochwatch._resuming.plain_values import pack, unpack
from epochwatch.errors import BadInput


class Own(keras.callbacks.Callback):
    """Holds what it is given."""

    def __init__(self, **attributes):
        super().__init__()
        vars(self).update(attributes)


class Knowing(keras.callbacks.Callback):
    """Knows its state, a part of which is nobody's affair."""

    def __init__(self):
        super().__init__()
        self.seen, self.lock = [], threading.Lock()

    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = state["seen"]


def there_and_back(states):
    return unpack(pack(states.state()))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=9,
)
names = st.text("abcdefghij", min_size=2, max_size=9)


@given(st.dictionaries(names, plain, max_size=5), st.dictionaries(names, plain, max_size=5))
def test_attributes_are_put_back_whatever_is_there(kept, there):
    state = there_and_back(CallbackStates([Own(**kept)]))
    again = Own(**there)
    CallbackStates([again]).put_back(state)
    assert {name: repr(vars(again)[name]) for name in kept} == {n: repr(v) for n, v in kept.items()}


def test_a_state_changes_no_more():
    own = Own(seen=[[1]], best=np.zeros(2), last=collections.deque([1], 2), kinds={1})
    states = CallbackStates([own])
    state = states.state()
    before = repr(state)
    own.seen[0].append(2)
    own.best += 1
    own.last.append(3)
    own.kinds.add(2)
    assert repr(state) == before

    # Nor does what has been put back, which is put back once more.
    states.put_back(state)
    own.seen[0].append(2)
    own.best += 1
    assert repr(state) == before


def test_who_else_holds_a_list_sees_what_is_put_back():
    losses, again = [0.5, 0.25], []
    state = there_and_back(CallbackStates([Own(losses=losses)]))
    CallbackStates([Own(losses=again)]).put_back(state)
    assert again == [0.5, 0.25]


def test_generators_draw_again():
    def make():
        return Own(
            numpy=np.random.default_rng(1), older=np.random.RandomState(2), python=random.Random(3)
        )

    def draw(own):
        return own.numpy.random(), own.older.random(), own.python.random()

    own, again = make(), make()
    draw(own)
    state = there_and_back(CallbackStates([own]))
    held = again.numpy
    CallbackStates([again]).put_back(state)
    assert draw(again) == draw(own)
    assert again.numpy is held


def test_tensors_come_back_as_tensors():
    own, again = Own(last=keras.ops.convert_to_tensor([1.5, 2.5])), Own(last=None)
    CallbackStates([again]).put_back(there_and_back(CallbackStates([own])))
    assert keras.ops.is_tensor(again.last)
    assert keras.ops.convert_to_numpy(again.last).tolist() == [1.5, 2.5]


def test_a_function_is_put_back_only_where_none_is_there():
    kept = there_and_back(CallbackStates([Own(chosen=keras.ops.less, given=keras.ops.less)]))
    again = Own(chosen=None, given=keras.ops.greater)
    CallbackStates([again]).put_back(kept)
    assert (again.chosen, again.given) == (keras.ops.less, keras.ops.greater)


def test_a_callback_that_knows_its_state_is_asked_for_it():
    own, again = Knowing(), Knowing()
    own.seen.append(3)
    states = CallbackStates([own])
    state = there_and_back(states)
    own.seen.append(4)
    CallbackStates([again]).put_back(state)
    assert again.seen == [3]
    assert states.unkeepable() == {}


def test_what_cannot_be_kept_is_named(tmp_path):
    with (tmp_path / "log").open("w") as file:
        own = Own(
            file=file,
            lock=threading.Lock(),
            inside=[1, {"thread": threading.Thread()}],
            one=iter([1]),
            # None of these is anything to be kept.
            model_again=keras.layers.Dense(1),
            where=pathlib.Path("logs"),
            step=lambda: 1,
            least=min,
            kind=int,
            package=np,
            loss=keras.losses.MeanSquaredError(),
        )
        states = CallbackStates([keras.callbacks.History(), own, Own(count=1)])
        assert states.unkeepable() == {"Own": ["file", "lock", "inside", "one"]}
        assert states.names == ["History", "Own", "Own"]
        there_and_back(states)  # the rest is kept


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: keras.callbacks.EarlyStopping(), {}),
        (lambda: keras.callbacks.ReduceLROnPlateau(), {}),
        (lambda: keras.callbacks.ModelCheckpoint("m.keras"), {}),
        (lambda: keras.callbacks.LearningRateScheduler(lambda epoch: 0.1), {}),
        (lambda: keras.callbacks.LambdaCallback(on_epoch_end=print), {}),
        (lambda: keras.callbacks.TerminateOnNaN(), {}),
        (lambda: keras.callbacks.SwapEMAWeights(), {}),
        (lambda: keras.callbacks.RemoteMonitor(), {}),
        (lambda: keras.callbacks.History(), {}),
        (lambda: keras.callbacks.CSVLogger("log.csv"), {}),
        (lambda: keras.callbacks.TensorBoard("logs"), {}),
        (lambda: keras.callbacks.CSVLogger("gs://log.csv"), {"CSVLogger": ["filename"]}),
        (lambda: keras.callbacks.TensorBoard("gs://logs"), {"TensorBoard": ["log_dir"]}),
    ],
)
def test_what_keras_brings_is_kept(make, named):
    assert CallbackStates([make()]).unkeepable() == named


def test_what_restores_itself_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"^callbacks: got BackupAndRestore, .*; leave it out: "):
        CallbackStates([keras.callbacks.BackupAndRestore(tmp_path)])


def logged(path, rows):
    logger = keras.callbacks.CSVLogger(path)
    logger.on_train_begin()
    for epoch in range(rows):
        logger.on_epoch_end(epoch, {"loss": 1 / (1 + epoch)})
    return logger


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_a_log_goes_on_where_the_state_was_taken(tmp_path_factory, kept, lost, more):
    folder = tmp_path_factory.mktemp("logs")
    killed = logged(folder / "log.csv", kept)
    state = there_and_back(CallbackStates([killed]))
    for epoch in range(lost):
        killed.on_epoch_end(100 + epoch, {"loss": 3.0})
    killed.csv_file.close()

    again = keras.callbacks.CSVLogger(folder / "log.csv")
    states = CallbackStates([again])
    states.cut_files_back(state)
    again.on_train_begin()
    states.put_back(state)
    for epoch in range(kept, kept + more):
        again.on_epoch_end(epoch, {"loss": 1 / (1 + epoch)})
    again.on_train_end()

    logged(folder / "other.csv", kept + more).on_train_end()
    assert (folder / "log.csv").read_bytes() == (folder / "other.csv").read_bytes()


@pytest.mark.parametrize("got", ["no such file", "3 bytes"])
def test_a_log_that_was_cut_by_another_is_refused(got, tmp_path):
    path = tmp_path / "log.csv"
    killed = logged(path, 2)
    state = there_and_back(CallbackStates([killed]))
    killed.csv_file.close()
    path.unlink() if got == "no such file" else path.write_bytes(b"abc")

    with pytest.raises(BadInput) as refusal:
        CallbackStates([keras.callbacks.CSVLogger(path)]).cut_files_back(state)

    size = state[0]["files"]["size"]
    assert str(refusal.value) == (
        f"{path}: got {got}, allowed: the {size} bytes it had at the checkpoint, or more; bring "
        "the file back, or use another folder"
    )
