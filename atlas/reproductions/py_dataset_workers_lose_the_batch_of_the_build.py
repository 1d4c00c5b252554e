"""With workers, training does not begin at the first batch: building the model has taken it."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


class Batches(keras.utils.PyDataset):
    num_batches = 20

    def __getitem__(self, i):
        return np.full((1, 1), i), np.full((1, 1), i)


begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
for number in 20, None:  # with an end, and without
    Batches.num_batches = number
    model = Recorder([keras.layers.Dense(1)])
    model.compile("sgd", run_eagerly=True)
    steps = dict(steps_per_epoch=20, shuffle=False, callbacks=[begin], verbose=0)
    model.fit(Batches(workers=2), **steps)
print("20 batches: begins at 0:", epochs[0][0] == 0, "- all trained:", len(set(epochs[0])) == 20)
print("without end: begins at 0:", epochs[1][0] == 0)
