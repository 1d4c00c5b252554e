"""What a training on several devices came to: who trained which sample, and what they said."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from epochwatch import ExposureLog
from epochwatch._auditing.shared_counts import EpochPicture, picture_of
from epochwatch_lab.distributed_trainings._plan import WORKERS, Plan, account_file, log_folder


class EpochShares(NamedTuple):
    """Who trained which sample in an epoch.

    Attributes:
        times: int64 (workers, samples), how often each worker trained each; of replicas likewise.
    """

    times: np.ndarray

    @property
    def again(self) -> np.ndarray:
        """Whether each sample was trained more than once, bool (samples,)."""
        return self.times.sum(axis=0) > 1

    @property
    def never(self) -> np.ndarray:
        """Whether nobody trained a sample, bool (samples,)."""
        return self.times.sum(axis=0) == 0

    def picture(self) -> EpochPicture:
        """Sort the samples by who trained them: those of all workers first, those of none last."""
        has_trained = self.times.T > 0
        order = np.lexsort([*~has_trained.T[::-1], ~has_trained.all(axis=1)])
        trained = np.flatnonzero(~self.never)
        times = self.times.sum(axis=0)[trained]
        return picture_of(order, trained, times, has_trained[trained])


class Outcome(NamedTuple):
    """What a training came to.

    Attributes:
        epochs: who trained which sample, epoch by epoch.
        first_batches: by worker, the samples of its first step, int64 (batch,).
        losses: by process, the loss that `fit` reported of each epoch.
        weights_alike: whether all processes ended with the same weights, to the bit.
    """

    epochs: list[EpochShares]
    first_batches: list[np.ndarray]
    losses: list[list[float]]
    weights_alike: bool

    @property
    def losses_alike(self) -> bool:
        """Whether all processes reported the same losses, to the last digit."""
        return all(losses == self.losses[0] for losses in self.losses)

    def findings(self, is_rare: np.ndarray) -> dict:
        """Sum up what a run keeps of it.

        Args:
            is_rare: bool (samples,), whether a sample is of the rare class.
        """
        whole = EpochShares(np.sum([epoch.times for epoch in self.epochs], axis=0))
        return {
            "epochs": [_counts(epoch, is_rare) for epoch in self.epochs],
            "never_in_any_epoch": int(np.count_nonzero(whole.never)),
            "losses_alike": self.losses_alike,
            "weights_alike": self.weights_alike,
            "losses": self.losses,
        }

    @classmethod
    def read(cls, plan: Plan, way: str, folder: Path) -> "Outcome":
        """Read what the processes have written."""
        files = [account_file(folder, way, worker) for worker in range(WORKERS)]
        accounts = [json.loads(file.read_text()) for file in files if file.exists()]
        log = ExposureLog.read(log_folder(folder, way))
        first = {batch.replica: batch.index for batch in log.batches(epoch=1) if not batch.step}
        return cls(
            [_shares(log, epoch, plan.samples) for epoch in range(1, plan.epochs + 1)],
            [first[worker] for worker in range(WORKERS)],
            [account["loss"] for account in accounts],
            len({account["weights"] for account in accounts}) == 1,
        )


def _shares(log: ExposureLog, epoch: int, samples: int) -> EpochShares:
    times = np.zeros((WORKERS, samples), np.int64)
    for batch in log.batches(epoch):
        np.add.at(times[batch.replica], batch.index, 1)
    return EpochShares(times)


def _counts(epoch: EpochShares, is_rare: np.ndarray) -> dict:
    """Count the samples of an epoch, and how many of those that never came are rare."""
    return {
        "trained": np.count_nonzero(epoch.times, axis=1).tolist(),
        "again": int(np.count_nonzero(epoch.again)),
        "never": int(np.count_nonzero(epoch.never)),
        "rare_never": int(np.count_nonzero(epoch.never & is_rare)),
    }
