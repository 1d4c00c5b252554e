"""What is read ahead of a generator is dropped with the iterator that has read it."""

import keras
import numpy as np
import tensorflow as tf

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


def batches():
    for i in range(1000):
        yield np.full((1, 1), i), np.full((1, 1), i)


begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
generator, stream, spec = batches(), batches(), tf.TensorSpec((1, 1), "int64")
dataset = tf.data.Dataset.from_generator(lambda: stream, output_signature=(spec, spec)).prefetch(9)
(model := Recorder([keras.Input((1,)), keras.layers.Dense(1)])).compile("sgd", run_eagerly=True)
with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
    (other := Recorder([keras.Input((1,)), keras.layers.Dense(1)])).compile("sgd", run_eagerly=True)
for fit, feed in enumerate([batches(), generator, generator, dataset, dataset]):
    (model if fit else other).fit(feed, steps_per_epoch=3, callbacks=[begin], verbose=0)
print("under a strategy, a generator loses batches:", epochs[0] != [0, 1, 2])
print("between fits it does:", epochs[2][0] > 3, "- a dataset:", epochs[4][0] - epochs[3][2] > 1)
