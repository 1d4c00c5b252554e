"""A part of a shuffled feed is another part each time that it is validated or evaluated on."""

import keras
import numpy as np
import tensorflow as tf

batches = [[]]  # a number each; an epoch or a call begins a new list


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        batches[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


data = tf.data.Dataset.range(100).map(lambda i: (tf.fill((1, 1), i), tf.fill((1, 1), i)))
shuffled = data.shuffle(100)
x = np.full((1, 1), -1)  # trained, then follows what is validated on
model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: batches.append([]))
options = dict(validation_steps=10, epochs=3, callbacks=[begin], verbose=0)
model.fit(x, x, validation_data=shuffled, **options)
for _ in range(2):
    batches.append([])
    model.evaluate(shuffled, steps=10, verbose=0)
print("of 100 batches:", *(len({*some} - {-1}) for some in batches[1:]))
print("the same ones each time:", len({frozenset({*some} - {-1}) for some in batches[1:]}) == 1)
