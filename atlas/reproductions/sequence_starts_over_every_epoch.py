"""With steps_per_epoch, Keras 2 trains the beginning of a Sequence in every epoch."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


class Batches(keras.utils.Sequence):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return np.full((1, 1), i), np.full((1, 1), i)


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
model.fit(Batches(), steps_per_epoch=3, epochs=4, shuffle=False, callbacks=[begin], verbose=0)
for epoch in epochs:
    print(epoch)
print("never trained:", sorted(set(range(10)) - {i for epoch in epochs for i in epoch}))
