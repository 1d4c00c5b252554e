"""The feed's own order, by which a trained batch has its place."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

FIRST_LOOK = 16  # batches
BY_CHANCE = 10**6  # one in so many shuffling feeds may be taken for one that does not
MOST_PASSES = 20


def batch_digest(index: np.ndarray) -> int:
    """Reduce a batch to 64 bits: the same for the same indices in the same order."""
    # Python's own hash of bytes: fast, and never compared between two processes.
    return hash(np.asarray(index, dtype=np.int64).tobytes())


class FeedOrder:
    """The feed's own order as digests by place, read from the feed no further than needed.

    Args:
        batches: a new pass over the feed: each batch's indices.
        at_most: batches to look at before giving a search up; a feed may be endless.
        again: whether the feed begins anew where it has ended.
    """

    def __init__(self, batches: Iterable[np.ndarray], at_most: int, again: bool):
        self._batches = iter(batches)
        self.at_most = at_most
        self.again = again
        self.digests: list[int] = []
        self.rows = 0  # in the first batch
        self.ended = False

    def read_up_to(self, place: int) -> bool:
        """Read on until a place is known; False where the feed ends before, or the search."""
        while len(self.digests) <= place < self.at_most and not self.ended:
            batch = next(self._batches, None)
            if batch is None:
                self.ended = True
            else:
                self.rows = self.rows or len(batch)
                self.digests.append(batch_digest(batch))
        return place < len(self.digests)

    def completes_pass(self, place: int) -> bool:
        """Whether a pass over the feed is complete with this place."""
        return not self.read_up_to(place + 1) and self.ended

    def wrapped_place(self, place: int) -> int | None:
        """Return a place, counted on from 0 after a complete pass; None where there is none."""
        if self.read_up_to(place):
            return place
        # Only a feed that has shown its end, and can begin again, has a place beyond it.
        return place % len(self.digests) if self.ended and self.again and self.digests else None

    def has_batches_at(self, digests: list[int], place: int) -> bool:
        """Whether batches stand here one after the other, the first of them at `place`."""
        places = (self.wrapped_place(place + offset) for offset in range(len(digests)))
        return all(
            place is not None and self.digests[place] == digest
            for place, digest in zip(places, digests, strict=True)
        )

    def places_of(self, wanted: int, after: int) -> Iterator[int]:
        """Find where a batch may stand, `after` the place trained last (-1 before the first).

        The reading kindest to the feed comes first: the next place, then 0, then the nearest
        forward, then the nearest back.
        """
        # Lazily: a search forward reads the feed, and most batches stand where they should.
        yield from (after + 1, 0)
        place = after + 2
        while self.read_up_to(place):
            if self.digests[place] == wanted:
                yield place
            place += 1
        yield from (place for place in range(after, 0, -1) if self.digests[place] == wanted)

    def is_repeated_by(self, make_pass: Callable[[], Iterable[np.ndarray]], batches: int) -> bool:
        """Whether other passes begin with the same batches in the same order, so many of them.

        Few batches are alike by chance: then more passes are made.
        """
        orders = 1
        for _ in range(MOST_PASSES):
            again = [batch_digest(batch) for batch in itertools.islice(make_pass(), batches)]
            self.read_up_to(batches - 1)
            if again != self.digests[:batches]:
                return False
            orders *= self.orders_to_begin_in(batches)
            if orders >= BY_CHANCE or orders == 1:
                break
        return True

    def is_no_chance(self, batches: int) -> bool:
        """Whether so many batches are hardly ever alike in two passes of a feed that shuffles."""
        return self.orders_to_begin_in(batches) >= BY_CHANCE

    def orders_to_begin_in(self, batches: int) -> int:
        """Count the orders that a feed that shuffles could begin in: 1 where none is another."""
        self.read_up_to(FIRST_LOOK - 1)
        known = self.digests[:FIRST_LOOK]
        if len(set(known)) == 1:  # then it is the rows that may be shuffled
            return math.factorial(min(self.rows, FIRST_LOOK))
        return math.perm(len(set(known)), len(set(known[:batches])))
