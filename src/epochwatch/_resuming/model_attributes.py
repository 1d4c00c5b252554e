"""Numbers and words that a model or its layers change in Python while they train.

A step that is run in Python reads them each time: on torch, and with `run_eagerly`. One that is
traced has read them once, when it was traced first, and so it does when it is traced again.
"""

from typing import Any

import numpy as np

from epochwatch._keras import load_keras
from epochwatch._resuming.plain_values import SCALARS

# Of Keras and of torch's modules, which set them by themselves.
NOT_OWN = {"built", "stop_training", "trainable", "training"}

# By the place of a model or layer among all, and by name.
Attributes = dict[int, dict[str, Any]]


def plain_attributes(model) -> Attributes:
    """Copy the public attributes that are plain values; none where steps are traced."""
    if not is_run_in_python(model):
        return {}
    return {
        place: {
            name: value
            for name, value in vars(part).items()
            if not name.startswith("_") and name not in NOT_OWN and is_plain(value)
        }
        for place, part in enumerate(model._flatten_layers())
    }


def changed_attributes(model, before: Attributes) -> Attributes:
    """Copy those that are others than before."""
    changed = {
        place: {
            name: value
            for name, value in values.items()
            if name not in before.get(place, {}) or repr(before[place][name]) != repr(value)
        }
        for place, values in plain_attributes(model).items()
    }
    return {place: values for place, values in changed.items() if values}


def put_attributes(model, attributes: Attributes) -> None:
    """Give a model and its layers what `changed_attributes` has copied."""
    for place, part in enumerate(model._flatten_layers()):
        for name, value in attributes.get(place, {}).items():
            setattr(part, name, value)


def is_run_in_python(model) -> bool:
    on_torch = load_keras().backend.backend() == "torch"
    return bool(model.run_eagerly or (on_torch and not model.jit_compile))


def is_plain(value: Any) -> bool:
    return type(value) in SCALARS or isinstance(value, np.generic)
