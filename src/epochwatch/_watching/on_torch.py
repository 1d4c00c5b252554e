"""What is done differently on torch: an execution is one Python call with batches of tensors."""

import contextlib

import torch

from epochwatch._exposures.share import Share
from epochwatch._watching import fingerprint as fingerprints
from epochwatch._watching import host, targets
from epochwatch.feeds._structures import as_numpy

# A batch passes through Python here as on JAX, and torch has integers of 64 bits.
IndexInterceptor = host.IndexInterceptor
Tape = host.Tape
stack = host.stack
parts_of = host.parts_of


def index(values, samples: int | None):
    """Check and take the indices of a batch: see `host.index`."""
    return host.index(as_numpy(values), samples)


class ProbeStep:
    """The steps of a model that learns nothing."""

    def train_step(self, data):
        return {"loss": 0.0}

    test_step = train_step


def fingerprint(*columns):
    """Identify the samples of a batch by their content: see `fingerprint.fingerprint`."""
    return fingerprints.fingerprint(*map(as_numpy, columns))


def labels_of(y):
    """Read the class numbers of a batch: see `fingerprint.labels_of`."""
    return fingerprints.labels_of(as_numpy(y))


def train_through(model, step):
    """Wrap a training function to keep the indices of what it trained.

    It is list of the batches of an execution → logs; up to Keras 3.15 of one.
    """

    def train(batches):
        pending = host.PendingBatches(model.epochwatch)
        logs = step([pending.hold(data) for data in batches])
        pending.keep_trained()
        return logs

    return train


def test_through(model, step):
    """Wrap a test function: list of batches → logs."""
    return lambda batches: step([targets.set_index_aside(data) for data in batches])


def class_weights(y, table):
    """Weigh the samples of a batch by their class, as `host.class_weights` does."""
    weights = torch.from_numpy(host.class_weights(as_numpy(y), table))
    # Keras multiplies them with the losses, which are where the targets are.
    return weights.to(y.device) if isinstance(y, torch.Tensor) else weights


def distribution(model) -> str | None:
    """Name what trains a model with other processes: Keras has nothing of its own on torch."""
    return "torch.distributed" if ranks() > 1 else None


def share_of(model, is_keras_2: bool) -> Share | None:
    """Say which replica this process trains: its rank. None where there are no others."""
    if ranks() == 1:
        return None
    rank = torch.distributed.get_rank()
    return Share((rank,), rank, ranks())


def scope_of(model) -> contextlib.AbstractContextManager:
    """Return the scope that variables of a model's training are made in: any will do."""
    return contextlib.nullcontext()


def ranks() -> int:
    """Count the processes of torch's process group, where there is one."""
    available = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if available else 1
