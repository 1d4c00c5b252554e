"""Keras 2 refuses executions of several steps where it does not know the number of batches."""

import keras
import numpy as np


def batches():
    for i in range(4):
        yield np.full((1, 1), i), np.full((1, 1), i)


model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse", steps_per_execution=2)
try:
    model.fit(batches(), verbose=0)
    print("well")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
