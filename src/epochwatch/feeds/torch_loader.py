"""The balanced streams as a torch DataLoader, and a sampler as one or for one.

A balanced loader has no length: its dataset answers for any place, and its sampler counts
without end.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from torch.utils.data import DataLoader, Dataset, Sampler

from epochwatch._checks import whole_number
from epochwatch._samplers import BalancedSampler
from epochwatch._samplers.streams import Streams
from epochwatch.feeds._balanced_table import BalancedTable
from epochwatch.feeds._lookup import SampledBatches


class _BalancedBatches(Dataset):
    """Item i is batch i of the balanced feed, for any i."""

    def __init__(self, table: BalancedTable, batch_size: int):
        self.table = table
        self.batch_size = batch_size

    def __getitem__(self, place: int) -> tuple:
        return self.table.batch(place, self.batch_size)


class _EndlessPlaces(Sampler):
    """start, start + 1, … without end, from `start` in every pass."""

    def __init__(self, start: int = 0):
        self.start = start

    def __iter__(self) -> Iterator[int]:
        return itertools.count(self.start)


def balanced(streams: Streams, batch_size: int = 16) -> DataLoader:
    """Make a loader of balanced batches without end: tensors of images, `{"label", "index"}`."""
    batches = _BalancedBatches(BalancedTable.from_streams(streams), batch_size)
    # Without batch_size the loader passes items on as they are: each is a whole batch.
    return DataLoader(batches, sampler=_EndlessPlaces(), batch_size=None)


def sampled(sampler: BalancedSampler, samples: Any, **options: Any) -> Callable[[int], DataLoader]:
    """Make what makes loaders of the batches of a sampler; see `feeds.sampled`."""
    batches = SampledBatches(sampler, samples)
    return lambda start: DataLoader(
        batches, sampler=_EndlessPlaces(start), batch_size=None, **options
    )


class BatchSampler(Sampler):
    """A sampler's batches as lists of indices: `DataLoader(dataset, batch_sampler=…)`.

    Each iteration goes on where the one before stopped, from `sampler.step` on, which it moves;
    so an epoch, with `steps` an iteration, begins where the last one ended. The indices are what
    the loader asks the dataset for.

    A loader with workers takes batches ahead, `num_workers × prefetch_factor` of them, and
    `sampler.step` counts these as taken. A state saved when an iteration has ended is exact; one
    saved in the middle has to be told the next step to train, `state_dict(step=…)`.

    This is for loops of one's own. Keras' `fit` takes a batch of a loader to look at, which is
    then not trained, and one epoch has a step less: give it `feeds.sampled("torch_loader", …)`,
    which begins at `start` whoever has looked.

    Args:
        sampler: says which samples.
        steps: batches in an iteration; None for no end.

    Raises:
        BadInput: steps is no whole number of 1 or more.

    Example:
        >>> sampler = BalancedSampler([[3, 4], [0, 1, 2]], batch_size=4)
        >>> loader = DataLoader(range(5), batch_sampler=BatchSampler(sampler, steps=2))
        >>> [[batch.tolist() for batch in loader] for _ in range(2)]
        [[[4, 0, 3, 2], [4, 1, 3, 2]], [[4, 1, 3, 0], [3, 1, 4, 0]]]
    """

    def __init__(self, sampler: BalancedSampler, steps: int | None = None):
        self.sampler = sampler
        self.steps = None if steps is None else whole_number("steps", steps, 1)

    def __iter__(self) -> Iterator[list[int]]:
        return (batch.tolist() for batch in itertools.islice(self.sampler, self.steps))

    def __len__(self) -> int:
        if self.steps is None:
            raise TypeError("a BatchSampler without steps has no length")
        return self.steps

    def state_dict(self, step: int | None = None) -> dict[str, int]:
        """Return the sampler's state, see there."""
        return self.sampler.state_dict(step)

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on where a state was saved, in the next iteration."""
        self.sampler.load_state_dict(state)
