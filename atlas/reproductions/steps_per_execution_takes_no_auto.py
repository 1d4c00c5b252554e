"""steps_per_execution="auto", which Keras 2 takes, raises a TypeError that does not name it."""

import keras
import numpy as np

x = np.zeros((8, 1))
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
try:
    model.compile("sgd", "mse", steps_per_execution="auto")
    model.fit(x, x, verbose=0)
    print("well")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
