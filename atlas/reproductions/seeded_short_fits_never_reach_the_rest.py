"""After set_random_seed, every fit begins with the same rows."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
keras.utils.set_random_seed(1)
rows = np.arange(8)[:, None]
for _ in range(20):
    model.fit(rows, rows, batch_size=1, steps_per_epoch=3, callbacks=[begin], verbose=0)
print("never trained:", len(set(range(8)) - {i for epoch in epochs for i in epoch}), "of 8")
