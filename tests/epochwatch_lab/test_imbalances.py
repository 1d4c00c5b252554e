"""Both epochs at other imbalances: what `fit` trained, against the plain arithmetic."""

import numpy as np
import pytest

from epochwatch_lab.datasets import one_vs_rest
from epochwatch_lab.imbalances import count_imbalance, watch_one_pass


@pytest.fixture
def streams():
    """Twelve samples of the rare class among 60."""
    return one_vs_rest(np.zeros((60, 2, 2)), np.arange(60) % 5 == 0, positive=True)


def test_one_pass_trains_every_majority_sample(streams, tmp_path):
    log = watch_one_pass(streams, 8, tmp_path / "log")
    counts = log.counts()
    assert (counts.of_samples(streams.majority.index) > 0).all()
    assert len(log) == 12 * 8  # 48 samples, four a step


@pytest.mark.parametrize(
    ("ratio", "samples", "lengths"),
    [
        (4, (12, 48), (3, 12)),
        (2, (12, 24), (3, 6)),
        (24, (2, 48), (1, 12)),
        (900, (1, 48), (1, 12)),
    ],
)
def test_it_is_counted_as_predicted(ratio, samples, lengths, streams, tmp_path):
    found = count_imbalance(streams, ratio, 8, seed=0, folder=tmp_path / "log")
    assert tuple(found.samples.values()) == samples
    assert found.steps == lengths
    assert found.counted == found.theory
    assert found.counted.epochs_until_all == -(-lengths[1] // lengths[0])
    assert found.ratio == samples[1] / samples[0]
    assert found.as_json()["counted"] == found.as_json()["theory"]
    assert found.as_json()["steps"] == {"minority": lengths[0], "majority": lengths[1]}
