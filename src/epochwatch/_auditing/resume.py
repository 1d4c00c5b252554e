"""Killing `fit` after its steps and starting it again, to see whether it goes on as it would have.

All in one process. A kill is an exception that ends `fit`; another process is everything made
anew, with other states of Python's, NumPy's and torch's random generators.
"""

import contextlib
import gc
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from epochwatch._auditing.feed import in_one_line
from epochwatch._auditing.observe import AuditPlan
from epochwatch._auditing.resumption import (
    PASSING_OVER,
    Deviation,
    PutBack,
    Resumption,
    TrainedSteps,
)
from epochwatch._auditing.stepwise import begin_process, probe_of, train_stepwise
from epochwatch._auditing.undisturbed import Comparison, UndisturbedTraining, chosen_kills
from epochwatch._resuming.random_states import random_states, set_random_states
from epochwatch._resuming.resumable import resumable
from epochwatch.errors import BadInput

COLLECTED_AFTER = 10  # kills: it takes longer than a short training
FIRST, AGAIN = 1, 2  # processes: what runs the script first, and what runs it again


class Killed(BaseException):
    """What ends a training where it is to be killed."""


def try_resuming(plan: AuditPlan, kills: int, progress: Callable[[int], None]) -> Resumption:
    """Kill and resume the training that was planned.

    Args:
        plan: of the audit.
        kills: how many at most.
        progress: called with steps trained.
    """
    with as_before(), tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        timed = TimedSteps(progress)
        begin_process(plan.keras, FIRST)
        train_stepwise(plan, probe_of(plan), timed.take)
        trial = Trial(plan, UndisturbedTraining(timed.executions), Path(folder), progress)
        for rank in chosen_kills(trial.undisturbed.executions_by_epoch(), kills):
            trial.kill_after(rank)
            if trial.is_hopeless:
                break
            if trial.kills % COLLECTED_AFTER == 0:
                gc.collect()  # iterators of the feed, and graphs
        gc.collect()
        return trial.resumption(timed.epoch_seconds())


@contextlib.contextmanager
def as_before() -> Iterator[None]:
    """Leave the random states as they were, and unsaid that so many probes are traced."""
    states, logger = random_states(), logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
        set_random_states(states)


class TimedSteps:
    """Keeps what is trained, and when."""

    def __init__(self, progress: Callable[[int], None]):
        self.progress = progress
        self.executions: list[TrainedSteps] = []
        self.ended: list[float] = []

    def take(self, trained: TrainedSteps) -> None:
        self.executions.append(trained)
        self.ended.append(time.perf_counter())
        self.progress(len(trained.columns))

    def epoch_seconds(self) -> float | None:
        """Return how long an epoch takes, judged by all but its first execution.

        Keras may have to compile that one.
        """
        ends: dict[tuple[int, int], list[float]] = {}
        for trained, ended in zip(self.executions, self.ended, strict=True):
            ends.setdefault(trained.first[:2], []).append(ended)
        seconds = [(e[-1] - e[0]) * len(e) / (len(e) - 1) for e in ends.values() if len(e) > 1]
        return statistics.median(seconds) if seconds else None


class Trial:
    """Trainings that are killed and resumed, each with checkpoints of its own."""

    def __init__(
        self,
        plan: AuditPlan,
        undisturbed: UndisturbedTraining,
        folder: Path,
        progress: Callable[[int], None],
    ):
        self.plan = plan
        self.undisturbed = undisturbed
        self.folder = folder
        self.progress = progress
        self.kills = self.failed = 0
        self.refused: str | None = None
        self.deviation: Deviation | None = None
        self.put_back: list[PutBack] = []

    @property
    def is_hopeless(self) -> bool:
        """Whether other kills cannot end otherwise."""
        return bool(self.refused or (self.deviation and self.deviation.killed_after is None))

    def kill_after(self, rank: int) -> None:
        """Kill a training after an execution, and resume it."""
        self.kills += 1
        compared = self.train(rank, FIRST, Comparison(self.undisturbed), last=rank)
        if not (self.refused or compared.deviation):
            compared = self.train(rank, AGAIN, Comparison(self.undisturbed, killed_after=rank))
        self.deviation = self.deviation or compared.deviation
        self.failed += bool(self.refused or compared.deviation)

    def train(
        self, rank: int, process: int, compared: Comparison, last: int | None = None
    ) -> Comparison:
        """Train in a process, as it were, until the `last` execution or a deviation."""

        def take(trained: TrainedSteps) -> None:
            self.progress(len(trained.columns))
            compared.add(trained)
            if compared.deviation or compared.next_rank - 1 == last:
                stop_workers(model)
                raise Killed

        begin_process(self.plan.keras, process)
        checkpoints = self.folder / str(rank)
        try:
            model = resumable(probe_of(self.plan), checkpoints, self.steps_before(rank) or 1)
            with contextlib.closing(model.epochresume.folder), contextlib.suppress(Killed):
                train_stepwise(self.plan, model, take)
                compared.end()
                self.put_back.append(how_put_back(model))
        except BadInput as refusal:
            self.refused = str(refusal)
        except Exception as error:
            self.refused = f"fit raised {type(error).__name__}: {in_one_line(error)}"
        return compared

    def steps_before(self, rank: int) -> int:
        """Count the steps before an execution, in the same `fit`.

        One checkpoint behind them is enough: more would only take time.
        """
        executions = self.undisturbed.executions
        fit = executions[rank].first.fit
        return sum(len(each.columns) for each in executions[:rank] if each.first.fit == fit)

    def resumption(self, epoch_seconds: float | None) -> Resumption:
        undisturbed = self.undisturbed
        return Resumption(
            steps=undisturbed.steps,
            places=len(undisturbed.executions),
            kills=self.kills,
            failed=self.failed,
            refused=self.refused,
            deviation=self.deviation,
            put_back=self.put_back,
            epoch_seconds=epoch_seconds,
        )


def stop_workers(model) -> None:
    """Stop what loads the items of a PyDataset ahead, as a kill does."""
    enqueuer = getattr(model.epochresume.session.feed.adapter, "enqueuer", None)
    if enqueuer is not None:
        enqueuer.stop()
        # Or TensorFlow's thread waits for an item of it, and the end of the process for that.
        enqueuer.future_queue.put(RuntimeError("the training was killed"))


def how_put_back(model) -> PutBack:
    carried = model.epochresume
    way = carried.put_back_by
    # By item none is loaded.
    batches = carried.put_back_batches if way == PASSING_OVER else 0
    return PutBack(way, carried.put_back_seconds, batches)
