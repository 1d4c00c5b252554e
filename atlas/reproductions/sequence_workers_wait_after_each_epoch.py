"""With workers, Keras 2 waits five seconds at the end of each pass over a Sequence."""

import time

import keras
import numpy as np


class Batches(keras.utils.Sequence):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return np.full((1, 1), i), np.full((1, 1), i)

    def on_epoch_end(self):
        time.sleep(2)  # a new order of many rows, say


model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
begun = []  # when, epoch by epoch
clock = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: begun.append(time.monotonic()))
model.fit(Batches(), epochs=3, workers=2, callbacks=[clock], verbose=0)
for epoch in 1, 2:
    print("5 seconds or more until epoch", epoch, "begins:", begun[epoch] - begun[epoch - 1] >= 5)
