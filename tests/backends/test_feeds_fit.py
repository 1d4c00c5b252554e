"""fit of whatever backend is chosen takes every balanced feed, and every feed with indices."""

import keras
import numpy as np
import pytest

from epochwatch import feeds, with_index
from tests.epochwatch.feeds.test_facts import Items


@pytest.fixture
def model():
    """A model that takes images, or rows of one number, and targets with an index."""
    inputs = keras.Input((None, None))
    summed = keras.ops.mean(inputs, axis=(1, 2))[:, None]
    outputs = {name: keras.layers.Dense(1, name=name)(summed) for name in ("label", "index")}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse", run_eagerly=True)
    return model


@pytest.mark.parametrize("feed", feeds.NAMES)
def test_fit_takes_every_balanced_feed(feed, model, tiny_streams):
    if not feeds.is_installed(feed):
        pytest.skip(f"what {feed} needs is not here")
    balanced = feeds.balanced(feed, tiny_streams, 4)
    if feed == "arrays":
        history = model.fit(*balanced, batch_size=4, shuffle=False, epochs=2, verbose=0)
    else:
        history = model.fit(balanced, steps_per_epoch=3, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_fit_takes_a_py_dataset_with_indices_from_threads_too(workers, model):
    class Images(Items):
        def __getitem__(self, place):
            x, y = super().__getitem__(place)
            return x[:, None].astype("float32"), y

    history = model.fit(with_index(Images(workers=workers)), epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
