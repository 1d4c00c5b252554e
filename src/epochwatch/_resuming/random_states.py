"""Random generators: the process' global ones, and those that a feed or a callback holds.

They are Python's, NumPy's and, where it is loaded, torch's. Keras' own seeds are variables, and
among the model's.
"""

import importlib
import random
import sys
from typing import Any

import numpy as np

from epochwatch.errors import BadInput

# By name; each state a dict of plain values.
States = dict[str, dict[str, Any]]


def random_states() -> States:
    """Copy the states of all that are loaded: what draws next changes none of it."""
    version, words, gauss = random.getstate()
    states = {
        # As an array: packed singly, its 625 numbers would take longer than all the rest.
        "random": {"version": version, "words": np.array(words, np.uint32), "gauss": gauss},
        # Not as NumPy's older tuple: another bit generator may be in its place.
        "numpy.random": np.random.get_state(legacy=False),
    }
    if "torch" in sys.modules:
        states["torch"] = {"cpu": sys.modules["torch"].get_rng_state().numpy()}
    return states


def set_random_states(states: States) -> None:
    """Have all draw next what they would have drawn when `states` was taken."""
    python = states["random"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["gauss"]))
    np.random.set_state(states["numpy.random"])
    if "torch" in states:
        torch = importlib.import_module("torch")
        torch.set_rng_state(torch.from_numpy(states["torch"]["cpu"].copy()))


def drawn_from(before: States, after: States) -> list[str]:
    """Name the generators that were drawn from, or seeded, between two states."""
    return [name for name in before if name in after and not is_same(before[name], after[name])]


def is_same(one: Any, other: Any) -> bool:
    """Compare two states."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    return np.array_equal(one, other)


def generator_state(generator) -> list | None:
    """Give the state of a generator of random numbers, as plain values; None if it is none."""
    for name, (kind, get, _) in _generators().items():
        # The system's own source of chance is a Random too, and has no state.
        if isinstance(generator, kind) and not isinstance(generator, random.SystemRandom):
            return [name, get(generator)]
    return None


def set_generator_state(generator, state: list) -> None:
    """Put a generator where another one of its kind was.

    Raises:
        BadInput: the state is that of another kind.
    """
    name, content = state
    here = generator_state(generator)
    if here is None or _kind_of(here) != _kind_of(state):
        got = "no generator" if here is None else _kind_of(here)
        raise BadInput(
            f"random generator: got {got}, allowed: {_kind_of(state)}, as in the checkpoint; make "
            "it as before, or use another folder"
        )
    _generators()[name][2](generator, content)


def _kind_of(state: list) -> str:
    name, content = state
    return f"{name} of {content['bit_generator']}" if isinstance(content, dict) else name


def _generators() -> dict:
    """Give, by name: the type, how to get a state, and how to set one."""
    numpy = np.random
    known = {
        "numpy.random.Generator": (
            numpy.Generator,
            lambda it: it.bit_generator.state,
            lambda it, state: setattr(it.bit_generator, "state", state),
        ),
        "numpy.random.BitGenerator": (
            numpy.BitGenerator,
            lambda it: it.state,
            lambda it, state: setattr(it, "state", state),
        ),
        "numpy.random.RandomState": (
            numpy.RandomState,
            lambda it: it.get_state(legacy=False),
            lambda it, state: it.set_state(state),
        ),
        "random.Random": (
            random.Random,
            lambda it: it.getstate(),
            lambda it, state: it.setstate(state),
        ),
    }
    torch = sys.modules.get("torch")  # without it nothing is torch's
    if torch is not None:
        known["torch.Generator"] = (
            torch.Generator,
            lambda it: it.get_state().numpy().copy(),
            lambda it, state: it.set_state(torch.from_numpy(state.copy())),
        )
    return known
