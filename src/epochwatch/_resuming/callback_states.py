"""What a training's callbacks remember, as plain values, and given back to callbacks made anew.

A callback that knows its state (`state_dict` and `load_state_dict`) is asked for it. Of any
other all attributes are kept, those from its constructor too: the training goes on as it was
begun. What is made of them anew (models, functions, modules) is the script's affair.
"""

import copy
import importlib
import inspect
import io
from collections import deque
from enum import Enum
from functools import partial
from logging import Logger
from pathlib import PurePath
from re import Pattern
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from epochwatch._keras import load_keras
from epochwatch._resuming import callback_files
from epochwatch._resuming.model_state import all_variables, copy_of
from epochwatch._resuming.plain_values import SCALARS, CannotKeep, pack
from epochwatch._resuming.random_states import generator_state, set_generator_state
from epochwatch.errors import BadInput

# What Keras sets before each training.
FROM_KERAS = {"_model", "model", "params", "validation_data"}
# What the script makes again, and no training changes.
MADE_AGAIN = (
    *(ModuleType, type, MethodType, BuiltinFunctionType, partial, np.ufunc),
    *(Logger, PurePath, Pattern, Enum),
)

# What a function may change around it.
CHANGEABLE = (list, dict, set, deque, io.IOBase)


class CallbackStates:
    """The states of callbacks; made before Keras gives them the model.

    Args:
        callbacks: those of a training, in the order in which Keras calls them.

    Attributes:
        names: their classes' names.
        settings: their public plain attributes by name, as they are before the training.

    Raises:
        BadInput: one of them restores a training itself.
    """

    def __init__(self, callbacks: list):
        self.callbacks = callbacks
        self.names = [type(callback).__name__ for callback in callbacks]
        if "BackupAndRestore" in self.names:
            raise BadInput(
                "callbacks: got BackupAndRestore, which would restore its own backup over the "
                "checkpoint; leave it out: resumable restores what it does, and the rest"
            )
        for callback in callbacks:
            callback_files.name_files(callback)
        self.settings = [settings(callback) for callback in callbacks]
        self.told: set[tuple[str, str]] = set()

    def state(self) -> list[dict[str, Any]]:
        """Copy all that can be kept; files are written out to where they are."""
        return [callback_state(callback) for callback in self.callbacks]

    def unkeepable(self) -> dict[str, list[str]]:
        """Name the attributes, by class, that hold what cannot be kept; each once."""
        found = {}
        for name, callback in zip(self.names, self.callbacks, strict=True):
            for attribute in unkeepable_attributes(callback) + values_changed(callback):
                if (name, attribute) not in self.told:
                    self.told.add((name, attribute))
                    found.setdefault(name, []).append(attribute)
        return found

    def edited(self, before: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
        """List the settings that are others than those of a checkpoint: name, now, then."""
        return [
            (f"{name}.{attribute}", now[attribute], then[attribute])
            for name, now, then in zip(self.names, self.settings, before, strict=True)
            for attribute in now.keys() & then.keys()
            if repr(now[attribute]) != repr(then[attribute])  # NaN is no other one than NaN
        ]

    def cut_files_back(self, state: list[dict[str, Any]]) -> None:
        """Have files end where they ended at the checkpoint.

        After Keras has given the callbacks the model, before their `on_train_begin`.
        """
        for callback, kept in zip(self.callbacks, state, strict=True):
            callback_files.cut_back(callback, kept["files"])

    def put_back(self, state: list[dict[str, Any]]) -> None:
        """Give all callbacks what `state` has copied. After each `on_train_begin`."""
        for callback, kept in zip(self.callbacks, state, strict=True):
            put_back(callback, kept)


def settings(callback) -> dict[str, Any]:
    """Copy the public plain values that a callback holds and a checkpoint puts back."""
    if knows_its_state(callback):
        return {}
    return {
        name: value
        for name, value in kept_attributes(callback)
        if type(value) in SCALARS and not name.startswith("_")
    }


def callback_state(callback) -> dict[str, Any]:
    """Copy what one callback remembers."""
    files = callback_files.written_files(callback)
    if knows_its_state(callback):
        own = callback.state_dict()
        return {"own": copy.deepcopy(own) if is_keepable(own) else None, "files": files}
    kept = {"values": {}, "tensors": {}, "generators": {}, "functions": {}, "files": files}
    kept["variables"] = {
        name: [copy_of(variable.value) for variable in variables]
        for name, variables in own_variables(callback).items()
    }
    for name, value in kept_attributes(callback):
        if (state := generator_state(value)) is not None:
            kept["generators"][name] = copy.deepcopy(state)
        elif is_tensor(value):
            kept["tensors"][name] = load_keras().ops.convert_to_numpy(value).copy()
        elif isinstance(value, FunctionType):
            kept["functions"][name] = [value.__module__, value.__qualname__]
        elif is_keepable(value):
            kept["values"][name] = copy.deepcopy(value)
    return kept


def put_back(callback, kept: dict[str, Any]) -> None:
    """Give one callback what `callback_state` has copied."""
    if knows_its_state(callback):
        if kept.get("own") is not None:
            callback.load_state_dict(copy.deepcopy(kept["own"]))
    elif "values" in kept:
        attributes = vars(callback)
        for name, value in kept["values"].items():
            attributes[name] = filled(attributes.get(name), copy.deepcopy(value))
        for name, array in kept["tensors"].items():
            attributes[name] = load_keras().ops.convert_to_tensor(array, array.dtype.name)
        put_variables_back(callback, kept["variables"])
        for name, state in kept["generators"].items():
            set_generator_state(attributes.get(name), state)
        for name, address in kept["functions"].items():
            # Chosen while it trained, as `monitor_op` is; what the constructor sets is there.
            if attributes.get(name) is None:
                attributes[name] = function_at(*address)
    callback_files.reopen(callback, kept["files"])


def own_variables(callback) -> dict[str, list]:
    """List the variables of metrics and the like that a callback holds, but not the model's."""
    held = {}
    for name, value in vars(callback).items():
        if name not in FROM_KERAS and is_made_again(value):
            held[name] = [value] if is_variable(value) else getattr(value, "variables", ())
    if not any(held.values()):
        return {}
    models = {id(variable) for variable in all_variables(callback.model)} if callback.model else ()
    found = {
        name: [each for each in variables if id(each) not in models]
        for name, variables in held.items()
    }
    return {name: variables for name, variables in found.items() if variables}


def is_variable(value: Any) -> bool:
    return isinstance(value, load_keras().Variable)


def put_variables_back(callback, kept: dict[str, list]) -> None:
    present = own_variables(callback)
    for name, arrays in kept.items():
        variables = present.get(name, [])
        if [tuple(each.shape) for each in variables] != [array.shape for array in arrays]:
            raise BadInput(
                f"callbacks: got a {type(callback).__name__} whose {name} has "
                f"{len(variables)} variables, but the checkpoint has {len(arrays)} or others; "
                "build it in the callback's constructor, as it was"
            )
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def knows_its_state(callback) -> bool:
    return hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict")


def kept_attributes(callback) -> list[tuple[str, Any]]:
    """List what a callback holds, but what is Keras' or the script's affair."""
    passed_over = FROM_KERAS | callback_files.own_attributes(callback)
    return [
        (name, value)
        for name, value in vars(callback).items()
        if name not in passed_over and not is_made_again(value)
    ]


def is_made_again(value: Any) -> bool:
    keras = load_keras()
    of_keras = (
        keras.Layer,
        keras.Variable,
        keras.losses.Loss,
        keras.metrics.Metric,
        keras.optimizers.Optimizer,
        keras.optimizers.schedules.LearningRateSchedule,
    )
    return isinstance(value, MADE_AGAIN + of_keras)


def unkeepable_attributes(callback) -> list[str]:
    """Name what of a callback cannot be kept."""
    remote = callback_files.remote_attributes(callback)
    if knows_its_state(callback):
        return remote if is_keepable(callback.state_dict()) else ["state_dict()", *remote]
    return remote + [
        name
        for name, value in kept_attributes(callback)
        if not (
            isinstance(value, FunctionType)
            or is_tensor(value)
            or generator_state(value) is not None
            or is_keepable(value)
        )
    ]


def values_changed(callback) -> list[str]:
    """Name what the functions of a LambdaCallback may change around them: it is there for that."""
    if not isinstance(callback, load_keras().callbacks.LambdaCallback):
        return []
    functions = [value for _, value in kept_attributes(callback) if isinstance(value, FunctionType)]
    return sorted({name for function in functions for name in values_around(function)})


def values_around(function: FunctionType) -> list[str]:
    """Name the lists, files and the like that a function finds around it, and may change."""
    try:
        around = inspect.getclosurevars(function)
    except ValueError:  # one of them has no value yet
        return []
    values = around.globals | around.nonlocals
    return sorted(name for name, value in values.items() if isinstance(value, CHANGEABLE))


def is_tensor(value: Any) -> bool:
    # A variable of TensorFlow's is a tensor, too, but could not be put back as one.
    return load_keras().ops.is_tensor(value) and not hasattr(value, "assign")


def is_keepable(value: Any) -> bool:
    try:
        pack(value)
    except CannotKeep:
        return False
    return True


def filled(there: Any, value: Any) -> Any:
    """Fill what is there, for others may hold it too; or return the value."""
    if type(there) is not type(value) or not isinstance(value, list | dict | set | deque):
        return value
    there.clear()
    (there.extend if isinstance(value, list | deque) else there.update)(value)
    return there


def function_at(module: str, name: str):
    """Find a function of a module; None for one made within another, which has no name."""
    return getattr(importlib.import_module(module), name, None)
