"""Each epoch of a DistributedSampler has the order of the first: it drops the same rows."""

import keras
import numpy as np
import torch

epochs = []  # the rows trained, epoch by epoch of rank 0, then of rank 1 …


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].extend(int(row) for row in y[:, 0])
        return y_pred[0, 0]


rows = [(np.full(1, i), np.full(1, i)) for i in range(34)]
model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
for drop_last in (False, True):
    epochs.clear()
    for rank in range(4):  # on four machines; which rows are whose is the sampler's affair
        sampler = torch.utils.data.DistributedSampler(rows, 4, rank, drop_last=drop_last)
        loader = torch.utils.data.DataLoader(rows, batch_size=4, sampler=sampler)
        model.fit(loader, epochs=3, callbacks=[begin], verbose=0)
    trained = [np.bincount(np.concatenate(epochs[epoch::3]), minlength=34) for epoch in range(3)]
    print("never trained, by epoch:", [np.flatnonzero(n == 0).tolist() for n in trained])
    print("trained twice, by epoch:", [np.flatnonzero(n == 2).tolist() for n in trained])
