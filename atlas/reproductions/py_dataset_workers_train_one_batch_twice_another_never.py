"""With workers, the first epoch begins in the middle of the data."""

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


model = Recorder([keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
model.fit(Batches(workers=2), shuffle=False, callbacks=[begin], verbose=0)
print("steps:", len(epochs[0]))
print("trained twice, at least:", [i for i in [2] if epochs[0].count(i) == 2])
print("never trained, at least:", sorted({19} - set(epochs[0])))
