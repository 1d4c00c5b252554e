"""An execution of fewer steps than asked, in the middle of an epoch, ends in a TypeError."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


def batches():
    for i in range(4):
        yield np.full((1, 1), i), np.full((1, 1), i)


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True, steps_per_execution=3)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
try:
    model.fit(batches(), epochs=2, callbacks=[begin], verbose=0)
except Exception as error:
    print(f"{type(error).__name__}: {error}")
print("trained:", epochs)
