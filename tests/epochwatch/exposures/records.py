"""Records to write and to compare with: plain lists of (fit, epoch, step, [indices])."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch._exposures.writer import ExposureWriter

# Few values, so that records share some; the ends of int64, because indices are exact there.
INDEX = st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)
BATCH = st.lists(INDEX, min_size=1, max_size=5)
EPOCH = st.lists(BATCH, min_size=1, max_size=4)
FIT = st.lists(EPOCH, min_size=1, max_size=3)

in_a_folder = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def numbered(fits):
    """Number nested lists: fits of epochs of batches of indices."""
    return [
        (fit, epoch, step, batch)
        for fit, epochs in enumerate(fits, start=1)
        for epoch, batches in enumerate(epochs, start=1)
        for step, batch in enumerate(batches)
    ]


RECORDS = st.lists(FIT, max_size=3).map(numbered)


def write(folder, record, part=None, metadata=None):
    """Write a record, a batch an append; return the writer, not closed.

    Args:
        folder: of the new log.
        record: the batches.
        part: flush after this many batches; None flushes nothing.
        metadata: of the log.
    """
    writer = ExposureWriter(folder, metadata)
    writer.open()
    for number, (fit, epoch, step, batch) in enumerate(record, start=1):
        writer.append(fit, epoch, step, np.array([len(batch)]), np.array(batch, np.int64))
        if part and number % part == 0:
            writer.flush()
    return writer


def written(folder, record, part=None):
    """Write a record to its end, and open it."""
    write(folder, record, part).close()
    return ExposureLog.read(folder)


def on_disk(writer):
    """Wait until a writer's thread has written all that it was given."""
    writer._behind.wait()


def read_back(batches):
    """Turn trained batches into a record."""
    return [(*batch[:3], batch.index.tolist()) for batch in batches]


def rows(record):
    """List the exposures: (fit, epoch, step, index)."""
    return [(*place, index) for *place, batch in record for index in batch]
