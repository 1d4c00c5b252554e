"""Feeds that know their position: torchdata's StatefulDataLoader, and Grain's datasets and loader.

Such a feed is put back without loading what was trained. Where its own position would not be exact
there is none here, and what was trained is passed over instead, which is:

- On TensorFlow Keras iterates these feeds in a thread, ahead of the training. On JAX some releases,
  and all on an accelerator, take a batch ahead; `state` notices, for it counts.
- Workers of a StatefulDataLoader draw random numbers (augmentation) from generators of theirs,
  which their state does not hold.
- A sampler of a user's own has a state, but its iterator has none: how much of a pass is left would
  be forgotten. torchdata's StatefulDistributedSampler counts in itself what its iterators yield,
  and begins the pass after one that is put back too late. An IterableDataset without a state is
  passed over by torchdata itself.
"""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from epochwatch._resuming.feed_generators import generator_states, set_generator_states

# Samplers whose order a StatefulDataLoader puts back exactly.
_KNOWN_SAMPLERS = {
    "torch.utils.data.dataloader._InfiniteConstantSampler",  # of an IterableDataset
    "torch.utils.data.sampler.SequentialSampler",
    "torchdata.stateful_dataloader.sampler.BatchSampler",
    "torchdata.stateful_dataloader.sampler.RandomSampler",
    "builtins.NoneType",  # the batch sampler, of a loader that makes no batches
}


def own_position(adapter: Any, backend: str) -> "OwnPosition | None":
    """Attach to one of Keras' adapters, before its first iterator is made.

    Args:
        adapter: the `data_adapter` of Keras' epoch iterator.
        backend: of Keras.

    Returns:
        What knows the position of the feed; None where nothing does, or not exactly.
    """
    if backend not in ("jax", "torch"):
        return None
    if type(adapter).__name__ == "GrainDatasetAdapter":
        return _attached_to_grain(adapter, backend)
    if type(adapter).__name__ == "TorchDataLoaderAdapter" and _is_exact(adapter._dataloader):
        adapter._dataloader = position = _LoaderPosition(adapter._dataloader)
        return position
    return None


class OwnPosition:
    """The position of a feed, kept and put back by the feed's own means.

    It stands where the adapter iterates the feed, and counts what each iterator delivers.
    """

    def __init__(self, source: str, make_feed: Callable[[], Iterable]):
        self._source = f"{source} {sys.modules[source].__version__}"
        self._make_feed = make_feed
        self._latest = self._ready = None

    def __iter__(self) -> Iterator:
        ready, self._ready = self._ready, None
        self._latest = ready or _CountedIterator(iter(self._make_feed()))
        return self._latest

    def state(self, taken: int) -> dict | None:
        """Return the position, as plain values, which the training cannot change any more.

        Args:
            taken: batches that Keras has been given of the iterator that it has now; 0 where it has
                none.

        Returns:
            None where the feed has delivered other than what was taken: it is read ahead.
        """
        latest = self._latest
        delivered = 0 if latest is None else latest.delivered
        # On JAX an iterator that Keras has, but asked for nothing, is not made yet: the latest is
        # then the one before, and all that counts is what stands beside it.
        if delivered != taken and taken:
            return None
        is_made = latest is not None and delivered == taken
        kept = self._state_of(latest.iterator) if is_made else None
        if is_made and kept is None:
            return None
        state = {"source": self._source, "taken": taken, "iterator": kept, **self._beside()}
        return _without_tensors(state)

    def put_back(self, state: dict, is_in_use: bool) -> bool:
        """Go on from a state, in a feed made as the one that it is of.

        Args:
            state: what `state` returned, there.
            is_in_use: whether the next iterator goes on where that one stood; otherwise, where
                Keras would have made a new one, the next one is a pass as it would have been.

        Returns:
            Whether the next iterator does so. It does not where the state is of another release, or
            does not fit the feed: pass over what was trained.
        """
        if state["source"] != self._source:
            return False
        if is_in_use and state["iterator"] is not None:
            iterator = self._iterator_at(state)
            if iterator is None:
                return False
            self._ready = _CountedIterator(iterator, state["taken"])
        else:
            self._put_back_beside(state)
        return True

    def _state_of(self, iterator: Any) -> Any:
        # Super-batches of Keras 3.16, made of a feed, have no position.
        return iterator.get_state() if hasattr(iterator, "get_state") else None

    def _iterator_at(self, state: dict) -> Iterator | None:
        iterator = iter(self._make_feed())
        try:
            iterator.set_state(state["iterator"])
        except (AttributeError, ValueError):
            # Grain compares data sources by their `repr`, which may be their place in memory.
            return None
        return iterator

    def _beside(self) -> dict:
        """Return what outlives an iterator. Passes of Grain are functions of their place alone."""
        return {}

    def _put_back_beside(self, state: dict) -> None:
        pass


