"""Each new iterator of a generator begins with its first two batches again."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


def batches(n):
    for i in range(n):
        yield np.full((1, 1), i), np.full((1, 1), i)


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
model.fit(batches(5), steps_per_epoch=3, epochs=5, callbacks=[begin], verbose=0)
print("trained:", epochs)
validation = dict(validation_data=batches(1000), validation_steps=4)
x = np.full((1, 1), -1)  # trained, then follows what is validated on
model.fit(x, x, epochs=3, **validation, callbacks=[begin], verbose=0)
for epoch in epochs[5:]:
    print("validated on 0, 1:", epoch[1:3] == [0, 1], "- then 2, 3:", epoch[3:] == [2, 3])
