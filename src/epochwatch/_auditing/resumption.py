"""Whether a training that was killed goes on as it would have, as data."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

EXACT = "exact"
BY_SKIPPING = "exact by skipping"
NOT_EXACT = "not"
PASSING_OVER = "passing over"  # how a feed is put back that can be put back in no other way


class StepPlace(NamedTuple):
    """Where a step stands: fit and epoch from 1, step of the epoch from 0."""

    fit: int
    epoch: int
    step: int


class TrainedSteps(NamedTuple):
    """What one execution of the training function trained: one step, or several at once.

    Attributes:
        first: the place of its first step.
        columns: of each step int64 (3, batch): identity, content and label of its samples.
    """

    first: StepPlace
    columns: list[np.ndarray]


class Deviation(NamedTuple):
    """The first step that was not trained as in the undisturbed training.

    Attributes:
        killed_after: the last step before the kill; None where nothing had been killed yet.
        at: the step.
        expected: its samples in the undisturbed training; None where that has no such step.
        got: its samples here; None where it was not trained.
    """

    killed_after: StepPlace | None
    at: StepPlace
    expected: list[int] | None
    got: list[int] | None

    @property
    def is_of_contents(self) -> bool:
        """Whether the samples are the right ones, and only their contents are others."""
        return self.expected == self.got

    def as_json(self) -> dict[str, Any]:
        killed_after = self.killed_after and self.killed_after._asdict()
        return self._asdict() | {"killed_after": killed_after, "at": self.at._asdict()}


class PutBack(NamedTuple):
    """How the feed was put back after a kill.

    Attributes:
        way: "step", "own state", "item" or `PASSING_OVER`; None where nothing was to be done.
        seconds: that it took.
        batches: that were passed over.
    """

    way: str | None
    seconds: float = 0.0
    batches: int = 0


@dataclasses.dataclass(frozen=True)
class Resumption:
    """What became of trainings that were killed, and resumed.

    Attributes:
        steps: that the undisturbed training has.
        places: where `fit` can be killed: after each execution.
        kills: after how many of them it was.
        failed: of these, after how many it did not go on as before.
        refused: why `resumable` would not resume it, or what `fit` raised; None if neither.
        deviation: the first step that was trained otherwise; None if none was.
        put_back: how the feed was put back, kill by kill.
        epoch_seconds: that an epoch takes; None where none has two steps.
    """

    steps: int
    places: int
    kills: int
    failed: int = 0
    refused: str | None = None
    deviation: Deviation | None = None
    put_back: Sequence[PutBack] = ()
    epoch_seconds: float | None = None

    @property
    def outcome(self) -> str:
        """Whether it goes on exactly, exactly but by passing over what was trained, or not."""
        if self.refused or self.deviation:
            return NOT_EXACT
        return BY_SKIPPING if PASSING_OVER in self.ways else EXACT

    @property
    def is_exact(self) -> bool:
        return self.outcome != NOT_EXACT

    @property
    def ways(self) -> dict[str, int]:
        """How often the feed was put back in each way."""
        return dict(Counter(each.way for each in self.put_back if each.way))

    @property
    def passed_over(self) -> int:
        """The most batches that were passed over after a kill."""
        return max((each.batches for each in self.put_back), default=0)

    @property
    def seconds(self) -> float:
        """The longest time that it took to put the feed back."""
        return max((each.seconds for each in self.put_back), default=0.0)

    @property
    def why_not(self) -> str | None:
        """Why a training does not go on as it would have; None where it does."""
        if self.refused:
            return self.refused
        deviation = self.deviation
        if deviation is None:
            return None
        if deviation.is_of_contents:
            what = "the same samples come with other contents"
        else:
            what = "other samples are trained"
        if deviation.killed_after is None:
            return (
                f"{what} each time, killed or not: something draws without a seed; set one "
                "(keras.utils.set_random_seed, or --seed here)"
            )
        return (
            f"{what} after a kill: the feed depends on something that no checkpoint keeps, such "
            "as a seed drawn outside of it (set one, or give --seed), or how far it was read ahead"
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "why_not": self.why_not,
            "steps": self.steps,
            "places": self.places,
            "kills": self.kills,
            "failed": self.failed,
            "first_deviation": self.deviation and self.deviation.as_json(),
            "put_back_by": self.ways,
            "passed_over": self.passed_over,
            "seconds": round(self.seconds, 6),
            "epoch_seconds": self.epoch_seconds and round(self.epoch_seconds, 6),
        }
