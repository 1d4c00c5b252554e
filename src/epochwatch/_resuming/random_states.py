"""The global random generators of the process: Python's, NumPy's and, where it is loaded, torch's.

Keras' own seeds are variables, and among the model's.
"""

import importlib
import random
import sys
from typing import Any

import numpy as np

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
