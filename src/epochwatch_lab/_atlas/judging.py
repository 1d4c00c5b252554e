"""Judging cells of the atlas again, from the batches that were trained: `fit` is not run.

What has to be known of a feed beside them, its facts and its plain passes, is asked of the
packages installed here: the toy feeds deliver the same whichever Keras `fit` belongs to.
"""

import functools
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from epochwatch._auditing import audit
from epochwatch._auditing import feed as feeding
from epochwatch._auditing.observe import AuditPlan, AuditWriter, ObservedTraining
from epochwatch._auditing.request import Gate, Population
from epochwatch._auditing.samples import MetSamples
from epochwatch._exposures.log import ExposureLog
from epochwatch._keras import load_keras
from epochwatch._watching import host
from epochwatch._watching.probe import identify_samples
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.observation import call_on_feed, stable_parts
from epochwatch_lab._atlas.rows import trained_rows
from epochwatch_lab._atlas.toy_feeds import (
    BALANCED,
    MAJORITY,
    ROWS,
    ToyFeed,
    name_of,
    rows,
    toy_feeds,
)


def judged_again(cell: dict, environment: dict) -> dict[str, Any]:
    """Judge a cell as the audit does, from what it trained.

    Args:
        cell: as in a file of the atlas.
        environment: of that file.

    Returns:
        Its `expected` and `observed`; as they are where `fit` did not end well.

    Raises:
        KeyError: no such feed can be made here, for want of a package.
    """
    if cell["observed"] is None:
        return {"expected": cell["expected"], "observed": None}
    called = AtlasCell.from_json(cell)
    plan = recorded_plan(called, cell["observed"]["steps"]["asked"], environment)
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        training = recorded_training(cell, Path(folder))
        return stable_parts(audit.judged_training(plan, training, Gate(), None, Population()))


@functools.cache
def feeds_here() -> dict[str, ToyFeed]:
    """Find the toy feeds that can be made here, by name."""
    return {feed.name: feed for feed in toy_feeds(load_keras())}


def toy_feed(called: AtlasCell, environment: dict) -> ToyFeed:
    """Find the feed of a cell; a Sequence of Keras 2 is a PyDataset whose `fit` has the workers."""
    options = called.options
    if not environment["keras"].startswith("2.") or "workers" not in options:
        return feeds_here()[called.feed_name]
    feed = feeds_here()[name_of(called.feed, {"workers": 0})]
    threads = {"workers": options["workers"], "use_multiprocessing": len(options) > 1}
    return feed._replace(fit_options=feed.fit_options | threads)


def recorded_plan(called: AtlasCell, steps_asked: int, environment: dict) -> AuditPlan:
    """Plan the audit that a cell was observed by."""
    toy = toy_feed(called, environment)
    call = call_on_feed(called.call, toy)
    size, facts = feeding.size_and_facts(toy.make(), call)
    # Of what a filter lets through an audit looks for an end, far and here in vain.
    facts = facts._replace(endless=not toy.ends)
    # Workers of a DataLoader deliver in order, and are no processes to fork beside TensorFlow.
    plain = feeds_here()[name_of(toy.kind, {"workers": 0})] if toy.kind == "torch_loader" else toy
    audited = feeding.AuditedFeed(plain.make, call.options)
    keras = keras_of(environment)
    return AuditPlan(keras, audited, None, call, size, facts, steps_asked, True, ROWS)


def keras_of(environment: dict) -> SimpleNamespace:
    """Stand in for the Keras that a cell was observed on: what an audit reads of it."""
    backend = SimpleNamespace(backend=lambda: environment["backend"])
    return SimpleNamespace(__version__=environment["keras"], backend=backend)


def recorded_training(cell: dict, folder: Path) -> ObservedTraining:
    """Write the log of a training that was recorded, and read it as one that was observed."""
    samples = MetSamples()
    writer = AuditWriter(folder / "exposures", {}, samples, lambda steps: None)
    writer.open()
    index = np.array(trained_rows(cell["trained"]), np.int64)
    is_balanced = cell["options"].get("pipeline") in BALANCED
    columns = identify_samples(host, rows(index, (index >= MAJORITY) & is_balanced))
    first = 0
    for fit, epoch, step, batch in numbered_batches(cell["trained"]):
        of_batch = (column[first : first + len(batch)] for column in columns)
        writer.append(fit, epoch, step, np.array([len(batch)]), *of_batch)
        first += len(batch)
    writer.close()
    begun = list(begun_epochs(cell["trained"], cell["observed"]["steps"]["run"]))
    return ObservedTraining(ExposureLog.read(folder / "exposures"), begun, samples, writer.steps)


def numbered_batches(trained: list) -> Iterator[tuple[int, int, int, list[int]]]:
    """Number the batches of a cell: fit and epoch from 1, step from 0."""
    for fit, epochs in enumerate(trained, start=1):
        for epoch, batches in enumerate(epochs, start=1):
            for step, batch in enumerate(batches):
                yield fit, epoch, step, batch


def begun_epochs(trained: list, steps_run: list[int]) -> Iterator[tuple[int, int]]:
    """Find fit and epoch of every epoch that was begun, from the steps of each in turn.

    Example:
        >>> list(begun_epochs([[[[0, 1]]], [[[0, 1]]]], [1, 0, 1]))
        [(1, 1), (1, 2), (2, 1)]
    """
    left = list(steps_run)
    for fit, epochs in enumerate(trained, start=1):
        # Epochs without a step at a fit's end are not among those that trained something.
        ended = itertools.takewhile(lambda steps: steps == 0, left[len(epochs) :])
        begun = len(epochs) + len(list(ended))
        yield from ((fit, epoch) for epoch in range(1, begun + 1))
        left = left[begun:]
