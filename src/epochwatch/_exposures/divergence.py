"""Where two runs first trained on something else: why a run does not reproduce."""

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from epochwatch._exposures.batches import TrainedBatch


class Divergence(NamedTuple):
    """The first exposure that two records do not share.

    Attributes:
        fit: which call of `fit`, from 1.
        epoch: which epoch, from 1.
        step: which step of the epoch, from 0.
        row: which row of the batch, from 0.
        mine: the index there in the one record; None where its batch is shorter, where it
            has no such batch, or where it has ended.
        theirs: the index there in the other record, or None.
        replica: whose batch it is; None where neither training was distributed.

    Example:
        >>> print(Divergence(1, 2, 17, 3, 4021, None))
        first divergence at fit 1, epoch 2, step 17, row 3: 4021 here, nothing there
    """

    fit: int
    epoch: int
    step: int
    row: int
    mine: int | None
    theirs: int | None
    replica: int | None = None

    def __str__(self) -> str:
        mine, theirs = ("nothing" if i is None else i for i in (self.mine, self.theirs))
        of_replica = "" if self.replica is None else f"replica {self.replica}, "
        return (
            f"first divergence at fit {self.fit}, epoch {self.epoch}, step {self.step}, "
            f"{of_replica}row {self.row}: {mine} here, {theirs} there"
        )


def first_divergence(
    mine: Iterable[TrainedBatch], theirs: Iterable[TrainedBatch]
) -> Divergence | None:
    """Find the first exposure that two records do not share.

    Args:
        mine: the batches of one record, in the order trained.
        theirs: those of the other.

    Returns:
        Where it is, and the index in either record; None where all exposures are the same.

    Example:
        >>> import numpy as np
        >>> mine, theirs = ([TrainedBatch(1, 1, 0, np.array([4, i]))] for i in (7, 8))
        >>> print(first_divergence(mine, theirs))
        first divergence at fit 1, epoch 1, step 0, row 1: 7 here, 8 there
    """
    for batches in itertools.zip_longest(mine, theirs):  # batch by batch, never a whole record
        if not _batches_alike(*batches):
            # Where the places differ, a batch of the later one is yet to come.
            place = min(batch.place for batch in batches if batch)
            here = [batch if batch and batch.place == place else None for batch in batches]
            replicas = [batch.replica for batch in here if batch and batch.replica is not None]
            rows = itertools.zip_longest(*(batch.index.tolist() if batch else [] for batch in here))
            return next(
                Divergence(*place[:3], row, *pair, *replicas[:1])
                for row, pair in enumerate(rows)
                if len({*pair}) > 1
            )
    return None


def _batches_alike(here: TrainedBatch | None, there: TrainedBatch | None) -> bool:
    if here is None or there is None or here.place != there.place:
        return False
    return here.index.tobytes() == there.index.tobytes()
