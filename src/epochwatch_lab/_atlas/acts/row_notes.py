"""A model that notes the rows of each batch that it is given."""

from collections.abc import Callable
from typing import Any

import numpy as np

Batches = list[list[int]]


def noting_model(keras, notes: "RowNotes"):
    """Make a compiled model, built already, whose training and tests are noted.

    It runs eagerly, to have the rows at hand: the order of the data does not depend on that.

    Args:
        keras: the module `keras`, or `tf_keras`.
        notes: where to.
    """
    return built_model(keras, noting_class(keras, notes.add), run_eagerly=True)


def noting_class(keras, note: Callable[[Any], None]) -> type:
    """Make a class of models that note the index of every batch that a loss is computed of."""

    class Noting(keras.Sequential):
        """Gives it to `note`."""

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **more):
            """Note a batch; the loss says nothing."""
            note(y["index"])
            return y_pred[0, 0] * 0.0

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            """Compute nothing: Keras 2 would look for an output of each name in `y`."""
            return {"loss": y_pred[0, 0]}

    return Noting


def built_model(keras, model_class: type, **compiled):
    """Make a model of a class that returns what it is given, built and compiled."""
    model = model_class([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile("sgd", **compiled)
    model.set_weights([np.ones((1, 1))])
    return model


class RowNotes:
    """The rows noted, by epoch or call.

    Attributes:
        trained: of each epoch, its batches.
        tested: of each validation, or call of `evaluate`, its batches.
    """

    def __init__(self):
        self.trained: list[Batches] = []
        self.tested: list[Batches] = []
        self._into: list[Batches] = self.trained

    def add(self, index: Any) -> None:
        """Note a batch."""
        if not self._into:
            self._into.append([])
        self._into[-1].append(np.asarray(index).ravel().tolist())

    def begin(self, phase: list[Batches]) -> None:
        """Note what follows as a new epoch or call."""
        self._into = phase
        phase.append([])

    def go_on_training(self) -> None:
        """Note what follows in the epoch that is under way."""
        self._into = self.trained


def phases(keras, notes: RowNotes):
    """Make the callback that says when an epoch or a validation begins."""

    class Phases(keras.callbacks.Callback):
        """Says to the notes what is done."""

        def on_epoch_begin(self, epoch, logs=None):
            """Begin an epoch."""
            notes.begin(notes.trained)

        def on_test_begin(self, logs=None):
            """Begin a validation."""
            notes.begin(notes.tested)

        def on_test_end(self, logs=None):
            """Go on with the epoch."""
            notes.go_on_training()

    return Phases()
