"""Short fits train what the shuffle buffer reaches, and nothing else."""

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
dataset = batches(100).shuffle(10, seed=1)
for _ in range(50):
    model.fit(dataset, steps_per_epoch=5, callbacks=[begin], verbose=0)
trained = {i for epoch in epochs for i in epoch}
print("steps:", sum(map(len, epochs)), "- last batch trained:", max(trained))
print("never trained:", len(set(range(100)) - trained), "of 100")
