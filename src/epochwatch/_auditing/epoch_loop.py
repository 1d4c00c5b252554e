"""What Keras' epoch loop takes from a feed, told from its source: places, epoch by epoch.

The feed is a list of places 0, 1, 2, …; nothing is trained here. Three loops differ:

- Keras 3, `trainers/epoch_iterator.py: EpochIterator`, with the execution of each backend's
  trainer. An iterator is kept over the epochs where `steps_per_epoch` is given.
- The same up to Keras 3.6, where an execution is short when the data end, and a generator that
  has ended gives nothing more.
- Keras 2 (tf_keras), `engine/data_adapter.py: DataHandler`.
"""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from epochwatch._auditing.request import FitCall

PEEKED = 2  # batches that Keras 3 takes from a generator to learn its shapes
READ_AHEAD = 1  # at the least, by tf.data's prefetch behind a generator

Fits = Iterator[tuple[tuple[int, int], list[int]]]  # fit and epoch, from 1, and its places


class Loop(NamedTuple):
    """How the loop is called, and what it knows of its feed."""

    length: int | None  # batches in one pass; None for a feed without an end
    counted: bool  # whether Keras knows the length before the feed ends
    one_shot: bool  # a generator, which does not begin again
    recreated: bool  # a Sequence, of which Keras 2 makes a new iterator for every epoch
    repeated: bool  # arrays, which Keras 2 repeats as often as there are epochs
    cycled: bool  # a Sequence with workers, which Keras 2 repeats without end
    offset: int  # batches that building the model takes from the first fit's feed
    whole: bool  # whether an execution that was begun is made whole
    collected: bool  # whether an execution is collected before it runs: a short one ends the pass
    reads_ahead: int  # batches of a generator that are lost with each fit's iterator
    call: FitCall

    def asks_for_a_pass(self) -> bool:
        """Whether an epoch is asked to be one pass, also by just so many steps."""
        wanted = self.call.steps_per_epoch
        return wanted is None or (self.counted and wanted == self.length)

    def pass_over(self) -> Iterator[int]:
        return iter(range(self.length)) if self.length is not None else itertools.count()


class OneShot:
    """A generator: what is taken from it is gone, but for what was peeked at."""

    def __init__(self, loop: Loop):
        self.rest = loop.pass_over()
        self.reads_ahead = loop.reads_ahead

    def adapted(self, peeked: int, again: bool):
        """Peek, as each fit does, and return what begins an iterator: the peeked ones first.

        `again` says whether they come first in every iterator, or once.
        """
        first = list(itertools.islice(self.rest, peeked))
        once = itertools.chain(first, self.rest)
        return lambda: itertools.chain(first, self.rest) if again else once

    def end_of_fit(self) -> None:
        """Lose what was read ahead."""
        next(itertools.islice(self.rest, self.reads_ahead, self.reads_ahead), None)


def keras_3(loop: Loop) -> Fits:
    return fit_by_fit(loop, PEEKED, keras_3_fit)


def keras_3_6(loop: Loop) -> Fits:
    return fit_by_fit(loop, PEEKED, keras_3_6_fit, again=False)


def keras_2(loop: Loop) -> Fits:
    """Follow the loop of Keras 2, which ends the whole fit where its data end."""
    return fit_by_fit(loop, 1, keras_2_fit)


def fit_by_fit(loop: Loop, peeked: int, epochs_of, again: bool = True) -> Fits:
    """Give each fit the feed as it finds it, and number its epochs."""
    generator = OneShot(loop)
    for fit in range(1, loop.call.fits + 1):
        begin = generator.adapted(peeked, again) if loop.one_shot else loop.pass_over
        for epoch, places in enumerate(epochs_of(loop, fit, begin), start=1):
            yield (fit, epoch), places
        generator.end_of_fit()


def keras_3_fit(loop: Loop, fit: int, begin) -> Iterator[list[int]]:
    offset = loop.offset if fit == 1 else 0
    if loop.one_shot:  # an iterator of its own takes them: of what was peeked at nothing is lost
        next(itertools.islice(begin(), offset, offset), None)
        offset = 0
    state = Keras3Fit(loop, begin, offset)
    return (state.epoch() for _ in range(loop.call.epochs_begun))


class Keras3Fit:
    """The state of one fit: `begin` begins a pass, the first without its first `offset` batches."""

    def __init__(self, loop: Loop, begin, offset: int):
        self.loop = loop
        self.begin = begin
        self.offset = offset
        self.count = loop.length if loop.counted else None
        self.iterator: Iterator[int] | None = None
        self.seen = 0

    def renew(self) -> None:
        self.iterator, self.seen = self.begin(), 0
        next(itertools.islice(self.iterator, self.offset, self.offset), None)
        self.offset = 0

    def epoch(self) -> list[int]:
        """Train an epoch, and return its places."""
        places: list[int] = []
        wanted = self.loop.call.steps_per_epoch
        steps = wanted or self.count
        if self.iterator is None or wanted is None:
            self.renew()
        size = self.loop.call.steps_per_execution
        for _ in itertools.count() if steps is None else range(0, steps, size):
            if steps and self.count and self.seen >= self.count:
                break
            self.seen += size
            execution = list(itertools.islice(self.iterator, size))
            places += execution
            # Else only an execution without a single batch tells Keras of the end.
            if len(execution) < (size if self.loop.collected else 1):
                self.count = self.count or self.seen
                self.iterator = None
                return places
        if self.count and self.seen >= self.count:
            self.renew()
        return places


def keras_3_6_fit(loop: Loop, fit: int, begin) -> Iterator[list[int]]:
    wanted, size = loop.call.steps_per_epoch, loop.call.steps_per_execution
    steps = wanted and (math.ceil(wanted / size) * size if loop.whole else wanted)
    iterator = begin()
    if fit == 1:  # the model is built with the first of an iterator, which then is gone
        next(itertools.islice(iterator, loop.offset, loop.offset), None)
    for epoch in range(loop.call.epochs_begun):
        if iterator is None or (wanted is None and (epoch or loop.offset)):
            iterator = begin()
        places = list(itertools.islice(iterator, steps))
        yield places
        if steps is None or len(places) < steps:
            iterator = None


def keras_2_fit(loop: Loop, _: int, begin) -> Iterator[list[int]]:
    wanted = loop.call.steps_per_epoch
    steps = wanted or (loop.length if loop.counted else None)
    passes = loop.call.epochs_begun if loop.repeated else 1

    def renew() -> Iterator[int]:
        rounds = itertools.count() if loop.cycled else range(passes)
        return itertools.chain.from_iterable(begin() for _ in rounds)

    iterator = renew()
    for epoch in range(1, loop.call.epochs_begun + 1):
        begun_anew = loop.asks_for_a_pass() and not (loop.one_shot or loop.repeated)
        renewed = loop.recreated or begun_anew
        if renewed and epoch > 1:
            iterator = renew()
        places = list(itertools.islice(iterator, steps))
        yield places
        if steps is None and epoch == 1:
            steps = len(places)
        if len(places) < steps:
            return
