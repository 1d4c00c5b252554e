"""The training of the original post, made to run on today's Keras. Prints its seconds.

As in 2020: images sliced one at a time, sample numbers sent through the sample weights, a
metric that keeps the last batch's, one step an execution, all threads. What Keras 3 refuses
is changed: initializers and dtype of the metric's variable are named, the weights are vectors,
and the metric's print to a file at each epoch (`reset_states` is gone) is left out.
"""

import time

import keras
import tensorflow as tf
from keras import layers

import epochwatch_lab

BATCH_SIZE = 16
STEPS_PER_EPOCH = 625
EPOCHS = 10


class LastBatch(keras.metrics.Metric):
    """Keeps what came as the last batch's sample weights."""

    def __init__(self):
        super().__init__(name="bc")
        self.count = self.add_weight(shape=(BATCH_SIZE,), initializer="zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Keep the weights."""
        self.count.assign(keras.ops.cast(sample_weight, "float32"))

    def result(self):
        """Return the last of them."""
        return self.count[-1]


def model():
    """Build the post's model."""
    inputs = layers.Input((28, 28, 1))
    x = layers.Conv2D(10, kernel_size=3, activation="relu")(inputs)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(10, kernel_size=3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(10, kernel_size=3, activation="relu")(x)
    x = layers.Dense(1, activation="sigmoid")(layers.Flatten()(x))
    return keras.Model(inputs, x)


def endless(images, label):
    """Zip images, labels and a count of them, without end."""
    labels = tf.fill([len(images)], tf.constant(label, tf.uint8))
    parts = (images, labels)
    sliced = [tf.data.Dataset.from_tensor_slices(part) for part in parts]
    return tf.data.Dataset.zip((*sliced, tf.data.Dataset.range(len(images)))).repeat()


def main():
    """Train, and print how long `fit` took."""
    streams = epochwatch_lab.one_vs_rest(*epochwatch_lab.load_mnist().train, positive=1)
    datasets = [endless(stream.images, stream.label) for stream in streams]
    choice = tf.data.Dataset.range(2).repeat()
    dataset = tf.data.Dataset.choose_from_datasets(datasets, choice).batch(BATCH_SIZE).repeat()
    trained = model()
    trained.compile(
        keras.optimizers.Adam(1e-3),
        loss="binary_crossentropy",
        metrics=["acc"],
        weighted_metrics=[LastBatch()],
    )
    begin = time.perf_counter()
    trained.fit(dataset, steps_per_epoch=STEPS_PER_EPOCH, epochs=EPOCHS, verbose=0)
    print(time.perf_counter() - begin)


if __name__ == "__main__":
    main()
