"""The training that nobody kills, and where a training that was resumed deviates from it."""

import itertools
from collections.abc import Sequence

import numpy as np

from epochwatch._auditing.resumption import Deviation, StepPlace, TrainedSteps


class UndisturbedTraining:
    """What is trained where nothing is killed, execution by execution.

    Args:
        executions: in the order trained.
    """

    def __init__(self, executions: Sequence[TrainedSteps]):
        self.executions = executions
        self.rank = {each.first: rank for rank, each in enumerate(executions)}

    @property
    def steps(self) -> int:
        return sum(len(each.columns) for each in self.executions)

    def executions_by_epoch(self) -> list[int]:
        """Count the executions of each epoch that has some."""
        groups = itertools.groupby(self.executions, lambda each: each.first[:2])
        return [len(list(group)) for _, group in groups]

    def last_place(self, rank: int) -> StepPlace:
        """Return the last step of an execution."""
        first, columns = self.executions[rank]
        return first._replace(step=first.step + len(columns) - 1)


class Comparison:
    """Follows a training along the undisturbed one, from wherever it begins.

    Args:
        undisturbed: to compare with.
        killed_after: rank of the last execution before the kill; None where this is the
            training that will be killed.
    """

    def __init__(self, undisturbed: UndisturbedTraining, killed_after: int | None = None):
        self.undisturbed = undisturbed
        self.killed_after = killed_after
        self.next_rank = 0 if killed_after is None else killed_after + 1
        self.has_begun = killed_after is None
        self.deviation: Deviation | None = None

    def add(self, trained: TrainedSteps) -> None:
        """Compare an execution with the one that is due."""
        if self.deviation:
            return
        rank = self.undisturbed.rank.get(trained.first)
        # It begins at the checkpoint, which lies before the kill and not behind it.
        if not self.has_begun and rank is not None and rank <= self.next_rank:
            self.next_rank, self.has_begun = rank, True
        due = self.due()
        if due is None or due.first != trained.first or len(due.columns) != len(trained.columns):
            self.deviate(due, trained, 0)
            return
        for step, (wanted, got) in enumerate(zip(due.columns, trained.columns, strict=True)):
            if not np.array_equal(wanted, got):
                self.deviate(due, trained, step)
                return
        self.next_rank += 1

    def end(self) -> None:
        """Find what was not trained, when the training has come to its end."""
        due = self.due()
        if due is not None and not self.deviation:
            self.deviate(due, None, 0)

    def due(self) -> TrainedSteps | None:
        executions = self.undisturbed.executions
        return executions[self.next_rank] if self.next_rank < len(executions) else None

    def deviate(self, due: TrainedSteps | None, trained: TrainedSteps | None, step: int) -> None:
        killed = None
        if self.killed_after is not None:
            killed = self.undisturbed.last_place(self.killed_after)
        first = (due or trained).first
        # Each by the place that it has: a step elsewhere is not what was due there.
        is_here = trained is not None and trained.first == first
        self.deviation = Deviation(
            killed,
            first._replace(step=first.step + step),
            samples_of(due, step),
            samples_of(trained, step) if is_here else None,
        )


def samples_of(trained: TrainedSteps | None, step: int) -> list[int] | None:
    """Return who the samples of a step are."""
    if trained is None or step >= len(trained.columns):
        return None
    return trained.columns[step][0].tolist()


def chosen_kills(executions_by_epoch: Sequence[int], at_most: int) -> list[int]:
    """Choose the executions after which to kill, by rank: all, or some of a long training.

    Of these half are next to an epoch's end, with the first and the last of all; the others
    are spread evenly.

    Example:
        >>> chosen_kills([3, 3], 9), chosen_kills([10, 10], 8)
        ([0, 1, 2, 3, 4, 5], [0, 1, 6, 9, 10, 13, 18, 19])
    """
    total = sum(executions_by_epoch)
    if total <= at_most:
        return list(range(total))
    begins = [0, *itertools.accumulate(executions_by_epoch)]
    near_ends = sorted({rank for begin in begins for rank in (begin - 1, begin)} & {*range(total)})
    chosen = spread(near_ends, max(1, at_most // 2))
    others = sorted({*range(total)} - {*chosen})
    return sorted(chosen + spread(others, at_most - len(chosen)))


def spread(ranks: list[int], at_most: int) -> list[int]:
    """Take at most so many of some, from the first to the last."""
    if len(ranks) <= at_most:
        return ranks
    return [ranks[place] for place in np.linspace(0, len(ranks) - 1, at_most).round().astype(int)]
