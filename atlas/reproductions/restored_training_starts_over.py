"""A training that BackupAndRestore restores begins its data at the first batch."""

import tempfile

import keras
import numpy as np

rows = np.arange(12)[:, None]
epochs = []  # the rows trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        if sum(map(len, epochs)) == 8:
            raise KeyboardInterrupt  # once, in the middle of the third epoch
        return y_pred[0, 0]


begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
backup = keras.callbacks.BackupAndRestore(tempfile.mkdtemp())
options = dict(batch_size=1, steps_per_epoch=3, epochs=4, shuffle=False, verbose=0)
for _ in range(2):  # in two processes
    model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", run_eagerly=True)
    try:
        model.fit(rows, rows, callbacks=[begin, backup], **options)
    except KeyboardInterrupt:
        print("trained until the crash:", epochs)
print("trained when restored:", epochs[3:])
