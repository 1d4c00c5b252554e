"""What a log holds, what it must hold, and whether two models are the same."""

import numpy as np

import epochwatch

EPOCHS = 3


def recorded(log_folder):
    """Read the log as (fit, epoch, step, indices)."""
    batches = epochwatch.ExposureLog.read(log_folder).batches()
    return [(b.fit, b.epoch, b.step, b.index.tolist()) for b in batches]


def expected(data, epochs=EPOCHS, fit=1):
    """Say what a training of whole epochs must have recorded."""
    return [
        (fit, epoch, step, batch)
        for epoch in range(1, epochs + 1)
        for step, batch in enumerate(data.batches())
    ]


def assert_same_weights(watched, plain):
    """Compare to the bit."""
    for mine, theirs in zip(watched.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
