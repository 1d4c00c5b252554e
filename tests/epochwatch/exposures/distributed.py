"""Distributed trainings to write and to compare with, as plain lists.

A training is a list of steps, `(fit, epoch, step, [a batch for each replica])`, and says how many
of them each worker has made. Replicas are numbered over all workers.
"""

import itertools
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch._exposures.share import Share
from epochwatch._exposures.writer import ExposureWriter
from tests.epochwatch.exposures.records import INDEX


class Training(NamedTuple):
    """A training of several workers, each with as many replicas.

    Attributes:
        steps: all of them, in order.
        made: of each worker, how many it has made.
        replicas: of a worker.
    """

    steps: list
    made: list
    replicas: int

    def share(self, worker):
        """The share of a worker."""
        first = worker * self.replicas
        return Share(tuple(range(first, first + self.replicas)), worker, len(self.made))

    def of_worker(self, worker):
        """List the steps of one worker, with the batches of its own replicas."""
        own = self.share(worker).replicas
        return [
            (*place, [batches[replica] for replica in own])
            for *place, batches in self.steps[: self.made[worker]]
        ]

    def batches(self):
        """List what has been trained: (fit, epoch, step, replica, worker, batch), in order."""
        return sorted(
            (*place, replica, worker, batch)
            for worker in range(len(self.made))
            for *place, batches in self.of_worker(worker)
            for replica, batch in zip(self.share(worker).replicas, batches, strict=True)
            if batch  # an empty one leaves no row
        )

    def rows(self):
        """List the exposures: (fit, epoch, step, replica, index, worker)."""
        return [
            (*place, index, worker) for *place, worker, batch in self.batches() for index in batch
        ]

    def cut(self):
        """Leave out the steps that not all workers have made."""
        return self._replace(made=[min(self.made)] * len(self.made))


@st.composite
def trainings(draw):
    """Draw a training of up to three workers, each of which may have stopped anywhere."""
    workers, replicas = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    batch = st.lists(INDEX, max_size=2)  # empty, too: a replica may get nothing of a short batch
    batches = st.lists(batch, min_size=workers * replicas, max_size=workers * replicas)
    epochs = st.lists(st.lists(batches, min_size=1, max_size=3), min_size=1, max_size=3)
    steps = [
        (fit, epoch, step, of_replicas)
        for fit, of_fit in enumerate(draw(st.lists(epochs, max_size=2)), start=1)
        for epoch, of_epoch in enumerate(of_fit, start=1)
        for step, of_replicas in enumerate(of_epoch)
    ]
    made = st.just(len(steps)) | st.integers(0, len(steps))
    return Training(steps, draw(st.lists(made, min_size=workers, max_size=workers)), replicas)


def together(batches):
    """Put the batches of a step together."""
    return list(itertools.chain.from_iterable(batches))


def write_worker(folder, training, worker, part=None):
    """Write the log of a worker; return the writer, not closed."""
    share = training.share(worker).joining(folder)
    writer = ExposureWriter(share.folder_in(folder), {"of": worker}, share=share)
    writer.open()
    for number, (fit, epoch, step, batches) in enumerate(training.of_worker(worker), start=1):
        lengths = np.array([len(batch) for batch in batches])
        writer.append(fit, epoch, step, lengths, np.array(together(batches), np.int64))
        if part and number % part == 0:
            writer.flush()
    return writer


def written(folder, training, part=None):
    """Write the logs of all workers to their ends, and open them as one."""
    for worker in range(len(training.made)):
        write_worker(folder, training, worker, part).close()
    return ExposureLog.read(folder)
