"""A state is refused by another model, by one line that names the first difference."""

import keras
import pytest

from epochwatch._resuming.model_state import model_state, put_model_state
from epochwatch.errors import BadInput


def model_of(width=4, optimizer="sgd", dtype=None, extra=(), name="last"):
    last = keras.layers.Dense(1, name=name, dtype=dtype)
    own = [keras.Input((3,)), keras.layers.Dense(width, name="first"), *extra, last]
    model = keras.Sequential(own, name="small")
    model.compile(optimizer, "mse")
    model.optimizer.build(model.trainable_variables)
    return model


OTHERS = {
    "another width": (
        {"width": 5},
        "variable 1 of the model, its optimizers and metrics: got "
        "small/first/kernel float32 (3, 5), "
        "allowed: small/first/kernel float32 (3, 4), as in the checkpoint; ",
    ),
    "another type": (
        {"dtype": "float16"},
        "variable 3 of the model, its optimizers and metrics: got "
        "small/last/kernel float16 (4, 1), "
        "allowed: small/last/kernel float32 (4, 1), as in the checkpoint; ",
    ),
    "another name": (
        {"name": "head"},
        "variable 3 of the model, its optimizers and metrics: got "
        "small/head/kernel float32 (4, 1), "
        "allowed: small/last/kernel float32 (4, 1), as in the checkpoint; ",
    ),
    "another optimizer": (
        {"optimizer": keras.optimizers.RMSprop(name="rms")},
        "variable 5 of the model, its optimizers and metrics: got rms/iteration int64 (), "
        "allowed: sgd/iteration int64 (), as in the checkpoint; ",
    ),
    "the same with momentum": (
        {"optimizer": keras.optimizers.SGD(momentum=0.9, name="sgd")},
        "variable 7 of the model, its optimizers and metrics: got "
        "sgd/small_first_kernel_momentum float32 (3, 4), allowed: loss/total float32 (), "
        "as in the checkpoint; ",
    ),
    "a layer more": (
        {"extra": [keras.layers.Dropout(0.5, name="drop")]},
        "variable 3 of the model, its optimizers and metrics: got "
        "seed_generator/seed_generator_state int64 (2,), allowed: "
        "small/last/kernel float32 (4, 1), as in the checkpoint; ",
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_model_is_refused(other):
    options, line = OTHERS[other]
    state = model_state(model_of(optimizer=keras.optimizers.SGD(name="sgd")))
    model = model_of(**{"optimizer": keras.optimizers.SGD(name="sgd")} | options)
    before = [array.tobytes() for _, array in model_state(model)]

    with pytest.raises(BadInput) as refusal:
        put_model_state(model, state)

    assert str(refusal.value).startswith(line)
    assert str(refusal.value).endswith(
        "build and compile the model as it was, or use another folder"
    )
    assert [array.tobytes() for _, array in model_state(model)] == before


def test_a_state_of_less_is_refused():
    state = model_state(model_of())
    with pytest.raises(BadInput, match=r"got loss/count float32 \(\), allowed: none, as in"):
        put_model_state(model_of(), state[:-1] if state[-1][0] == "loss/count" else state[:-2])


def test_names_that_keras_counts_may_differ():
    def build():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
        return model

    one, other = build(), build()
    state = model_state(one)
    assert [path for path, _ in state] != [path for path, _ in model_state(other)]
    put_model_state(other, state)
    assert [a.tobytes() for _, a in model_state(other)] == [a.tobytes() for _, a in state]


def test_what_is_not_built_or_compiled_is_refused():
    model = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(BadInput, match=r"not compiled; call model.compile\(…\) first"):
        model_state(model)
    model.compile("sgd", "mse")
    with pytest.raises(BadInput, match=r"not built, allowed: .*, or call model.build\(input_shape"):
        model_state(model)
    model.build((None, 3))
    with pytest.raises(BadInput, match=r"the optimizer optimizer: .*model.optimizer.build\("):
        model_state(model)
    model.optimizer.build(model.trainable_variables)
    model.second = keras.optimizers.SGD()
    with pytest.raises(BadInput, match=r"the optimizer second: .*model.second.build\("):
        model_state(model)
