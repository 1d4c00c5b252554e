"""Batches as rows, and rows as batches and epochs, a chunk of rows in memory at a time."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

REPLICA = "replica"
PLACE = ["fit", "epoch", "step", REPLICA]
COLUMNS = pa.schema(
    [("fit", pa.int32()), ("epoch", pa.int32()), ("step", pa.int64()), ("index", pa.int64())]
)
DISTRIBUTED_COLUMNS = COLUMNS.insert(3, pa.field(REPLICA, pa.int32()))


class TrainedBatch(NamedTuple):
    """One batch that was trained.

    Attributes:
        fit: which call of `fit`, from 1.
        epoch: which epoch, from 1, as that call prints it.
        step: which step of the epoch, from 0.
        index: int64 (batch,), the samples in the batch.
        replica: which replica trained it, from 0; None where the training was not distributed.
    """

    fit: int
    epoch: int
    step: int
    index: np.ndarray
    replica: int | None = None

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Fit, epoch, step and replica; a training that is not distributed has replica 0."""
        return (*self[:3], self.replica or 0)


class Piece(NamedTuple):
    """Consecutive batches of one epoch, as the writer takes them; a batch may be empty.

    In a distributed training, all batches of a step stand together, one a replica.
    """

    fit: int
    epoch: int
    first_step: int
    lengths: np.ndarray
    indices: np.ndarray


def pack_pieces(pieces: list[Piece]) -> list[np.ndarray]:
    """Put pieces into three int64 arrays, however many they are; `unpack_pieces` reverses it."""
    places = [(*piece[:3], len(piece.lengths), len(piece.indices)) for piece in pieces]
    nothing = np.empty(0, np.int64)  # NumPy concatenates no empty list
    lengths = np.concatenate([nothing, *(piece.lengths for piece in pieces)])
    indices = np.concatenate([nothing, *(piece.indices for piece in pieces)])
    return [np.array(places, np.int64).reshape(-1, 5), lengths, indices]


def unpack_pieces(places: np.ndarray, lengths: np.ndarray, indices: np.ndarray) -> list[Piece]:
    """Return the pieces that `pack_pieces` was given."""
    ends = np.cumsum(places[:, 3:], axis=0)[:-1].T
    cut = zip(np.split(lengths, ends[0]), np.split(indices, ends[1]), strict=True)
    numbers = places[:, :3].tolist()
    return [Piece(*place, *arrays) for place, arrays in zip(numbers, cut, strict=False)]


def exposure_table(pieces: list[Piece], replicas: tuple[int, ...] = ()) -> pa.Table:
    """Put consecutive pieces, at least one, into a table of exposures.

    An empty batch has no row: steps are counted on past it.

    Args:
        pieces: of one log.
        replicas: those that trained its batches, in turn; none if it is not distributed.
    """
    fits, epochs, first_steps, lengths, indices = zip(*pieces, strict=True)
    batches, a_step = [len(piece.lengths) for piece in pieces], max(1, len(replicas))
    steps = [first + np.arange(n) // a_step for first, n in zip(first_steps, batches, strict=True)]
    of_batch = [np.repeat(fits, batches), np.repeat(epochs, batches), np.concatenate(steps)]
    if replicas:
        of_batch.append(np.tile(replicas, sum(batches) // a_step))
    lengths = np.concatenate(lengths)  # a row of the table to each sample of a batch
    columns = [np.repeat(column, lengths) for column in of_batch] + [np.concatenate(indices)]
    schema = DISTRIBUTED_COLUMNS if replicas else COLUMNS
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def index_column(rows: pa.RecordBatch) -> np.ndarray:
    """Return the indices of some rows: int64 (rows,)."""
    return rows.column("index").to_numpy()


def starts_of_runs(rows: pa.RecordBatch, names: list[str]) -> np.ndarray:
    """Find the rows where one of some columns has another value than in the row before.

    The number of rows comes last: int64 (runs + 1,). There must be a row.
    """
    # Comparing neighbours needs no sorting: the rows stand in the order trained.
    changed = np.zeros(rows.num_rows - 1, bool)
    for name in names:
        column = rows.column(name).to_numpy()
        changed |= column[1:] != column[:-1]
    return np.concatenate([[0], np.flatnonzero(changed) + 1, [rows.num_rows]])


def cut_into_batches(chunks: Iterable[pa.RecordBatch]) -> Iterator[TrainedBatch]:
    """Cut rows in the order trained into batches; one may go on in the next chunk."""
    rest = None  # the last batch of a chunk waits for the next: it may not be complete
    for rows in chunks:
        rows = rows if rest is None else pa.concat_batches([rest, rows])
        starts = starts_of_runs(rows, [name for name in PLACE if name in rows.schema.names])
        yield from _batches_between(rows, starts[:-1])
        rest = rows.slice(starts[-2])
    if rest is not None:
        yield from _batches_between(rest, np.array([0, rest.num_rows]))


def _batches_between(rows: pa.RecordBatch, starts: np.ndarray) -> Iterator[TrainedBatch]:
    def at_starts(name):
        return rows.column(name).to_numpy()[starts[:-1]].tolist()

    index = index_column(rows)
    # Copies, because whoever keeps one batch shall not keep a million rows.
    cut = (index[start:stop].copy() for start, stop in itertools.pairwise(starts.tolist()))
    replicas = [at_starts(REPLICA)] if REPLICA in rows.schema.names else []
    return map(TrainedBatch, *map(at_starts, PLACE[:3]), cut, *replicas)


def whole_steps(batches: Iterable[TrainedBatch]) -> Iterator[TrainedBatch]:
    """Put the batches of a step together, one replica's after another's.

    Args:
        batches: in the order trained; of a training that is not distributed, they stay as they are.

    Returns:
        A batch a step, of no replica.

    Example:
        >>> halves = [TrainedBatch(1, 1, 0, np.array([n]), replica=n) for n in (0, 1)]
        >>> next(whole_steps(halves))
        TrainedBatch(fit=1, epoch=1, step=0, index=array([0, 1]), replica=None)
    """
    for step, group in itertools.groupby(batches, key=lambda batch: batch[:3]):
        index = [batch.index for batch in group]
        yield TrainedBatch(*step, index[0] if len(index) == 1 else np.concatenate(index))


def cut_into_epochs(
    chunks: Iterable[pa.RecordBatch],
) -> Iterator[tuple[tuple[int, int], Iterator[np.ndarray]]]:
    """Cut rows in the order trained into epochs: fit and epoch, and its indices in chunks.

    These must be used up before the next epoch is asked for.
    """
    # An epoch that goes on in the next chunk comes in two pieces with the same key.
    pieces = itertools.chain.from_iterable(map(_by_epoch, chunks))
    for epoch, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
        yield epoch, (index for _, index in group)


def _by_epoch(rows: pa.RecordBatch) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    fit, epoch, index = (rows.column(name).to_numpy() for name in ("fit", "epoch", "index"))
    for start, stop in itertools.pairwise(starts_of_runs(rows, PLACE[:2]).tolist()):
        yield (int(fit[start]), int(epoch[start])), index[start:stop]
