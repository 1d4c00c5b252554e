"""Balanced batches with guarantees: which samples, as a pure function of seed and step."""

import functools
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from epochwatch._checks import whole_number
from epochwatch._samplers.arguments import Members, members_of, slots_of
from epochwatch._samplers.permutation import key_of, keys_of, permuted
from epochwatch.errors import BadInput

LARGEST_SEED = 2**63 - 1
MOST_SHARDS = 2**20

# The order that a seed gives. A change of it must change this number, so that no state of the
# one order is continued in the other.
ORDER_NUMBER = 1

# A call costs as much as a thousand samples do, so `iter` computes many steps at once.
SAMPLES_AT_ONCE = 2**13


class BalancedSampler:
    """An endless sequence of batches in which every stream has its exact share.

    `sampler[step]` is the int64 array (batch_size,) of the indices of that step, and
    `sampler[start:stop]` the array (stop - start, batch_size) of several. Both are pure
    functions of the arguments: any number of readers can ask for any step, without
    those before it. An epoch is just a range of steps: the sequence has no seam where one ends.

    - Every batch has exactly its share of each stream, in proportion: of two equal shares
      minority, majority, minority, …
    - The sampler takes each stream in passes. Each pass has every sample exactly once, in an order
      of its own, whose seed is `seed`, the stream and the number of the pass. No sample comes
      again before all others of its stream have come. Where a pass ends in mid-batch, the next
      begins there, so that one batch can hold a sample at the end of a pass and at the
      beginning of the next.
    - Shard i of n has every n-th batch of the one sequence, beginning with the i-th: all shards
      together have all batches, and no two the same one.

    One stream alone is a shuffle: every pass has each sample once, in another order, whatever the
    backend does with its own seed.

    The order is computed, never stored. Beside the index arrays, memory grows with the samples
    only once, to check that no index comes twice. With counts instead of arrays there is nothing
    to hold or to check, and 10^18 samples cost nothing.

    `iter(sampler)` continues from `sampler.step`, which it moves: a state saved after a batch
    continues with the next, with another number of shards too.

    Args:
        streams: a sequence of int64 arrays, the indices of each stream; or the streams of
            `one_vs_rest`; or a sequence of counts of samples, which are then numbered one stream
            after the other; or a dictionary of arrays or counts by name.
        batch_size: samples in a batch, all streams together.
        seed: from 0 to 2**63 - 1.
        shares: of each stream in a batch: whole-number weights such as `[1, 1, 2]`, or fractions
            that sum to 1; a sequence, or a dictionary by the streams' names. None for equal ones.
        shard: `(i, n)`: which of how many.

    Attributes:
        names: of the streams: of the dictionary, "minority" and "majority" of `one_vs_rest`, or
            their numbers.
        sizes: samples of each stream.
        slots: samples of each stream in a batch.
        batch_size: as given.
        seed: as given.
        shard: as given.

    Raises:
        BadInput: an argument cannot be used, an index comes twice, or the shares do not split a
            batch exactly.

    Example:
        >>> sampler = BalancedSampler([[10, 11], [0, 1, 2, 3, 4, 5, 6]], batch_size=4)
        >>> sampler[0], sampler[10**15]
        (array([11,  1, 10,  2]), array([10,  6, 11,  3]))
        >>> sampler[0:4]
        array([[11,  1, 10,  2],
               [11,  0, 10,  3],
               [11,  5, 10,  6],
               [10,  4, 11,  3]])
        >>> first, second = next(iter(sampler)), next(iter(sampler))
        >>> state = sampler.state_dict()
        >>> state["step"]
        2
        >>> again = BalancedSampler([[10, 11], [0, 1, 2, 3, 4, 5, 6]], batch_size=4)
        >>> again.load_state_dict(state)
        >>> next(iter(again)) == sampler[2]
        array([ True,  True,  True,  True])
        >>> BalancedSampler([6], batch_size=3)[0:4]  # two passes over six samples
        array([[4, 1, 5],
               [3, 2, 0],
               [1, 0, 2],
               [4, 5, 3]])
    """

    def __init__(
        self,
        streams: Any,
        batch_size: int,
        seed: int = 0,
        shares: Any = None,
        shard: tuple[int, int] = (0, 1),
    ):
        members = members_of(streams)
        self.names = tuple(members)
        self.sizes = tuple(stream.samples for stream in members.values())
        self.slots = tuple(slots_of(shares, self.names, batch_size))
        self.batch_size = sum(self.slots)
        self.seed = whole_number("seed", seed, 0, LARGEST_SEED)
        self.shard = _checked_shard(shard)
        self._members = tuple(members.values())
        self._columns = columns_of(self.slots)
        self._step = 0

    @property
    def step(self) -> int:
        """The step that `iter` delivers next."""
        return self._step

    @property
    def steps_in_a_pass(self) -> dict[str, int]:
        """Steps, of all shards together, that one pass of each stream takes.

        Example:
            >>> BalancedSampler({"minority": 6742, "majority": 53258}, 16).steps_in_a_pass
            {'minority': 843, 'majority': 6658}
        """
        steps = (-(-size // slots) for size, slots in zip(self.sizes, self.slots, strict=True))
        return dict(zip(self.names, steps, strict=True))

    @property
    def highest_index(self) -> int:
        """The highest index of all."""
        return max(stream.highest for stream in self._members)

    def __repr__(self) -> str:
        streams = dict(zip(self.names, self.sizes, strict=True))
        return (
            f"BalancedSampler({streams}, batch_size={self.batch_size}, seed={self.seed}, "
            f"shares={list(self.slots)}, shard={self.shard})"
        )

    def __getitem__(self, step: int | slice) -> np.ndarray:
        if isinstance(step, slice):
            return self._compute_batches(*_checked_slice(step))
        return self._compute_batches(whole_number("step", step, 0), 1)[0]

    def __iter__(self) -> Iterator[np.ndarray]:
        at_once = max(1, SAMPLES_AT_ONCE // self.batch_size)
        first, batches = 0, ()
        while True:
            if not first <= self._step < first + len(batches):
                first, batches = self._step, self._compute_batches(self._step, at_once)
            batch = batches[self._step - first].copy()
            # Moved first: a state taken by whoever receives this batch continues with the next.
            self._step += 1
            yield batch

    def state_dict(self, step: int | None = None) -> dict[str, int]:
        """Return where the sampler stands, and which it is, in a few integers.

        Args:
            step: the next step to train. Give it where a feed reads ahead of the training, as
                most do: `int(model.optimizer.iterations)`. None for `sampler.step`.

        Returns:
            The state, which JSON and every checkpoint can hold.

        Raises:
            BadInput: the step is no whole number of 0 or more.
        """
        step = self._step if step is None else whole_number("step", step, 0)
        return {"step": step, **self._identity}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Continue where a state was saved: `iter`, and feeds made from now on, begin there.

        The state can be of any shard, and of another number of shards, if all of them together
        take as many samples of each stream in a step: a step of all shards is the same samples
        then, so that none is left out and none comes again.

        Args:
            state: of a sampler with the same streams, seed and shares, and with the same
                batch_size × shards.

        Raises:
            BadInput: it is no state, or that of a sampler with other arguments.

        Example:
            >>> one = BalancedSampler([10, 30], batch_size=8)
            >>> half = BalancedSampler([10, 30], batch_size=4, shard=(1, 2))
            >>> half.load_state_dict(one.state_dict(step=5))
            >>> half.step
            5
        """
        if not isinstance(state, dict) or set(state) != {"step", *self._identity}:
            raise BadInput(
                f"state: got {state!r:.60}, allowed: what a sampler's `state_dict` returned"
            )
        own = _of_all_shards(self._identity)
        for name, got in _of_all_shards(state).items():
            if got != own[name]:
                raise BadInput(
                    f"state: got {name} {got}, but this sampler has {own[name]}; make it with "
                    "the same arguments as the sampler that was saved"
                )
        self._step = whole_number("state: step", state["step"], 0)

    @functools.cached_property
    def _identity(self) -> dict[str, int]:
        # What a state must agree with. A digest, because index arrays may be gigabytes; of what
        # all shards take together, so that it is the same for any number of them.
        slots = tuple(slots * self.shard[1] for slots in self.slots)
        digest = hashlib.blake2b(repr((ORDER_NUMBER, self.sizes, slots)).encode(), digest_size=8)
        for stream in self._members:
            if stream.index is not None:
                digest.update(np.ascontiguousarray(stream.index))
        return {
            "seed": self.seed,
            "batch_size": self.batch_size,
            "shard": self.shard[0],
            "shards": self.shard[1],
            # Checkpoints hold int64, which has no room for the 64th bit.
            "streams": int.from_bytes(digest.digest(), "little") >> 1,
        }

    def _compute_batches(self, first: int, count: int) -> np.ndarray:
        """Return some batches in succession: int64 (count, batch_size)."""
        batches = np.empty((count, self.batch_size), np.int64)
        for number, (stream, columns) in enumerate(zip(self._members, self._columns, strict=True)):
            batches[:, columns] = self._draw_from_stream(number, stream, first, count)
        return batches

    def _draw_from_stream(self, number: int, stream: Members, first: int, count: int) -> np.ndarray:
        """Return what one stream gives to some batches: int64 (count, its slots)."""
        slots, (shard, shards) = self.slots[number], self.shard
        # Batch k of this shard is batch k × shards + shard of the one sequence. A stream is one
        # endless row of passes, of which that batch takes the next `slots` samples.
        # In Python's own integers: a late step of a large batch is beyond an int64.
        passes, begin = divmod((first * shards + shard) * slots, stream.samples)
        rank = begin + np.arange(count)[:, None] * (shards * slots) + np.arange(slots)
        further, position = np.divmod(rank.ravel(), stream.samples)
        number_of_pass = further.astype(np.uint64) + np.uint64(passes % 2**64)
        keys = keys_of(key_of(self.seed, number), number_of_pass)
        return stream.at(permuted(position, stream.samples, keys)).reshape(count, slots)


def columns_of(slots: tuple[int, ...]) -> list[np.ndarray]:
    """Choose the places of each stream in a batch, spread in proportion.

    Example:
        >>> [columns.tolist() for columns in columns_of((2, 4))]
        [[1, 4], [0, 2, 3, 5]]
    """
    stream = np.repeat(np.arange(len(slots)), slots)
    # A stream with n slots owns n equal stretches of the batch, and stands in their middles.
    middle = np.concatenate([(np.arange(count) + 0.5) / count for count in slots])
    in_turn = stream[np.lexsort((stream, middle))]
    return [np.flatnonzero(in_turn == number) for number in range(len(slots))]


def _of_all_shards(state: dict[str, int]) -> dict[str, int]:
    """Return what states that can be continued in each other have in common."""
    batch_size = whole_number("state: batch_size", state["batch_size"], 1)
    shards = whole_number("state: shards", state["shards"], 1)
    return {
        "seed": state["seed"],
        "batch_size × shards": batch_size * shards,
        "streams and shares": state["streams"],
    }


def _checked_shard(shard: Any) -> tuple[int, int]:
    if not isinstance(shard, (tuple, list)) or len(shard) != 2:
        raise BadInput(
            f"shard: got {shard!r:.60}, allowed: (i, n), the i-th of n shards, counted from 0"
        )
    shards = whole_number("shard: of how many", shard[1], 1, MOST_SHARDS)
    return whole_number("shard: which", shard[0], 0, shards - 1), shards


def _checked_slice(steps: slice) -> tuple[int, int]:
    if steps.stop is None or steps.step not in (None, 1):
        raise BadInput(
            "steps: got a slice without an end or with a stride, allowed: sampler[start:stop]; a "
            "sampler never ends"
        )
    start = whole_number("step", 0 if steps.start is None else steps.start, 0)
    return start, max(0, whole_number("step", steps.stop, 0) - start)
