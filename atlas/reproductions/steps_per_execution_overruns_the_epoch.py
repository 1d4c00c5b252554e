"""An epoch of 5 steps has 6 where steps_per_execution is 2."""

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
model.compile("sgd", run_eagerly=True, steps_per_execution=2)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
model.fit(batches(), steps_per_epoch=5, epochs=2, callbacks=[begin], verbose=0)
for epoch in epochs:
    print(len(epoch), "steps:", epoch)
