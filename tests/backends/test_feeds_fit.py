"""fit of whatever backend is chosen takes every balanced feed, and every feed with indices."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import epochwatch
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


FILES = 10


@pytest.fixture
def photos(tmp_path):
    """A folder of ten pictures in two classes."""
    for number in range(FILES):
        folder = tmp_path / "photos" / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture = tf.io.encode_png(tf.fill((8, 8, 3), tf.constant(number, tf.uint8)))
        (folder / f"{number}.png").write_bytes(picture.numpy())
    return tmp_path / "photos"


@pytest.fixture
def watched(tmp_path):
    """A model of pictures, watched, and its log."""
    log = tmp_path / "run.exposures"
    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    model.compile("sgd", "mse")
    return epochwatch.watch(model, log=log), lambda: epochwatch.ExposureLog.read(log)


def by_epoch(log):
    """The indices of each epoch."""
    table = log.to_arrow()
    epochs = np.array(table["epoch"])
    return [np.array(table["index"])[epochs == epoch].tolist() for epoch in np.unique(epochs)]


def test_pictures_of_a_folder_are_watched_by_the_recipe(photos, watched):
    model, read = watched
    options = {"image_size": (8, 8), "shuffle": False, "batch_size": None, "verbose": False}
    files = keras.utils.image_dataset_from_directory(photos, **options)
    model.fit(with_index(files).shuffle(FILES, seed=1).batch(4), epochs=2, verbose=0)
    first, second = by_epoch(read())
    assert sorted(first) == sorted(second) == list(range(FILES))
    assert first != second


def test_weights_beside_an_index_are_named_for_fit(watched):
    model, read = watched
    x, targets, weight = with_index(np.zeros((10, 8, 8, 3)), np.zeros(10), np.ones(10))
    model.fit(x, targets, sample_weight=weight, batch_size=4, shuffle=False, verbose=0)
    assert by_epoch(read()) == [list(range(10))]
