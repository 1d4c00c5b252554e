"""Rows that say which they are, and a model with all the state that a training can have."""

import keras
import numpy as np

ROWS, BATCH_SIZE, EPOCHS = 34, 16, 3
STEPS = 3  # of an epoch; the last has two rows


is_indexed = True  # a model that is not watched has no use for an index


def columns() -> tuple:
    """Return 34 rows and their targets, each with its index where the model is watched."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 3)).astype("float32")
    label = rng.integers(0, 2, (ROWS, 1)).astype("float32")
    return x, {"label": label, "index": np.arange(ROWS, dtype=np.int64)} if is_indexed else label


def chosen(rows: np.ndarray) -> tuple:
    """Return these rows as a batch."""
    return keras.tree.map_structure(lambda column: column[rows], columns())


def layers() -> list:
    """Make the layers of a small model, one with state beside its weights, one with a seed."""
    return [
        keras.layers.Dense(4, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.3),
        keras.layers.Dense(1, activation="sigmoid"),
    ]


def small_model(model_class=keras.Sequential, built: bool = True, **optimizer_options):
    """Make a compiled model; the same weights after the same seed."""
    model = keras.Sequential([*([keras.layers.Input((3,))] if built else []), *layers()])
    if model_class is not keras.Sequential:
        model = model_class(model.inputs, model.outputs)
    optimizer = keras.optimizers.Adam(0.01, **optimizer_options)
    model.compile(optimizer, "binary_crossentropy", metrics=["mae"])
    return model
