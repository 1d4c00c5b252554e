"""After set_random_seed, shuffle=True gives every epoch the same order."""

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
model.fit(rows, rows, batch_size=1, epochs=3, shuffle=True, callbacks=[begin], verbose=0)
print("epochs alike:", epochs[0] == epochs[1] == epochs[2] != sorted(epochs[0]))
