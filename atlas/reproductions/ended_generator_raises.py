"""A second fit on a generator that the first one has used up raises."""

import keras
import numpy as np


def batches():
    for i in range(4):
        yield np.full((1, 1), i), np.full((1, 1), i)


model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
generator = batches()
for fit in 1, 2:
    try:
        model.fit(generator, verbose=0)
        print("fit", fit, "ends well")
    except Exception as error:
        print("fit", fit, f"raises {type(error).__name__}: {error}")
