"""What is read ahead of a generator is dropped with the iterator that has read it."""

import time

import keras
import numpy as np
import tensorflow as tf

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
batches = [(np.full((1, 1), i), np.full((1, 1), i)) for i in range(1000)]
first, generator, stream = ((batch for batch in batches) for _ in range(3))
spec = tf.TensorSpec((1, 1), "int64")
dataset = tf.data.Dataset.from_generator(lambda: stream, output_signature=(spec, spec)).prefetch(9)
slow = keras.layers.Lambda(lambda x: time.sleep(0.5) or x)  # as a large model is
(model := Recorder([slow, keras.layers.Dense(1)])).compile("sgd", run_eagerly=True)
with tf.distribute.OneDeviceStrategy("/cpu:0").scope():
    (other := Recorder([slow, keras.layers.Dense(1)])).compile("sgd", run_eagerly=True)
for fit, feed in enumerate([first, generator, generator, dataset, dataset]):
    (model if fit else other).fit(feed, steps_per_epoch=3, callbacks=[begin], verbose=0)
print("under a strategy, a generator loses batches:", epochs[0] != [0, 1, 2])
print("between fits it does:", epochs[2][0] > 3, "- a dataset:", epochs[4][0] - epochs[3][2] > 1)
