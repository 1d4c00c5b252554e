"""Trainings of several devices that cannot be watched exactly are refused in one line."""

import numpy as np
import pytest
import tensorflow as tf

import epochwatch
from epochwatch.errors import BadInput
from tests.backends.conftest import BACKEND, backend_only, keras


def compiled_model(**options):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", **options)
    return model


on_tensorflow = backend_only("tensorflow", "tf_keras")


@on_tensorflow
def test_a_strategy_with_one_replica_is_watched_as_if_there_was_none(tmp_path):
    with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
        model = epochwatch.watch(compiled_model(), log=tmp_path / "log")
    targets = {"label": np.zeros(34), "index": np.arange(34)}
    model.fit(np.ones((34, 3)), targets, batch_size=16, verbose=0)
    log = epochwatch.ExposureLog.read(tmp_path / "log")
    assert log.to_arrow().column_names == ["fit", "epoch", "step", "index"]
    assert len(log) == 34


@on_tensorflow
def test_a_model_that_was_made_outside_of_the_scope_is_refused():
    model = compiled_model()
    with (
        tf.distribute.MirroredStrategy(["CPU:0"]).scope(),
        pytest.raises(BadInput, match="MirroredStrategy, but was made outside of its scope"),
    ):
        epochwatch.watch(model)


@backend_only("tensorflow")
def test_a_strategy_that_keras_3_cannot_train_under_is_refused():
    with tf.distribute.MultiWorkerMirroredStrategy().scope():
        model = compiled_model()
    with pytest.raises(BadInput, match=r"Keras 3 cannot train \(keras#20585\); take tf_keras"):
        epochwatch.watch(model)


@on_tensorflow
def test_a_strategy_that_nobody_has_tried_is_refused():
    with tf.distribute.experimental.CentralStorageStrategy().scope():
        model = compiled_model()
    with pytest.raises(BadInput, match="CentralStorageStrategy, under which nobody has tried it"):
        epochwatch.watch(model)


@on_tensorflow
def test_a_training_on_devices_is_not_resumable_yet(tmp_path):
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = compiled_model()
    with pytest.raises(BadInput, match="it is trained by MirroredStrategy; make and compile"):
        epochwatch.resumable(model, tmp_path / "checkpoints")


@backend_only("jax")
def test_a_batch_that_jax_cannot_share_is_refused_before_it_is_trained(tmp_path):
    from epochwatch._watching import on_jax

    on_jax.check_divisible(16, 4)
    with pytest.raises(BadInput, match="a batch of 2 samples for 4 replicas"):
        on_jax.check_divisible(2, 4)


@backend_only("jax")
def test_a_distribution_with_one_replica_is_watched_as_if_there_was_none(tmp_path):
    with keras.distribution.DataParallel().scope():
        model = epochwatch.watch(compiled_model(), log=tmp_path / "log")
        targets = {"label": np.zeros(34), "index": np.arange(34)}
        model.fit(np.ones((34, 3)), targets, batch_size=16, verbose=0)
    assert len(epochwatch.ExposureLog.read(tmp_path / "log")) == 34


@pytest.mark.skipif(BACKEND == "tf_keras", reason="the same code as on TensorFlow")
def test_several_workers_need_a_path_that_all_of_them_give_alike(tmp_path):
    from epochwatch._exposures.share import Share
    from epochwatch._watching.watch import new_writer

    with pytest.raises(BadInput, match=r"log: got .* with a time in it, which each of 2 workers"):
        new_writer(tmp_path / "{time}", None, "stop", Share((0,), 0, 2))
    assert not list(tmp_path.iterdir())