class _LoaderPosition(OwnPosition):
    """Of a StatefulDataLoader without workers.

    torchdata puts back the order of the pass, yet not where the generator is by then: each iterator
    also draws a seed from it, and the next passes would be shuffled in another order.
    """

    def __init__(self, loader: Any):
        super().__init__("torchdata", _always(loader))
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # adapters ask for the loader's sampler, among others

    def _state_of(self, iterator: Any) -> dict | None:
        state = iterator.state_dict()
        of_dataset = (
            state["dataset_state"],
            (state["fetcher_state"] or {}).get("dataset_iter_state"),
        )
        is_iterable = state["fetcher_state"] is not None
        return None if is_iterable and of_dataset == (None, None) else state

    def _iterator_at(self, state: dict) -> Iterator:
        self._loader.load_state_dict(_with_tensors(state["iterator"]))
        iterator = iter(self._loader)
        set_generator_states(self._loader, state["generators"])
        return iterator

    def _beside(self) -> dict:
        dataset = self._loader.dataset
        kept = dataset.state_dict() if hasattr(dataset, "state_dict") else None
        return {"generators": generator_states(self._loader), "dataset": kept}

    def _put_back_beside(self, state: dict) -> None:
        if state["dataset"] is not None:
            self._loader.dataset.load_state_dict(_with_tensors(state["dataset"]))
        set_generator_states(self._loader, state["generators"])


class _CountedIterator:
    """An iterator, and how many batches it has delivered."""

    def __init__(self, iterator: Iterator, delivered: int = 0):
        self.iterator = iterator
        self.delivered = delivered

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        batch = next(self.iterator)
        self.delivered += 1
        return batch


def _attached_to_grain(adapter: Any, backend: str) -> OwnPosition:
    if backend == "torch":
        # A loader of torch's around it does no more than to iterate it.
        adapter._dataset = position = OwnPosition("grain", _always(adapter._dataset))
        return position
    make_feed = adapter.get_jax_iterator
    position = OwnPosition("grain", make_feed)

    def get_jax_iterator(**options: Any) -> OwnPosition:
        position._make_feed = functools.partial(make_feed, **options)
        return position

    adapter.get_jax_iterator = get_jax_iterator
    return position


def _always(feed: Iterable) -> Callable[[], Iterable]:
    return lambda: feed


def _is_exact(loader: Any) -> bool:
    names = [_name_of(part) for part in (loader, loader.sampler, loader.batch_sampler)]
    is_stateful = names[0] == "torchdata.stateful_dataloader.stateful_dataloader.StatefulDataLoader"
    return is_stateful and not loader.num_workers and _KNOWN_SAMPLERS.issuperset(names[1:])


def _name_of(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


_TENSOR = "torch.Tensor"


def _without_tensors(value: Any) -> Any:
    """Copy nested values, with arrays for tensors of torch."""
    if isinstance(value, dict):
        return {key: _without_tensors(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_without_tensors, value))
    if _name_of(value) == _TENSOR:
        return {_TENSOR: value.detach().cpu().numpy().copy()}
    return value.copy() if isinstance(value, np.ndarray) else value


def _with_tensors(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {_TENSOR}:
        return sys.modules["torch"].from_numpy(np.array(value[_TENSOR]))
    if isinstance(value, dict):
        return {key: _with_tensors(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_with_tensors, value))
    return value
