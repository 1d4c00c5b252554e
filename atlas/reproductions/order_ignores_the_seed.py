"""Arrays and PyDatasets are shuffled by the number of the epoch alone: the seed is ignored."""

import keras
import numpy as np

epochs = []  # the rows trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


class Rows(keras.utils.PyDataset):
    num_batches = 8

    def __getitem__(self, i):
        return np.full((1, 1), i), np.full((1, 1), i)


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
for seed in 1, 2, 3, 4:
    keras.utils.set_random_seed(seed)
    model.fit(np.arange(8), np.arange(8)[:, None], batch_size=1, callbacks=[begin], verbose=0)
    model.fit(Rows(), callbacks=[begin], verbose=0)
print("arrays: orders by 4 seeds:", len(set(map(tuple, epochs[::2]))))
print("PyDataset: orders by 4 seeds:", len(set(map(tuple, epochs[1::2]))))
