"""What a training came to, once its last process has ended."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from epochwatch import ExposureLog
from epochwatch.exposures import TrainedBatch
from epochwatch_lab.killed_trainings._files import ENDED, WEIGHTS, log_folder
from epochwatch_lab.killed_trainings._plan import BACKUP, UNDISTURBED, Plan


class Start(NamedTuple):
    """With which step the last process began.

    Attributes:
        epoch: from 1.
        step: of that epoch, from 0.
        trained: steps that its weights had behind them.
    """

    epoch: int
    step: int
    trained: int


class Outcome(NamedTuple):
    """What a training came to.

    Attributes:
        start: where its last process began.
        batches: what its final weights have been trained on, in that order.
        lost: batches that the killed process trained after the last time it was saved; their
            effect on the weights went with the process.
        weights: at the end.
        updates: steps that the optimizer has counted.
        dropout_draws: times that Dropout has drawn, as its seed's state says.
        history_epochs: the epochs that `fit` returned a loss for, from 1.
        callbacks: the History that `fit` returned, and the state of EarlyStopping.
    """

    start: Start
    batches: list[TrainedBatch]
    lost: list[TrainedBatch]
    weights: list[np.ndarray]
    updates: int
    dropout_draws: int
    history_epochs: list[int]
    callbacks: dict

    @property
    def findings(self) -> dict:
        """What a run keeps of it: whole numbers, which are the same on every machine."""
        counted = {"steps": len(self.batches), "lost_steps": len(self.lost)}
        kept = {n: getattr(self, n) for n in ("updates", "dropout_draws", "history_epochs")}
        return {"start": self.start._asdict(), **counted, **kept}

    @classmethod
    def read(cls, plan: Plan, way: str, folder: Path) -> "Outcome":
        """Read what the processes of one way have written."""
        ended = json.loads((folder / way / ENDED).read_text())
        start = Start(**ended.pop("start"))
        batches, lost = _trained(plan, way, folder, start)
        return cls(
            start,
            batches,
            lost,
            _weights(folder / way / WEIGHTS),
            ended["updates"],
            ended["dropout_draws"],
            ended["history_epochs"],
            {name: ended[name] for name in ("history", "history_epochs", "stopping")},
        )


def _trained(plan: Plan, way: str, folder: Path, start: Start) -> tuple[list, list]:
    """List the batches behind the final weights, and those that were lost."""
    before = _batches(log_folder(folder, way, 1))
    since_saved = slice(start.trained, plan.kill_after)
    if way == UNDISTURBED:
        return before, []
    if way == BACKUP:
        after = _batches(log_folder(folder, way, 2))
        return before[: start.trained] + after, before[since_saved]
    # One log for both processes: what was lost has been cut off, and was trained again.
    return before, before[since_saved]


def _batches(log: Path) -> list[TrainedBatch]:
    return list(ExposureLog.read(log).batches())


def _weights(path: Path) -> list[np.ndarray]:
    with np.load(path) as arrays:
        return list(arrays.values())
