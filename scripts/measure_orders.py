"""Measure in which orders `fit` trains rows here, with a seed and without; print it as JSON.

Arrays with shuffle=True, Keras' default; and with a seed two feeds that shuffle otherwise. Each fit
has a process of its own. It needs nothing but Keras and its backend, so that it runs in any
environment, also in that of a Keras yet to be released. A line of what it prints goes into
sweeps/shuffle_orders.json:

    KERAS_BACKEND=jax python scripts/measure_orders.py
"""

import datetime
import json
import subprocess
import sys

import numpy as np

ROWS, BATCH_SIZE, EPOCHS = 34, 2, 3  # so many batches have no order twice by chance


def feed_of(kind: str, rows: np.ndarray) -> dict:
    """Make what `fit` is given of rows, as its arguments."""
    if kind == "arrays":
        return {"x": rows, "y": rows, "batch_size": BATCH_SIZE}
    if kind == "tf_data":
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((rows, rows))
        return {"x": data.shuffle(ROWS).batch(BATCH_SIZE)}
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return -(-ROWS // BATCH_SIZE)

        def __getitem__(self, item):
            return (rows[item * BATCH_SIZE :][:BATCH_SIZE],) * 2

    return {"x": Batches(), "shuffle": True}


def trained_orders(kind: str, seed: int | None) -> list[list[int]]:
    """Train a model on rows that carry their number; return the rows, epoch by epoch."""
    import keras

    class Recorder(keras.Sequential):
        def compute_loss(self, x, y, y_pred, *args, **kwargs):
            epochs[-1] += keras.ops.convert_to_numpy(y)[:, 0].astype(int).tolist()
            return keras.ops.mean(y_pred)

    if seed is not None:
        keras.utils.set_random_seed(seed)
    epochs = []
    model = Recorder([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", run_eagerly=True)
    begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: epochs.append([]))
    rows = np.arange(ROWS, dtype="float32")[:, None]
    model.fit(**feed_of(kind, rows), epochs=EPOCHS, callbacks=[begin], verbose=0)
    return epochs


def orders_of_another_process(kind: str, seed: int | None) -> list[list[int]]:
    """Train as `trained_orders` does, in a process in which no seed was ever set."""
    command = [sys.executable, __file__, "--orders", kind, json.dumps(seed)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def are_alike(orders: list[list[int]]) -> bool:
    """Whether all epochs had one order; each must have had every row once."""
    assert all(sorted(order) == list(range(ROWS)) for order in orders)
    return all(order == orders[0] for order in orders)


def main():
    """Compare the orders of seven fits."""
    import keras

    backend = keras.backend.backend()
    unseeded, unseeded_again, one, one_again, two = (
        orders_of_another_process("arrays", seed) for seed in (None, None, 1, 1, 2)
    )
    assert one == one_again, "a seed makes a run repeatable"
    others = ["py_dataset", *["tf_data"] * (backend == "tensorflow")]
    found = {
        "keras": keras.__version__,
        "backend": backend,
        "backend_version": __import__(backend).__version__,
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "alike": {"unseeded": are_alike(unseeded), "seeded": are_alike(one)},
        "alike_otherwise": {kind: are_alike(orders_of_another_process(kind, 1)) for kind in others},
        "same_without_a_seed": unseeded == unseeded_again,
        "same_for_two_seeds": one == two,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--orders"]:
        print(json.dumps(trained_orders(sys.argv[2], json.loads(sys.argv[3]))))
    else:
        main()
