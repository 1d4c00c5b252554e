"""A PyDataset's hooks are called in the middle of a pass where steps_per_epoch ends an epoch."""

import keras
import numpy as np

epochs = []  # the batches trained, epoch by epoch


class Recorder(keras.Sequential):
    def compute_loss(self, x, y, y_pred, *args, **kwargs):
        epochs[-1].append(int(y[0, 0]))
        return y_pred[0, 0]


class Batches(keras.utils.PyDataset):
    num_batches, order = 100, np.arange(100)

    def __getitem__(self, i):
        return np.full((1, 1), self.order[i]), np.full((1, 1), self.order[i])


model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
model.compile("sgd", run_eagerly=True)
begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
options = dict(steps_per_epoch=5, epochs=20, callbacks=[begin], verbose=0)
for hook in "on_epoch_begin", "on_epoch_end":
    setattr(feed := Batches(), hook, lambda: setattr(feed, "order", np.random.permutation(100)))
    model.fit(feed, shuffle=False, **options)
    trained = {i for epoch in epochs[-20:] for i in epoch}
    print(f"{hook}: 100 steps leave out some of 100 batches:", len(trained) < 100)
