"""What is lost: samples that the steps of a run reach, and that none of them trained."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from epochwatch._exposures.verdict import Verdict

if TYPE_CHECKING:  # passes need Keras; a result that is shown does not
    from epochwatch._auditing.passes import PlainPasses, TalliedPass

FEW = 9  # samples, by which small numbers differ in any two passes drawn at random


class Loss(NamedTuple):
    """What a run lost.

    Attributes:
        reachable: samples that as many steps reach, had every boundary resumed.
        lost: of them, never trained; without a fixed order as many as are no chance.
    """

    reachable: int
    lost: int


def measured_loss(judged: Verdict, trained: np.ndarray, passes: "PlainPasses") -> Loss:
    """Compare what was trained with what as many batches of a plain pass deliver.

    Args:
        judged: the run.
        trained: int64 (samples,), those that it trained, each once.
        passes: of which the first has gone as far as the run.
    """
    reached = passes.first.reached
    if judged.fixed_order and not judged.shuffled:
        return Loss(len(reached), len(np.setdiff1d(reached, trained, assume_unique=True)))
    if len(reached) <= len(trained):
        return Loss(len(reached), 0)
    if judged.fixed_order:  # the feed delivers the same, in whichever order `fit` has it
        return Loss(len(reached), len(reached) - len(trained))
    again = passes.reached_again()
    reachable = min(len(reached), len(again.reached))
    chance = differing_by_chance(passes.first, again)
    return Loss(reachable, max(0, reachable - len(trained) - chance))


def differing_by_chance(first: "TalliedPass", again: "TalliedPass") -> int:
    """Bound how many samples one of two passes may reach more than the other, by chance.

    Args:
        first: gone through to its end, if there is one.
        again: as far as the run went.
    """
    has_end = first.length is not None
    no_sample_twice = all(each.reached_rows == len(each.reached) for each in (first, again))
    differing = len(np.setxor1d(first.reached, again.reached, assume_unique=True))
    # Of a feed that ends so many rows are so many samples, and a whole pass is all of them.
    if has_end and (no_sample_twice or not differing):
        return 0
    # Each that differs was as likely in the one as in the other: three standard deviations.
    return math.isqrt(9 * (differing + FEW) - 1) + 1
