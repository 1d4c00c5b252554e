"""What one fit has read ahead of a generator is not there for the next."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


def batches():
    for i in range(1000):
        yield np.full((1, 1), i), np.full((1, 1), i)


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
generator = batches()
for _ in range(2):
    model.fit(generator, steps_per_epoch=3, callbacks=[begin], verbose=0)
print("first fit trained", epochs[0])
print("never trained, at least:", sorted({3} - {i for epoch in epochs for i in epoch}))
