"""What is done differently on torch: a step is one Python call with one batch of tensors."""

import torch

from epochwatch.feeds.structures import as_numpy
from epochwatch.watching import fingerprint as fingerprints
from epochwatch.watching import host, targets
from epochwatch.watching.host import Tape, stack

__all__ = [
    "Door",
    "ProbeStep",
    "Tape",
    "class_weights",
    "distribution",
    "fingerprint",
    "index",
    "labels_of",
    "stack",
]


def index(values, samples: int | None):
    """Check and take the indices of a batch: see `host.index`."""
    return host.index(as_numpy(values), samples)


class Door:
    """The part of a watched model's class that takes the index out: on torch, around the steps."""

    def make_train_function(self, force=False):
        """Put the door in front of the training function."""
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = train_through(self.epochwatch, self.train_function)

    def make_test_function(self, force=False):
        """Set the index aside in front of the test function."""
        if self.test_function is None or force:
            super().make_test_function(force)
            step = self.test_function
            self.test_function = lambda batches: step([targets.set_aside(d) for d in batches])


class ProbeStep:
    """The steps of a model that learns nothing."""

    def train_step(self, data):
        """Train nothing."""
        return {"loss": 0.0}

    test_step = train_step


def fingerprint(*columns):
    """Identify the samples of a batch by their content: see `fingerprint.fingerprint`."""
    return fingerprints.fingerprint(*map(as_numpy, columns))


def labels_of(y):
    """Read the class numbers of a batch: see `fingerprint.labels_of`."""
    return fingerprints.labels_of(as_numpy(y))


def train_through(watch, step):
    """Wrap a training function.

    Args:
        watch: what the model carries.
        step: list of one batch → logs.

    Returns:
        The same, keeping the indices of what it trained.
    """

    def train(batches):
        handover = host.Handover(watch)
        logs = step([handover.take(data) for data in batches])
        handover.keep()
        return logs

    return train


def class_weights(y, table):
    """Weigh the samples of a batch by their class, as `host.class_weights` does."""
    weights = torch.from_numpy(host.class_weights(as_numpy(y), table))
    return weights.to(y.device) if isinstance(y, torch.Tensor) else weights


def distribution(model) -> str | None:
    """Name the distribution that a model is trained by: Keras has none on torch."""
    return None
