"""A fit that is killed after some steps and gone on with anew, by the position of its feed alone.

The loop is Keras' own, and its step only notes the batch. What is done with the feed is what a
resumable training does, as plainly as can be, and nothing is kept but what a checkpoint holds.
"""

import contextlib
import random
import sys

import keras
import numpy as np

from epochwatch._resuming.own_positions import own_position

BACKEND = keras.backend.backend()


class Killed(Exception):
    pass


def global_states():
    """The global generators of the process; torch's where it is imported."""
    states = random.getstate(), np.random.get_state()
    return (*states, sys.modules["torch"].get_rng_state()) if "torch" in sys.modules else states


def set_global_states(states):
    random.setstate(states[0])
    np.random.set_state(states[1])
    if "torch" in sys.modules:
        sys.modules["torch"].set_rng_state(states[2])


class NotingModel(keras.Sequential):
    """Notes every batch trained; hands Keras' epoch iterator over before anything is taken."""

    def _symbolic_build(self, iterator=None, data_batch=None):
        if iterator is not None and self.trainee.iterator is None:
            self.trainee.attach(iterator)
        return super()._symbolic_build(iterator=iterator, data_batch=data_batch)

    def make_train_function(self, force=False):
        self.train_function = self.note_batch

    def note_batch(self, *arguments):
        """Stand for a training step: of (state, batches) on JAX, of (batches,) on torch."""
        batches = arguments[-1]
        batch = batches[0] if isinstance(batches, (list, tuple)) else next(batches)
        self.trainee.trained.append(keras.ops.convert_to_numpy(batch[0]).ravel().tolist())
        return ({"loss": 0.0}, *arguments[:-1]) if BACKEND == "jax" else {"loss": 0.0}


class Trainee(keras.callbacks.Callback):
    """Trains a feed until it is killed, or from where another was."""

    def __init__(self, kill_after=None, kept=None, ends=frozenset()):
        super().__init__()
        # ends: (epoch, step) of the last steps, after which a kill is one at an epoch's end.
        self.kill_after, self.kept, self.ends = kill_after, kept, ends
        self.trained, self.steps_of_epochs = [], []
        self.iterator = self.ready = None
        self.first = 0
        self.before = kept["trained"] if kept else 0

    def run(self, make_feed, **options):
        keras.utils.set_random_seed(7)
        if "torch" in sys.modules:  # on JAX, Keras seeds JAX alone
            sys.modules["torch"].manual_seed(7)
        model = NotingModel([keras.Input((1,)), keras.layers.Dense(1)])
        model.trainee = self
        model.compile("sgd", "mse")
        options |= {"initial_epoch": self.kept["epoch"]} if self.kept else {}
        with contextlib.suppress(Killed):
            model.fit(make_feed(), callbacks=[self], verbose=0, **options)
        return self

    # Keras' epoch iterator
    def attach(self, iterator):
        self.iterator = iterator
        self.position = own_position(iterator.data_adapter, BACKEND)
        assert self.position is not None, "this feed has no position of its own"
        self.make_iterable, iterator._get_iterator = iterator._get_iterator, lambda: self
        self.enumerate, iterator._enumerate_iterator = iterator._enumerate_iterator, self.steps

    def __iter__(self):
        ready, self.ready = self.ready, None
        if ready is not None:
            return ready
        self.born_at = self.total()
        return iter(self.make_iterable())

    def steps(self):
        first, self.first = self.first, 0
        for begin, end, iterator in self.enumerate():
            if begin >= first:
                yield begin, end, iterator

    def total(self):
        return self.before + len(self.trained)

    # Keeping
    def on_train_batch_end(self, batch, logs=None):
        if self.total() == self.kill_after and (self.epoch, batch + 1) not in self.ends:
            self.keep(self.epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        self.steps_of_epochs.append(self.total())
        if self.total() == self.kill_after:
            self.keep(epoch + 1, 0)

    def last_steps_of_epochs(self):
        begins = [0, *self.steps_of_epochs]
        steps = zip(begins, self.steps_of_epochs, strict=False)
        return {(epoch, end - begin) for epoch, (begin, end) in enumerate(steps)}

    def keep(self, epoch, step):
        keeps_iterator = self.iterator._current_iterator is not None
        position = self.position.state(self.total() - self.born_at)
        self.checkpoint = {
            "epoch": epoch,
            "step": step,
            "trained": self.total(),
            "born_at": self.born_at,
            "position": position,
            "is_in_use": bool(step) or keeps_iterator,
            "keeps_iterator": keeps_iterator,
            "steps_seen": self.iterator._steps_seen,
            "num_batches": self.iterator._num_batches,
            "globals": global_states(),
        }
        raise Killed

    # Putting back
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        if self.kept is None:
            return
        kept, self.kept = self.kept, None
        self.trained.clear()
        self.first = kept["step"]
        self.iterator._num_batches = kept["num_batches"]
        assert self.position.put_back(kept["position"], kept["is_in_use"])
        if kept["is_in_use"]:
            self.born_at = kept["born_at"]
            iterator = iter(self.make_iterable())
            if kept["keeps_iterator"]:
                self.iterator._current_iterator = iterator
            if kept["step"] and self.iterator.steps_per_epoch is None:
                self.ready = iterator
        self.iterator._steps_seen = kept["steps_seen"] - kept["step"]
        set_global_states(kept["globals"])
