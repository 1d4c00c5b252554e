"""Both epochs at other imbalances, counted in what `fit` trains."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

import epochwatch
from epochwatch import feeds
from epochwatch_lab.datasets import Streams, at_ratio
from epochwatch_lab.epoch_lengths import (
    EpochLengths,
    counted_content,
    epochs_until_all,
    expected_content,
    seen_by_epoch,
)
from epochwatch_lab.models import blind_model

STEPS_PER_EXECUTION = 100


class BothEpochs(NamedTuple):
    """What the two epochs hold at one imbalance.

    Attributes:
        exposures: of the least and of the most trained minority sample in a majority epoch.
        seen: majority samples that a minority epoch trains.
        epochs_until_all: minority epochs until all of them are; None where some never were.
    """

    exposures: tuple[int, int]
    seen: int
    epochs_until_all: int | None


class CountedImbalance(NamedTuple):
    """One imbalance, predicted and counted.

    Attributes:
        samples: by stream, how many are left.
        steps: the lengths of both epochs.
        theory: what was predicted.
        counted: what `fit` trained.
    """

    samples: dict[str, int]
    steps: EpochLengths
    theory: BothEpochs
    counted: BothEpochs

    @property
    def ratio(self) -> float:
        """Majority samples to one of the minority."""
        return self.samples["majority"] / self.samples["minority"]

    def as_json(self) -> dict:
        """List it as JSON can have it."""
        parts = {name: part._asdict() for name, part in self._asdict().items() if name != "samples"}
        return {"samples": self.samples, **parts}


def watch_one_pass(streams: Streams, batch_size: int, folder: Path) -> epochwatch.ExposureLog:
    """Train a model that sees no image once through the majority, and keep what was trained.

    Args:
        streams: whose images are left out, as nothing here depends on what is learned.
        batch_size: samples in a batch, half of them of either stream.
        folder: of the log.

    Returns:
        The log.
    """
    without_images = [s._replace(images=np.zeros((s.samples, 1), np.float32)) for s in streams]
    arrays = feeds.balanced("arrays", Streams(*without_images), batch_size)
    model = epochwatch.watch(blind_model(STEPS_PER_EXECUTION), log=folder)
    model.fit(*arrays, batch_size=batch_size, shuffle=False, verbose=0)
    return epochwatch.ExposureLog.read(folder)


def count_imbalance(
    streams: Streams, ratio: int, batch_size: int, seed: int, folder: Path
) -> CountedImbalance:
    """Leave samples out until the ratio is reached, train, and count both epochs.

    Args:
        streams: the minority and the majority.
        ratio: majority samples to one of the minority.
        batch_size: samples in a batch, half of them of either stream.
        seed: which samples are left out.
        folder: of the log.

    Returns:
        What was predicted, and what was counted.
    """
    subset, half = at_ratio(streams, ratio, seed), batch_size // 2
    indices = {name: stream.index for name, stream in subset._asdict().items()}
    samples = {name: len(index) for name, index in indices.items()}
    steps = EpochLengths.from_samples(*samples.values(), half)
    log = watch_one_pass(subset, batch_size, folder)
    expected = [expected_content(samples, length * half) for length in steps]
    counted = [counted_content(log.batches(), length, indices) for length in steps]
    seen = seen_by_epoch(log.batches(), steps.minority, indices["majority"])
    return CountedImbalance(
        samples,
        steps,
        theory=_both(*expected, steps.minority_epochs),
        counted=_both(*counted, epochs_until_all(seen)),
    )


def _both(minority_epoch, majority_epoch, until_all: int | None) -> BothEpochs:
    return BothEpochs(majority_epoch.minority_exposures, minority_epoch.majority_seen, until_all)
