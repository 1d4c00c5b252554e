"""Where two runs first trained on something else: why a run does not reproduce."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from epochwatch.exposures.batches import PLACE


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

    def __str__(self) -> str:
        mine, theirs = ("nothing" if i is None else i for i in (self.mine, self.theirs))
        return (
            f"first divergence at fit {self.fit}, epoch {self.epoch}, step {self.step}, "
            f"row {self.row}: {mine} here, {theirs} there"
        )


def first_divergence(
    mine: Iterable[pa.RecordBatch], theirs: Iterable[pa.RecordBatch]
) -> Divergence | None:
    """Compare two records in the order trained, a chunk of each in memory at a time.

    They may be cut into other chunks. Returns the first exposure they do not share, if any.
    """
    trail = Trail()
    for here, there in _side_by_side(mine, theirs):
        common = min(here.num_rows, there.num_rows)
        shared = common if here.equals(there) else _rows_shared(here, there, common)
        trail = trail.followed_by(here.slice(0, shared))
        if shared < max(here.num_rows, there.num_rows):
            return _told(_row(here, shared), _row(there, shared), trail)
    return None


class Trail(NamedTuple):
    """The batch that the rows so far end with: fit, epoch and step, and its rows until there."""

    place: tuple[int, int, int] | None = None
    rows: int = 0

    def followed_by(self, rows: pa.RecordBatch) -> "Trail":
        """Go on to the end of some more rows."""
        if not rows.num_rows:
            return self
        place = _row(rows, rows.num_rows - 1)[:3]
        others = [rows.column(name).to_numpy() != at for name, at in zip(PLACE, place, strict=True)]
        (other,) = np.nonzero(np.any(others, axis=0))
        if len(other):
            return Trail(place, rows.num_rows - 1 - int(other[-1]))
        return Trail(place, rows.num_rows + (self.rows if place == self.place else 0))


def _side_by_side(mine, theirs) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Cut two records into pairs of equally many rows; at an end, some against none."""
    mine, theirs = iter(mine), iter(theirs)
    here, there = next(mine, None), next(theirs, None)
    while here is not None and there is not None:
        common = min(here.num_rows, there.num_rows)
        yield here.slice(0, common), there.slice(0, common)
        here = here.slice(common) if here.num_rows > common else next(mine, None)
        there = there.slice(common) if there.num_rows > common else next(theirs, None)
    left = here if there is None else there
    if left is not None:
        yield (left, left.slice(0, 0)) if there is None else (left.slice(0, 0), left)


def _rows_shared(here: pa.RecordBatch, there: pa.RecordBatch, common: int) -> int:
    """Count the rows before the first that differs."""
    columns = zip(here.slice(0, common).columns, there.slice(0, common).columns, strict=True)
    differs = np.any([a.to_numpy() != b.to_numpy() for a, b in columns], axis=0)
    return int(np.argmax(differs)) if differs.any() else common


def _row(rows: pa.RecordBatch, number: int) -> tuple[int, ...] | None:
    return tuple(c[number].as_py() for c in rows.columns) if number < rows.num_rows else None


def _told(mine: tuple | None, theirs: tuple | None, trail: Trail) -> Divergence:
    """Name the first row that differs: that of the earlier place, if the places differ."""
    place = min(row[:3] for row in (mine, theirs) if row)
    indices = (row[3] if row and row[:3] == place else None for row in (mine, theirs))
    return Divergence(*place, trail.rows if place == trail.place else 0, *indices)
