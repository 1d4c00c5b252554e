"""Each iterator of a dataset over one generator drops what it prefetched."""

import time

import keras
import tensorflow as tf

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        time.sleep(0.05)  # as training takes time
        return y_pred[0, 0]


def batches():
    for i in range(1000):
        yield [[i]], [[i]]


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
generator, spec = batches(), tf.TensorSpec((1, 1), "int64")
dataset = tf.data.Dataset.from_generator(lambda: generator, output_signature=(spec, spec))
for _ in range(2):
    model.fit(dataset.prefetch(50), steps_per_epoch=3, callbacks=[begin], verbose=0)
print("lost between the two fits, at least one batch:", epochs[1][0] - epochs[0][-1] > 1)
