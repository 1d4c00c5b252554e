"""Whether what was told to shuffle trained the same batches in the same order again."""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from epochwatch._exposures.feed_order import BY_CHANCE
from epochwatch._exposures.verdict import TrainedEpoch, Verdict


class Order(NamedTuple):
    """What is known of the order that a run trained in.

    Attributes:
        fixed: whether it is the feed's own, the same in each pass.
        alike: whether two epochs in a row, or two fits, had the same though they were to
            differ.
        shuffled_by: "fit" or "feed"; None where nothing was told to shuffle.
    """

    fixed: bool
    alike: bool
    shuffled_by: str | None


def observed_order(judged: Verdict, moves_rows: bool, contents_vary: bool = False) -> Order:
    """Describe the order of a run.

    Args:
        judged: the run.
        moves_rows: whether it is rows that are shuffled, and not whole batches.
        contents_vary: whether passes differ by contents, which is no shuffling.
    """
    shuffled_by = (
        "fit" if judged.shuffled else "feed" if judged.passes_differ and not contents_vary else None
    )
    fixed = judged.fixed_order and not judged.shuffled
    alike = bool(shuffled_by) and are_alike(judged.epochs, moves_rows, shuffled_by == "fit")
    return Order(fixed, alike, shuffled_by)


def are_alike(epochs: tuple[TrainedEpoch, ...], moves_rows: bool, is_whole: bool) -> bool:
    """Whether epochs in a row are alike, or fits, and that is no chance.

    `is_whole` says whether any order is as likely, as where `fit` shuffles.
    """
    again = [orders_of(part, moves_rows, is_whole) for _, part in same_again(epochs)]
    return math.prod(again) >= BY_CHANCE


def same_again(epochs: tuple[TrainedEpoch, ...]) -> Iterator[tuple[str, list[TrainedEpoch]]]:
    """Find the epochs, and then the fits, that are like the one before them: "epoch" or "fit"."""
    pairs = {"epoch": itertools.pairwise([e] for e in epochs), "fit": fits_in_a_row(epochs)}
    for name, of_kind in pairs.items():
        yield from ((name, b) for a, b in of_kind if digests_of(a) == digests_of(b))


def fits_in_a_row(epochs: tuple[TrainedEpoch, ...]) -> Iterator[tuple]:
    """Pair the fits that have more than one epoch; of others the epochs are paired."""
    fits = [list(group) for _, group in itertools.groupby(epochs, key=lambda epoch: epoch.fit)]
    return (pair for pair in itertools.pairwise(fits) if len(pair[0]) > 1)


def digests_of(epochs: list[TrainedEpoch]) -> list[int]:
    return [digest for epoch in epochs for digest in epoch.digests]


def orders_of(epochs: list[TrainedEpoch], moves_rows: bool, is_whole: bool) -> int:
    """Count the orders in which the same batches can be trained, or at the least so many."""
    if moves_rows:
        rows = sum(len(epoch.first) * (epoch.steps - 1) + len(epoch.last) for epoch in epochs)
        return math.factorial(min(rows, 10))  # of ten there are more than BY_CHANCE
    batches = len(set(digests_of(epochs)))
    # A shuffle buffer of two, the smallest there is, has one of two batches come next.
    return math.factorial(min(batches, 10)) if is_whole else 2 ** max(batches - 1, 0)
