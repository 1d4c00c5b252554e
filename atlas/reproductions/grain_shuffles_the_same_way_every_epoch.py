"""A shuffled Grain dataset has one order for all epochs and fits."""

import grain
import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


rows = grain.MapDataset.range(8).seed(1).shuffle()
rows = rows.map(lambda i: (np.full(1, i), np.full(1, i))).batch(1)

model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
model.fit(rows, epochs=3, callbacks=[begin], verbose=0)
print("epochs alike:", epochs[0] == epochs[1] == epochs[2] != sorted(epochs[0]))
epochs.clear()
for _ in range(20):
    model.fit(rows, steps_per_epoch=3, callbacks=[begin], verbose=0)
print("never trained:", len(set(range(8)) - {i for epoch in epochs for i in epoch}), "of 8")
