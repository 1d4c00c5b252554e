"""How a training that was killed differs from the same one undisturbed."""

import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from epochwatch.exposures import Counts, TrainedBatch
from epochwatch_lab.killed_trainings._outcomes import Outcome


class Rows(NamedTuple):
    """Samples of one stream that were not trained as often as they would have been.

    Attributes:
        again: trained more often.
        never: trained never, and at least once by the undisturbed training.
    """

    again: int
    never: int


class Difference(NamedTuple):
    """How a training differs from the undisturbed one.

    Attributes:
        rows: by stream.
        first_step: from 0, the first one that has other rows; None where all have the same.
        weights_alike: whether all weights are the same, to the bit.
        largest: difference between two weights.
        callbacks_alike: whether the callbacks ended in the same state.
    """

    rows: dict[str, Rows]
    first_step: int | None
    weights_alike: bool
    largest: float
    callbacks_alike: bool

    @property
    def findings(self) -> dict:
        """What a run keeps of it."""
        rows = {stream: one._asdict() for stream, one in self.rows.items()}
        return {**self._asdict(), "rows": rows}


def compare(killed: Outcome, undisturbed: Outcome, indices: Mapping[str, np.ndarray]) -> Difference:
    """Compare a training that was killed and run again with the undisturbed one.

    Args:
        killed: what it came to.
        undisturbed: what the same training came to that was left alone.
        indices: int64 (samples,), by stream.

    Returns:
        Their difference.
    """
    here, there = _counts(killed), _counts(undisturbed)
    pairs = list(zip(killed.weights, undisturbed.weights, strict=True))
    return Difference(
        {
            name: Rows(
                int(np.count_nonzero(here.of_samples(index) > there.of_samples(index))),
                int(np.count_nonzero(never_trained(killed, undisturbed, index))),
            )
            for name, index in indices.items()
        },
        _first_step(killed.batches, undisturbed.batches),
        all(one.tobytes() == other.tobytes() for one, other in pairs),
        max(float(np.abs(one - other).max()) for one, other in pairs),
        killed.callbacks == undisturbed.callbacks,
    )


def never_trained(killed: Outcome, undisturbed: Outcome, index: np.ndarray) -> np.ndarray:
    """Find the samples that the undisturbed training has trained and the killed one never.

    Args:
        killed: what the one came to.
        undisturbed: what the other came to.
        index: int64 (samples,), of a stream.

    Returns:
        bool (samples,), by position in the stream.
    """
    here, there = (_counts(outcome).of_samples(index) for outcome in (killed, undisturbed))
    return (here == 0) & (there > 0)


def _counts(outcome: Outcome) -> Counts:
    return Counts.from_chunks([np.concatenate([batch.index for batch in outcome.batches])])


def _first_step(here: Iterable[TrainedBatch], there: Iterable[TrainedBatch]) -> int | None:
    for step, pair in enumerate(itertools.zip_longest(here, there)):
        if None in pair or pair[0].index.tobytes() != pair[1].index.tobytes():
            return step
    return None
