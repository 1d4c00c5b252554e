"""Making a model's training one that goes on after a kill."""

import os

from epochwatch._checks import whole_number
from epochwatch._resuming.checkpoint_files import CheckpointFolder
from epochwatch._resuming.step_check import drawing_refused
from epochwatch._resuming.training import CARRIED_AS, Resume
from epochwatch._watching import backends
from epochwatch._watching.model_class import Extended, carry, own_class
from epochwatch._watching.pending_call import PendingCall
from epochwatch._watching.watch import check_carrier
from epochwatch.errors import BadInput

# Releases of Keras in which trainings were killed and compared; see tests/resuming.
TRIED = ((3, 12), (3, 13), (3, 14), (3, 15), (3, 16))


def resumable(
    model, folder: str | os.PathLike, save_freq: int | str = "epoch", untried: bool = False
):
    """Make a compiled model's training go on after a kill as if it had never been killed.

    Run the same script again: `fit` goes on behind the last checkpoint, and ends as the training
    would have that nobody killed, to the bit where the backend is deterministic: weights,
    optimizer, seeds of Dropout, metrics, `History`, callbacks, and the exposure log where the
    model is watched as well (before or after this, as you like). A `fit` of the script that had
    finished is not trained again, and returns its `History`.

    What cannot be put back exactly is refused, or warned of, before the first step.

    Args:
        model: a compiled `keras.Model`. It is changed in place and stays the same object.
        folder: for the checkpoints of this training alone. The last two are kept, and what each
            finished `fit` left.
        save_freq: "epoch", or a number of steps.
        untried: whether to go on with a release of Keras that this was never tried with, or with
            another one than that of the checkpoint.

    Returns:
        The same model, resumable.

    Raises:
        BadInput: the model or its Keras cannot be resumed exactly, the folder is in use or holds
            something else, or an argument cannot be used. `fit` raises it where the checkpoint is
            of another model, feed, call or log.

    Example:
        >>> import tempfile
        >>> import keras
        >>> import numpy as np
        >>> folder = tempfile.TemporaryDirectory()
        >>> def train():
        ...     keras.utils.set_random_seed(1)
        ...     model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        ...     model.compile("sgd", "mse")
        ...     model = resumable(model, folder.name)
        ...     return model.fit(np.ones((5, 1)), np.zeros(5), epochs=2, verbose=0).history
        >>> first, again = train(), train()  # the second finds it finished
        >>> first == again
        True
        >>> folder.cleanup()
    """
    check_carrier(model, "resumable", "resume", CARRIED_AS)
    check_undistributed(model)
    if isinstance(model, Resumable):
        raise BadInput(f"resumable: {model.name!r} is resumable already; make it so once")
    if save_freq != "epoch":
        save_freq = whole_number('save_freq, if it is not "epoch"', save_freq, 1)
    check_release(backends.keras_of(model), untried)
    carry(model, CARRIED_AS, Resume(model, CheckpointFolder(folder), save_freq, untried, Resumable))
    return model


def check_undistributed(model) -> None:
    """Refuse a model on several devices: of its checkpoints nobody has tried one."""
    name = backends.backend_name(backends.keras_of(model))
    distribution = backends.backend_module(name).distribution(model)
    if distribution is not None:
        raise BadInput(
            f"resumable: cannot resume {model.name!r}: it is trained by {distribution}; make and "
            "compile it outside of any distribution"
        )


def check_release(keras, untried: bool) -> None:
    """Refuse a Keras whose epoch iterator nobody has looked at."""
    tried = "one of " + ", ".join(f"{major}.{minor}" for major, minor in TRIED)
    if backends.is_keras_2(keras):
        raise BadInput(f"resumable: got Keras {keras.__version__}, allowed: {tried}; install it")
    if backends.keras_release(keras) not in TRIED and not untried:
        raise BadInput(
            f"resumable: got Keras {keras.__version__}, tried with: {tried}; install that, or say "
            "untried=True and compare a training that was killed with one that was not"
        )


class Resumable(Extended):
    """The part of a resumable model's class that is not the user's."""

    def fit(self, *args, **kwargs):
        """Train as `keras.Model.fit` does, from where the checkpoint is."""
        like = own_class(self).fit.__get__(self)  # that of a watched model names no arguments
        return self.epochresume.fit(PendingCall(super().fit, args, kwargs, like))

    def train_step(self, *args, **kwargs):
        """Train a step as the user's class does; refuse one that could not be put back."""
        with drawing_refused(self.epochresume.backend):
            return super().train_step(*args, **kwargs)

    def train_on_batch(self, *args, **kwargs):
        """Refuse: nobody knows at which batch such a training would have to go on."""
        raise BadInput(
            f"train_on_batch: {self.name!r} is resumable, and only `fit` can go on where it was "
            "killed; train by `fit`, or do not make the model resumable"
        )

    # Keras builds the model with its epoch iterator before it takes anything from it: by one of
    # these, as backend and release have it.

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        super()._maybe_symbolic_build(iterator=iterator, data_batch=data_batch)
        self.epochresume.attach(iterator)

    def _symbolic_build(self, iterator=None, data_batch=None):
        super()._symbolic_build(iterator=iterator, data_batch=data_batch)
        self.epochresume.attach(iterator)
