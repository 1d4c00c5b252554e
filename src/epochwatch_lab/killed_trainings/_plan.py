"""What is trained, how it is kept, and where it is killed."""

import random
from typing import NamedTuple

UNDISTURBED, BACKUP, RESUMABLE = "undisturbed", "BackupAndRestore", "resumable"
WAYS = (UNDISTURBED, BACKUP, RESUMABLE)
BATCH_SIZE = 128
POSITIVE_DIGIT = 1


class Plan(NamedTuple):
    """One training, the same in each of `WAYS`.

    Attributes:
        feed: one of `epochwatch.feeds.NAMES`.
        epochs: to train.
        steps_per_epoch: as of `fit`.
        save_freq: "epoch", or after how many steps the training is saved.
        kill_after: steps trained when the process is killed.
        seed: of the weights and of Dropout.

    Example:
        >>> Plan("tf_data", 4, 208, 100, 395, 0).killed_in
        (2, 187)
    """

    feed: str
    epochs: int
    steps_per_epoch: int
    save_freq: int | str
    kill_after: int
    seed: int

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.epochs * self.steps_per_epoch

    @property
    def killed_in(self) -> tuple[int, int]:
        """The epoch, from 1, that the process is killed in, and the steps it had of it."""
        epoch, steps = divmod(self.kill_after, self.steps_per_epoch)
        return epoch + 1, steps


def random_step(steps: int, seed: int) -> int:
    """Draw the step of a training that the process is killed after; never its last.

    Example:
        >>> random_step(832, 0)
        395
    """
    return random.Random(seed).randrange(1, steps)
