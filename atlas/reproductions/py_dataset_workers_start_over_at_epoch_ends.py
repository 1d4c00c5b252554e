"""With workers and steps_per_epoch, the end of the data is never reached."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


class Batches(keras.utils.PyDataset):
    num_batches = 100

    def __getitem__(self, i):
        return np.full((1, 1), i), np.full((1, 1), i)


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
options = dict(steps_per_epoch=5, shuffle=False, callbacks=[begin], verbose=0)
model.fit(Batches(workers=2), epochs=30, **options)
print("never trained, at least:", sorted({99} - {i for epoch in epochs for i in epoch}))
