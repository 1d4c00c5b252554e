"""Each fit begins at the first batch, and fits shorter than the data train no other."""

import keras
import tensorflow as tf

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


def batches(n):
    return tf.data.Dataset.range(n).map(lambda i: (tf.fill((1, 1), i), tf.fill((1, 1), i)))


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
options = dict(steps_per_epoch=3, callbacks=[begin], verbose=0)
dataset, shuffled = batches(10), batches(100).shuffle(10, seed=1)
for _ in range(3):
    model.fit(dataset, **options)
print(epochs)
for _ in range(100):
    model.fit(shuffled, **options)
print("shuffled: of 100 batches, 300 steps reach number", max(map(max, epochs)))
