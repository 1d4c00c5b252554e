"""What happened in a cell, in a few words, whatever was done with its feed."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from epochwatch._auditing.request import ALIKE
from epochwatch_lab._atlas.rows import failure_of, loses_for_certain

ACT_WORDS = {
    "fit": "`fit`",
    "validate": "validation",
    "evaluate": "`evaluate`",
    "predict": "`predict`",
    "by_hand": "`train_on_batch`",
    "restore": "a restored training",
    "augment": "random ops in a `map`",
    "auto_execution": '`steps_per_execution="auto"`',
}
# What an act beside `fit` notes, by epoch or by call.
NOTED = {"validated": "epoch", "tested": "call", "predicted": "call", "drawn": "epoch"}
NO_VERDICT = "one epoch"
IGNORED = "will be ignored"  # in a warning about `shuffle`
SAME, REORDERED = "same rows", "same rows, other order"
FEWER, OTHER = "fewer rows", "other rows"
DRAWN_AGAIN, DRAWN_ANEW = "draws again", "draws anew"


def outcome_in_words(cell: dict, backend: str) -> str:
    """Say what happened in a cell: how it came out, and what is worse than that says.

    Args:
        cell: as `files.read_file` gives it.
        backend: of its file.

    Example:
        >>> outcome_in_words({"raised": "IndexError: list index out of range"}, "jax")
        'raises IndexError'
    """
    verdict = verdict_of(cell)
    if verdict == "raises":
        return f"{verdict} {cell['raised'].partition(':')[0]}"
    is_judged = not cell["raised"] and cell.get("observed")
    return ", ".join([verdict, *(worse_of(cell, backend) if is_judged else ())])


def verdict_of(cell: dict) -> str:
    """Return the audit's verdict, or how `fit` failed, or how the rows of an act's calls compare.

    Raises:
        StopIteration: the cell has none of these.
    """
    if cell["raised"]:
        return failure_of(cell["raised"])
    if cell.get("observed"):
        return cell["observed"]["verdict"] or NO_VERDICT
    name = next(name for name in NOTED if name in cell)
    return draws_compared(cell[name]) if name == "drawn" else rows_compared(cell[name])


def worse_of(cell: dict, backend: str) -> Iterator[str]:
    """Name what an audit has found beside its verdict."""
    if loses_for_certain(cell, backend):
        yield "loses rows"
    if ALIKE in cell["observed"]["findings"]:
        repeats = any(map(is_repeated, cell["trained"]))
        yield "one order in each epoch" if repeats else "the same orders in each fit"


def warns_of_it(warnings: Iterable[str]) -> bool:
    """Whether Keras warns of what happens: that it ignores `shuffle` says nothing of it.

    Example:
        >>> warns_of_it(["`shuffle=True` was passed, but will be ignored."])
        False
    """
    return any(IGNORED not in warning for warning in warnings)


def is_repeated(fit: list) -> bool:
    """Whether a fit trained rows in an order that it had trained them in before.

    Example:
        >>> is_repeated([[[3], [1]], [[2], [0]], [[3], [1]]])
        True
        >>> is_repeated([[[3], [1]], [[2], [0]], [[1], [2]]])
        False
    """
    rows = [row for epoch in fit for batch in epoch for row in batch]
    size = len(set(rows))
    epochs_alike = any(first == then for first, then in pairwise(fit))
    return epochs_alike or (len(rows) > size and rows[size : 2 * size] == rows[: len(rows) - size])


def rows_compared(calls: list) -> str:
    """Compare the rows of calls, or of epochs.

    Example:
        >>> rows_compared([[[0, 1], [2, 3]], [[2, 3], [0, 1]]])
        'same rows, other order'
    """
    in_order = [[row for batch in call for row in batch] for call in calls]
    if all_alike(in_order, list):
        return SAME
    if all_alike(in_order, sorted):
        return REORDERED
    return FEWER if len(in_order[-1]) < len(in_order[0]) else OTHER


def all_alike(lists: list, seen_as: Callable) -> bool:
    return all(seen_as(one) == seen_as(lists[0]) for one in lists)


def draws_compared(epochs: list) -> str:
    """Say whether an epoch drew something that one before it had drawn.

    Example:
        >>> draws_compared([[[0, 1]], [[2, 3]], [[0, 1]]])
        'draws again'
    """
    drawn: set[int] = set()
    for epoch in epochs:
        rows = {row for batch in epoch for row in batch}
        if rows & drawn:
            return DRAWN_AGAIN
        drawn |= rows
    return DRAWN_ANEW
