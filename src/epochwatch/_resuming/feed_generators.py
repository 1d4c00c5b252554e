"""Random generators that a feed holds: `DataLoader(…, generator=g)`, `self.rng` of a PyDataset.

Nobody else puts them back: the states of the process, NumPy's and torch's global ones, are others.
"""

from collections.abc import Iterator
from typing import Any

from epochwatch._resuming.random_states import generator_state, set_generator_state

# Attributes of feeds and their parts which hold a part that may draw for the feed.
_PARTS = ("loader", "dataset", "sampler", "batch_sampler", "data_source", "transform", "py_dataset")


def generator_states(feed: Any) -> list:
    """Return the states of all random generators of a feed, as plain values."""
    return [generator_state(generator) for generator in _generators_of(feed)]


def set_generator_states(feed: Any, states: list) -> None:
    """Set the generators of a feed that is made as the one whose states they are."""
    for generator, state in zip(_generators_of(feed), states, strict=True):
        set_generator_state(generator, state)


def _generators_of(feed: Any) -> Iterator[Any]:
    met, waiting = set(), [feed]
    while waiting:
        owner = waiting.pop(0)
        for name, value in getattr(owner, "__dict__", {}).items():
            if id(value) in met:
                continue
            met.add(id(value))
            if generator_state(value) is not None:
                yield value
            elif name.lstrip("_") in _PARTS:
                waiting.append(value)
