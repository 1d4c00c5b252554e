"""tf_keras refuses workers=0, which Keras 2 took for: in the main thread."""

import keras
import numpy as np


class Batches(keras.utils.Sequence):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        return np.full((1, 1), i), np.full((1, 1), i)


model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
try:
    model.fit(Batches(), workers=0, verbose=0)
    print("well")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
