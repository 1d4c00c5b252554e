"""What is trained, and in which ways it is shared among the devices."""

from pathlib import Path
from typing import NamedTuple

from epochwatch._auditing.strategies import MIRRORED, MULTI_WORKER

WORKERS = 2  # or replicas, of the training in one process


class Way(NamedTuple):
    """How one training is shared.

    Attributes:
        strategy: `MIRRORED`, or `MULTI_WORKER`.
        policy: the AutoShardPolicy; None for a training in one process, which has nothing to shard.
        seeds_apart: how far the seeds of two workers' shuffles are from each other.
        is_sampled: whether each worker takes its shard of a `BalancedSampler`.
    """

    strategy: str
    policy: str | None = None
    seeds_apart: int = 0
    is_sampled: bool = False


WAYS = {
    "mirrored": Way(MIRRORED),
    "off": Way(MULTI_WORKER, "OFF"),
    "other_seeds": Way(MULTI_WORKER, "DATA", seeds_apart=1),
    "one_seed": Way(MULTI_WORKER, "DATA"),
    "sampler": Way(MULTI_WORKER, "OFF", is_sampled=True),
}


class Plan(NamedTuple):
    """One training, the same in each of `WAYS`.

    Attributes:
        positive_digit: which is the rare class.
        samples: from the beginning of MNIST.
        batch_size: of all devices together; it divides the samples.
        epochs: to train.
        shuffle: whether the samples are shuffled.
        seed: of the weights and of the shuffles.

    Example:
        >>> Plan(1, 30_000, 120, 2, True, 0).steps
        250
    """

    positive_digit: int
    samples: int
    batch_size: int
    epochs: int
    shuffle: bool
    seed: int

    @property
    def steps(self) -> int:
        """Steps of an epoch that trains every sample once."""
        return self.samples // self.batch_size


def log_folder(folder: Path, way: str) -> Path:
    """Name the exposure log of a way; the first way's is that of the run."""
    return folder / ("exposures" if way == "mirrored" else f"exposures_{way}")


def account_file(folder: Path, way: str, worker: int) -> Path:
    """Name the file in which a worker says what its training came to."""
    return folder / f"{way}_{worker}.json"
