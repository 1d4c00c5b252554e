"""Where a feed stands in Keras' epoch iterator, and how it is put back there.

Keras asks its epoch iterator for an iterator of the feed: one an epoch, or one that is kept over
the epochs where `steps_per_epoch` is given. Here each one it makes passes through our hands, so
that we know how many there have been and how many batches the last one has given out. To put a
feed back we make as many iterators, for each may draw the seed of the next shuffle, and pass over
what the last one had given out. (`trainers/epoch_iterator.py` is the same from Keras 3.12 on.)
"""

import itertools
import time
from collections.abc import Callable, Iterator

from epochwatch._resuming.dataset_draws import batches_until_drawn, seeds_of
from epochwatch._resuming.feed_check import refuse_shared_draws
from epochwatch._resuming.feed_generators import generator_states, set_generator_states
from epochwatch._resuming.item_stand_in import ItemStandIn, items_can_be_left_out
from epochwatch._resuming.own_positions import own_position
from epochwatch._resuming.random_states import (
    is_same,
    random_states,
    set_random_states,
)

HOOKS = ("on_epoch_begin", "on_epoch_end")  # of Keras' data adapters


class FeedPosition:
    """Stands between Keras' epoch iterator and the feed, and knows how far it was trained.

    Args:
        epoch_iterator: of Keras, of which nothing has been taken yet.
        backend: Keras' backend.
        hooks: random states before each hook of the feed in the killed training; see `state`.
        origin: the sampler that the feed is of, if it is one of `feeds.sampled`.

    Attributes:
        put_back_by: how the feed was put back: "step", "own state", "item", "passing over", or
            None where nothing had to be done.
        seconds: how long that took.
        passed_over: batches that were passed over for it.
    """

    def __init__(self, epoch_iterator, backend: str, hooks=None, origin=None):
        self.epoch_iterator = epoch_iterator
        self.origin = origin
        self.adapter = epoch_iterator.data_adapter
        self.on_tensorflow = backend == "tensorflow"
        self.kind = type(self.adapter).__name__
        self.own = own_position(self.adapter, backend)
        self.seeds: list = []
        self.feed = getattr(self.adapter, "py_dataset", getattr(self.adapter, "_dataloader", None))
        self.taken = 0  # batches that the last iterator gave out
        self.taken_before: list[int] = []  # by the iterators before it
        self.born: dict | None = None  # random states when the last iterator was made
        self.first_step = 0  # of the epoch that is gone on with
        self.ready: Iterator | None = None  # put back, for Keras to ask for
        self.put_back_by: str | None = None
        self.seconds = 0.0
        self.passed_over = 0
        self.hooks: list = []
        self.hooks_before = hooks or []
        self.has_begun = False  # the epoch that Keras will call on_epoch_begin for
        self.after_step: Callable[[int], None] = lambda step: None
        self._stand_between()
        if self._is_tf_data():
            self.seeds = seeds_of(self._dataset())

    def _stand_between(self) -> None:
        iterator, adapter = self.epoch_iterator, self.adapter
        self.make, iterator._get_iterator = iterator._get_iterator, lambda: self
        self.enumerate, iterator._enumerate_iterator = iterator._enumerate_iterator, self.steps
        for name in HOOKS:
            setattr(adapter, name, self._hooked(name))

    def let_go(self) -> None:
        """Take our hooks from the feed, when its `fit` is over.

        TensorFlow holds what generates as long as its iterator lives, where no garbage collector
        sees it: with our hooks, which know the iterator, they would hold each other until the end
        of the process, and may keep that from ending.
        """
        for name in HOOKS:
            vars(self.adapter).pop(name, None)

    def _is_tf_data(self) -> bool:
        arrays = self.on_tensorflow and self.kind == "ArrayDataAdapter"
        return arrays or self.kind == "TFDatasetAdapter"

    def _hooked(self, name: str) -> Callable[[], None]:
        """Call a hook of the feed with the random states it had in the killed training."""
        hook = getattr(self.adapter, name)

        def call() -> None:
            if self.has_begun:
                self.has_begun = False
                return
            number, before = len(self.hooks), self._states()
            kept = self.hooks_before[number][1] if number < len(self.hooks_before) else None
            if kept is not None:
                self._set_states(kept)
            hook()
            has_drawn = kept is not None or not is_same(before, self._states())
            # Only where it draws: a state has thousands of bytes.
            self.hooks.append((name, (kept or before) if has_drawn else None))
            if kept is not None:
                set_random_states(before["random"])

        return call

    def _states(self) -> dict:
        return {"random": random_states(), "own": generator_states(self.feed)}

    def _set_states(self, states: dict) -> None:
        set_random_states(states["random"])
        set_generator_states(self.feed, states["own"])

    def __iter__(self) -> Iterator:
        """Make the next iterator of the feed, or give out the one that was put back."""
        if self.ready is not None:
            ready, self.ready = self.ready, None
            return ready
        self._count_iterator()
        return self._noting_first(iter(self.make()))

    def _noting_first(self, batches: Iterator) -> Iterator:
        """Note the random states at the first batch: a callback may have drawn since the birth.

        A loader draws a seed when it is iterated, and its sampler another one at its first batch.
        """
        if self.on_tensorflow:
            return batches  # of tf.data, which draws from states of its own

        def noting() -> Iterator:
            self.born["begun"] = random_states()
            yield from batches

        return noting()

    def _count_iterator(self) -> None:
        if self.born is not None:
            self.taken_before.append(self.taken)
        self.taken = 0
        self.born = self._states() | {"begun": None}

    def steps(self) -> Iterator[tuple]:
        """Enumerate the steps of an epoch as Keras does, from where it is gone on with."""
        first, self.first_step = self.first_step, 0
        for begin, end, iterator in self.enumerate():
            if begin < first:
                continue  # trained before the kill: of its batches nothing is taken here
            yield begin, end, iterator
            # Keras comes back when the step is trained.
            self.taken += end - begin + 1
            self.after_step(end + 1)

    @property
    def steps_in_epoch(self) -> int | None:
        """Steps that Keras expects; None where it does not know."""
        return self.epoch_iterator.num_batches

    def state(self) -> dict:
        """Describe where the feed stands, for `put_back` in another process."""
        iterator = self.epoch_iterator
        return {
            "facts": self.facts(),
            "taken": self.taken,
            "taken_before": list(self.taken_before) if self._remembers() else [],
            "born": self.born,
            "own_generators": generator_states(self.feed),
            "own": self.own and self.own.state(self.taken),
            "sampler": self.origin and self.origin.state(self.taken),
            "steps_seen": iterator._steps_seen,
            "num_batches": iterator._num_batches,
            "is_kept": iterator._current_iterator is not None,
            "hooks": list(self.hooks),
        }

    def facts(self) -> dict:
        """Describe what of the feed must be the same in another process."""
        facts = {"batches in the feed": self.adapter.num_batches}
        if self._is_tf_data():
            facts["seeds of the feed"] = self.seeds
        # A sampler's batch may be another share of the same global batch, and it checks that.
        return facts if self.origin else facts | {"batch size": self.adapter.batch_size}

    def put_back(self, state: dict, step: int, random_then: dict) -> None:
        """Put the feed back to a state.

        Args:
            state: as `state` returned it.
            step: of the epoch; 0 between two epochs.
            random_then: the process' random states when the state was taken.
        """
        begun = time.perf_counter()
        iterator = self.epoch_iterator
        iterator._num_batches = state["num_batches"]
        self.first_step = step
        self._repeat_hooks()
        self.has_begun = step > 0
        # Between two epochs Keras makes the next iterator by itself, unless it keeps one.
        is_needed = state["born"] is not None and (step > 0 or self._keeps(state))
        self._make_iterators_before(state, is_needed)
        if is_needed:
            current = self._iterator_at(state, random_then)
            if state["is_kept"]:
                iterator._current_iterator = current
            if step and iterator.steps_per_epoch is None:
                self.ready = current  # Keras asks for one at each epoch's begin
        else:
            set_generator_states(self.feed, state["own_generators"])
            if self.own is not None and state["own"] is not None:
                self.own.put_back(state["own"], is_in_use=False)
        iterator._steps_seen = state["steps_seen"] - step if step else state["steps_seen"]
        self.seconds = time.perf_counter() - begun

    def _keeps(self, state: dict) -> bool:
        return state["is_kept"] and self.epoch_iterator.steps_per_epoch is not None

    def _remembers(self) -> bool:
        """Whether what earlier iterators gave out tells in what later ones do."""
        return self.kind == "GeneratorDataAdapter" or self._is_tf_data()

    def _repeat_hooks(self) -> None:
        """Call the hooks that were called in the killed training, and not yet in this one."""
        for name, _ in self.hooks_before[len(self.hooks) :]:
            getattr(self.adapter, name)()

    def _make_iterators_before(self, state: dict, is_needed: bool) -> None:
        """Make the iterators that came before the one to go on with, and let them draw."""
        if not self._remembers() or self.origin is not None:
            return
        self.taken_before = list(state["taken_before"])
        if not is_needed and state["born"] is not None:
            self.taken_before.append(state["taken"])
        for taken in self.taken_before:
            if not self._is_tf_data():
                self._pass_over(iter(self.make()), taken)
                self.put_back_by = "passing over"
            elif taken or self.on_tensorflow:  # other adapters iterate it for the first batch
                dataset = self._dataset()
                needed = batches_until_drawn(dataset)
                self._pass_over(iter(dataset), taken if needed is None else min(taken, needed))

    def _dataset(self):
        """Return the tf.data.Dataset that iterators are made of."""
        return self.make() if self.on_tensorflow else self.adapter._dataset

    def _iterator_at(self, state: dict, random_then: dict) -> Iterator:
        """Make the iterator that was being used, and bring it to where it was."""
        self.born, self.taken = state["born"], state["taken"]
        self._set_states(self.born)
        if self.origin is not None:
            # The feed was made anew, to begin at the step.
            self.taken, self.put_back_by = 0, "step"
            return iter(self.make())
        own = self.own if state["own"] is not None else None
        if own is not None and own.put_back(state["own"], is_in_use=True):
            self.put_back_by = "own state"
            return iter(self.make())
        if not self.taken:
            return self._noting_first(iter(self.make()))
        by_item = self.kind == "PyDatasetAdapter" and items_can_be_left_out(self.adapter)
        self.put_back_by = "item" if by_item else "passing over"
        if by_item:
            self.adapter.py_dataset = ItemStandIn(self.adapter, self.taken)
        current = iter(self.make())
        if self.born["begun"] is not None:
            set_random_states(self.born["begun"])
        self._pass_over(current, 1)
        begun = random_states()
        self._pass_over(current, self.taken - 1)
        if self.kind == "GeneratorDataAdapter":
            refuse_shared_draws(begun, random_then)
        return current

    def _pass_over(self, batches: Iterator, count: int) -> None:
        self.passed_over += count
        for _ in itertools.islice(batches, count):
            pass
