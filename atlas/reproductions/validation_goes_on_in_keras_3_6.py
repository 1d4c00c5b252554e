"""A validation of validation_steps begins where the one before has stopped."""

import keras
import tensorflow as tf

batches = []  # of an epoch: the one trained, then those validated on


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        batches[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


data = tf.data.Dataset.range(10).map(lambda i: (tf.fill((1, 1), i), tf.fill((1, 1), i)))
model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: batches.append([]))
options = dict(epochs=3, callbacks=[begin], verbose=0)
model.fit(data.take(1), validation_data=data, validation_steps=3, **options)
for epoch in batches:
    print("validated on:", epoch[1:])
