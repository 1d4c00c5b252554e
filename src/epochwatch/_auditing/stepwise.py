"""Running `fit` as planned with a probe of its own, and handing on what it trains, step by step."""

import importlib
import random
import sys
from collections.abc import Callable
from types import ModuleType

import numpy as np

from epochwatch._auditing.observe import AuditPlan, arguments_of
from epochwatch._auditing.resumption import StepPlace, TrainedSteps
from epochwatch._watching import backends
from epochwatch._watching.probe import make_probe
from epochwatch._watching.watched import recorder_among

Take = Callable[[TrainedSteps], None]


def begin_process(keras: ModuleType, number: int) -> None:
    """Set the random states to what they can be as a process of that number begins.

    Seeds that a script has set it sets in each process; what it leaves to chance is others.
    """
    seed = seed_of_script(keras)
    if seed is not None:
        keras.utils.set_random_seed(seed)
        return
    random.seed(number)
    np.random.seed(number)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(number)
    if "tensorflow" in sys.modules:
        tensorflow = backends.backend_module("tensorflow")
        if tensorflow.is_seeded():
            # Set again, it begins to count the operations that draw from it anew.
            tensorflow.set_seed_again()


def seed_of_script(keras: ModuleType) -> int | None:
    """Return what was last given to `keras.utils.set_random_seed`; None for nothing.

    What tells it is no public name of Keras', and Keras 2 has none.
    """
    if backends.is_keras_2(keras):
        return None
    return importlib.import_module("keras.src.utils.rng_utils").get_random_seed()


def probe_of(plan: AuditPlan):
    """Make a probe without a recorder: it keeps what it trains until it is drained."""
    call = plan.call
    return make_probe(
        plan.keras, None, call.steps_per_execution, plan.longest_execution, plan.is_indexed
    )


def train_stepwise(plan: AuditPlan, model, take: Take) -> None:
    """Run `fit` as often as planned, on a feed made anew.

    Args:
        plan: of the audit.
        model: a probe.
        take: gets each execution of the training function when Keras begins the next one, or
            ends the epoch; what it raises ends the training.
    """
    arguments = arguments_of(plan._replace(trained_feed=plan.feed.make()))
    tap = make_tap(plan.keras, model.epochwatch.counter, take)
    with recorder_among(arguments.pop("callbacks", None), tap) as callbacks:
        for fit in range(1, plan.call.fits + 1):
            tap.fit = fit
            model.fit(**arguments, callbacks=callbacks)


def make_tap(keras: ModuleType, counter, take: Take):
    """Make the callback that hands on what was trained."""

    class StepTap(keras.callbacks.Callback):
        """Hands on an execution when it is over: when Keras has come back for the next one."""

        def __init__(self):
            super().__init__()
            self.fit = self.epoch = self.step = 0

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch + 1

        def on_train_batch_begin(self, batch, logs=None):
            self.hand_on()
            self.step = batch

        def on_epoch_end(self, epoch, logs=None):
            self.hand_on()

        def hand_on(self):
            drained = counter.drain()
            if len(drained.lengths):
                ends = np.cumsum(drained.lengths)[:-1]
                columns = np.split(drained.values, ends, axis=1)
                take(TrainedSteps(StepPlace(self.fit, self.epoch, self.step), columns))

        # It has nothing to be kept in a checkpoint.

        def state_dict(self):
            return {}

        def load_state_dict(self, state):
            pass

    return StepTap()
