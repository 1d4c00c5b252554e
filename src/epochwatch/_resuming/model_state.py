"""The values of all that a model trains by: its variables, its optimizers' and its metrics'.

Whatever takes part in the arithmetic of a step is a variable of Keras: weights, the counts and
moments of optimizers, the sums of metrics, the seeds of layers that draw. Buffers of torch
modules are the one exception.
"""

import importlib
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from epochwatch._keras import load_keras
from epochwatch._resuming.plain_values import SCALARS
from epochwatch.errors import BadInput

State = list[tuple[str, np.ndarray]]

# Where Keras keeps what it draws from where no seed is given.
GLOBAL_SEED = "global_seed_generator"
NO_VARIABLES = (*SCALARS, FunctionType)
LONGEST = 1_000  # items of what is searched for them
OF_TENSORFLOW = "_self_"  # attributes that are its own index of the others
# Keras counts the names it gives in a process: the same model, built again, is `dense_1`.
NUMBERING = re.compile(r"_\d+(?=[_/]|$)")


@dataclass
class Buffer:
    """A tensor that a torch module keeps without training it, with the manners of a variable."""

    value: Any

    def assign(self, array: np.ndarray) -> None:
        self.value.copy_(importlib.import_module("torch").from_numpy(array.copy()))


def model_state(model) -> State:
    """Copy the values of all variables: path and array, each variable once, in a fixed order.

    Raises:
        BadInput: the model is not compiled, or it or one of its optimizers not built.
    """
    check_built(model)
    take_from_jax(model)
    return [(path, copy_of(variable.value)) for path, variable in named_variables(model)]


def put_model_state(model, state: State) -> None:
    """Give a model the values that `model_state` has copied, from it or from its like.

    Raises:
        BadInput: they are of another model or optimizer. Nothing has been changed then.
    """
    has_seed = any(path == GLOBAL_SEED for path, _ in state)
    with_seed_as(has_seed)
    present = model_state(model)
    for number, (own, kept) in enumerate(itertools.zip_longest(present, state), 1):
        if signature(own) != signature(kept):
            raise BadInput(
                f"variable {number} of the model, its optimizers and metrics: got "
                f"{described(own)}, allowed: {described(kept)}, as in the checkpoint; build and "
                "compile the model as it was, or use another folder"
            )
    for (_, variable), (_, array) in zip(named_variables(model), state, strict=True):
        variable.assign(array)


def check_built(model) -> None:
    """Refuse a model whose variables are not all there yet."""
    if getattr(model, "optimizer", None) is None:
        raise BadInput("the model: got one that is not compiled; call model.compile(…) first")
    if not model.built:
        raise BadInput(
            "the model: got one that is not built, allowed: one whose variables are there; "
            "begin it with keras.Input, or call model.build(input_shape)"
        )
    optimizer_class = load_keras().optimizers.Optimizer
    for name, value in attributes_of(model):
        if isinstance(value, optimizer_class) and not value.built:
            raise BadInput(
                f"the optimizer {name}: got one that is not built, allowed: one whose variables "
                f"are there; call model.{name}.build(variables) with those it trains"
            )


def take_from_jax(model) -> None:
    """Have JAX give the model its variables' values back, which it holds while it trains.

    It takes them again before the next step, so what is assigned until then counts.
    """
    if sync := getattr(model, "jax_state_sync", None):
        sync()


def copy_of(value) -> np.ndarray:
    """Copy a tensor to the host; once, though some backends copy on the way and some do not."""
    keras = load_keras()
    if keras.backend.backend() == "tensorflow":  # where Keras would copy twice
        return np.asarray(value.numpy())
    array = keras.ops.convert_to_numpy(value)
    return array if array.flags.owndata and array.flags.writeable else array.copy()


def named_variables(model) -> list[tuple[str, Any]]:
    """List variables and buffers by path, each once."""
    found = {}
    for variable in all_variables(model):
        found.setdefault(id(variable), (variable.path, variable))
    seed = global_seed()
    return [
        *found.values(),
        *torch_buffers(model),
        *([(GLOBAL_SEED, seed.state)] if seed else []),
    ]


def torch_buffers(model) -> list[tuple[str, Buffer]]:
    """List the buffers of a model's layers by path, each once: on torch layers are modules."""
    found = {}
    for layer in model._flatten_layers():
        for name, value in getattr(layer, "named_buffers", tuple)():
            found.setdefault(id(value), (f"{layer.name}/{name}", Buffer(value)))
    return list(found.values())


def all_variables(model) -> Iterator[Any]:
    """Go through the variables, some of them several times."""
    yield from model.variables
    yield from model.optimizer.variables
    yield from model.metrics_variables
    # Of a model with a `train_step` of its own: further optimizers, and metrics it does not list.
    # And what Keras does not track: the variables of losses, and of what a layer is made with.
    keras = load_keras()
    for part in model._flatten_layers():
        for name, value in vars(part).items():
            # At each checkpoint: so most attributes are left out at once.
            if type(value) not in NO_VARIABLES and not name.startswith(OF_TENSORFLOW):
                yield from held_variables(keras, value)


def held_variables(keras, value: Any) -> Iterator[Any]:
    """Go through the variables of what a model or a layer holds beside layers."""
    if isinstance(value, keras.Variable):  # such as the states of an RNN that is stateful
        yield value
    elif isinstance(value, dict | list | tuple):
        for _, inner in items_of(value):
            if type(inner) not in NO_VARIABLES:
                yield from held_variables(keras, inner)
    elif isinstance(value, keras.random.SeedGenerator):
        yield value.state
    elif isinstance(value, keras.optimizers.Optimizer | keras.metrics.Metric):
        yield from value.variables
    elif isinstance(value, keras.Loss | keras.Regularizer | keras.constraints.Constraint):
        for inner in vars(value).values():
            yield from held_variables(keras, inner)


def attributes_of(model) -> Iterator[tuple[str, Any]]:
    """Go through a model's attributes, and through what lists and dicts among them hold."""
    for name, value in vars(model).items():
        if name.startswith(OF_TENSORFLOW):
            continue
        yield name, value
        for place, inner in items_of(value):
            yield f"{name}[{place!r}]", inner


def items_of(value: Any) -> Iterable[tuple[Any, Any]]:
    """Go through a list or a dict, but for one as long as a vocabulary is."""
    if not isinstance(value, dict | list | tuple) or len(value) > LONGEST:
        return ()
    return list(value.items()) if isinstance(value, dict) else enumerate(value)


def global_seed():
    return seed_store().get_global_attribute(GLOBAL_SEED)


def seed_store():
    return importlib.import_module("keras.src.backend.common.global_state")


def with_seed_as(there: bool) -> None:
    """Have Keras' own seed generator be there or not: it is made when it is first drawn from."""
    if not there:
        seed_store().set_global_attribute(GLOBAL_SEED, None)
    elif global_seed() is None:
        importlib.import_module("keras.src.random.seed_generator").global_seed_generator()


def signature(entry: tuple[str, np.ndarray] | None) -> tuple | None:
    """Return what must be the same: not the numbers that Keras has given to names."""
    if entry is None:
        return None
    path, array = entry
    return NUMBERING.sub("", path), array.dtype.name, array.shape


def described(entry: tuple[str, np.ndarray] | None) -> str:
    return "none" if entry is None else f"{entry[0]} {entry[1].dtype.name} {entry[1].shape}"
