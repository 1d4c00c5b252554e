"""With a seed, TensorFlow shuffles arrays in the same order in every epoch and every fit."""

import keras
import numpy as np
import tensorflow as tf

epochs = []  # the rows trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1] += [int(row) for row in y[:, 0]]
        return y_pred[0, 0]


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
rows = np.arange(16)[:, None]
batch, split = {"shuffle": "batch"}, {"validation_split": 0.25}
for seed, options in (None, {}), (1, {}), (1, batch), (1, split):
    tf.random.set_seed(seed)  # keras.utils.set_random_seed does that too
    epochs.clear()
    for _ in range(2):
        model.fit(rows, rows, batch_size=4, epochs=3, callbacks=[begin], verbose=0, **options)
    print("seed", seed, options, "- orders of 6 epochs:", len({tuple(e[:12]) for e in epochs}))
epochs.clear()
for _ in range(40):
    model.fit(rows, rows, batch_size=1, steps_per_epoch=3, callbacks=[begin], verbose=0)
print("trained by 40 fits of 3 steps:", len({i for epoch in epochs for i in epoch}), "of 16")
