"""Judging cells of the atlas again, from the batches that were trained: `fit` is not run.

What has to be known of a feed beside them, its facts and its plain passes, is asked of the
packages installed here: the toy feeds deliver the same whichever Keras `fit` belongs to.
"""

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from epochwatch._auditing import audit
from epochwatch._auditing import feed as feeding
from epochwatch._auditing.observe import AuditPlan, AuditWriter, ObservedTraining
from epochwatch._auditing.request import DISAGREES, Gate, Population
from epochwatch._auditing.result import AuditResult
from epochwatch._auditing.samples import MetSamples
from epochwatch._exposures.log import ExposureLog
from epochwatch._keras import load_keras
from epochwatch._watching import host
from epochwatch._watching.probe import identify_samples
from epochwatch_lab._atlas.cells import FIT, RESTORE, AtlasCell, call_on_feed
from epochwatch_lab._atlas.rows import begun_epochs, trained_rows
from epochwatch_lab._atlas.toy_feeds import (
    BALANCED,
    MAJORITY,
    ROWS,
    SEED,
    ToyFeed,
    items,
    rows,
    torch_loader,
    toy_feeds,
)

# What a file of the atlas keeps of an audit; what else it tells can be seen from what was trained.
KEPT = {
    "verdict": None,
    "findings": None,
    "boundaries": ("after", "verdict"),
    "steps": ("asked", "run"),
    "samples": ("population", "population_by", "trained", "never_trained", "reachable", "lost"),
    "order": None,
    "batches": ("passed_over",),
    "unmeasured": None,
}


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
    called, steps = AtlasCell.from_json(cell), cell["observed"]["steps"]
    toy = toy_feed(called, environment)
    begun = list(begun_epochs(cell["trained"], steps["run"]))
    return judged_rows(called, toy, cell["trained"], begun, keras_of(environment), steps["asked"])


def judged_rows(
    called: AtlasCell,
    toy: ToyFeed,
    trained: list,
    begun: list[tuple[int, int]],
    keras: Any,
    steps_asked: int | None = None,
) -> dict[str, Any]:
    """Judge rows that were trained as the audit does.

    Args:
        called: what was asked for.
        toy: the feed.
        trained: by fit, epoch and batch the rows.
        begun: fit and epoch of every epoch that was begun.
        keras: what `fit` was of.
        steps_asked: that an epoch is to have; None for what the call and the feed say.
    """
    set_seed(called)
    plan = recorded_plan(called, toy, keras, steps_asked)
    is_balanced = called.options.get("pipeline") in BALANCED
    # What is restored was interrupted in the last epoch that it counts.
    stopped = [(1, len(trained[0]))] if called.act == RESTORE else []
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        training = recorded_training(trained, begun, is_balanced, Path(folder))
        training = training._replace(stopped=stopped)
        result = audit.judged_training(plan, training, Gate(), None, Population())
    judged = stable_parts(result)
    return judged if called.act == FIT else without_prediction(judged)


def stable_parts(report: AuditResult | None) -> dict:
    """Return of an audit what a file of the atlas keeps; nothing of one that raised."""
    if report is None:
        return {"expected": None, "observed": None}
    told = report.as_json()
    expected = {key: told["expected"][key] for key in ("verdict", "rule", "agrees")}
    observed = {name: kept_part(told[name], keys) for name, keys in KEPT.items()}
    return {"expected": expected, "observed": observed}


def kept_part(part, keys: tuple[str, ...] | None):
    """Keep some values by their keys, of a list those of each; all of it where none are named."""
    if keys is None:
        return part
    if isinstance(part, list):
        return [kept_part(each, keys) for each in part]
    return {key: part[key] for key in keys}


def without_prediction(judged: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was predicted: no rule is about another act than `fit`."""
    observed = judged["observed"]
    found = [name for name in observed["findings"] if name != DISAGREES]
    return {"expected": None, "observed": observed | {"findings": found}}


def set_seed(called: AtlasCell) -> None:
    """Have TensorFlow draw as where the cell was observed: by a seed, or as in a new process."""
    import tensorflow as tf

    tf.random.set_seed(SEED if called.seeded else None)


@functools.cache
def feeds_here() -> dict[str, ToyFeed]:
    """Find the toy feeds that can be made here, by name."""
    return {feed.name: feed for feed in toy_feeds(load_keras())}


def toy_feed(called: AtlasCell, environment: dict) -> ToyFeed:
    """Find the feed of a cell; a Sequence of Keras 2 is a PyDataset whose `fit` has the workers."""
    feed, options = feeds_here()[called.feed_name], called.options
    if not environment["keras"].startswith("2.") or "workers" not in options:
        return feed
    alone = functools.partial(items, load_keras(), batches=feed.batches, workers=0)
    threads = {"use_multiprocessing": False} | options
    threads.pop("batches", None)
    return feed._replace(make=alone, fit_options=feed.fit_options | threads)


def recorded_plan(
    called: AtlasCell, toy: ToyFeed, keras: Any, steps_asked: int | None
) -> AuditPlan:
    """Plan the audit that a cell is judged by."""
    call = call_on_feed(called.call, toy)
    size, facts = feeding.size_and_facts(toy.make(), call)
    # Of what a filter lets through an audit looks for an end, far and here in vain.
    facts = facts._replace(endless=not toy.ends)
    # Workers of a DataLoader deliver in order, and are no processes to fork beside TensorFlow.
    plain = torch_loader_alone(toy) if toy.kind == "torch_loader" else toy
    audited = feeding.AuditedFeed(plain.make, call.options, functools.partial(set_seed, called))
    asked = steps_asked or call.steps_per_epoch or toy.batches
    return AuditPlan(keras, audited, None, call, size, facts, asked, True, ROWS)


def torch_loader_alone(toy: ToyFeed) -> ToyFeed:
    """Return a DataLoader like another one, but without workers."""
    make = functools.partial(torch_loader, **toy.options | {"workers": 0})
    return toy._replace(make=make)


def keras_of(environment: dict) -> SimpleNamespace:
    """Stand in for the Keras that a cell was observed on: what an audit reads of it."""
    backend = SimpleNamespace(backend=lambda: environment["backend"])
    return SimpleNamespace(__version__=environment["keras"], backend=backend)


def recorded_training(
    trained: list, begun: list[tuple[int, int]], is_balanced: bool, folder: Path
) -> ObservedTraining:
    """Write the log of a training that was recorded, and read it as one that was observed."""
    samples = MetSamples()
    writer = AuditWriter(folder / "exposures", {}, samples, lambda steps: None)
    writer.open()
    index = np.array(trained_rows(trained), np.int64)
    columns = identify_samples(host, rows(index, (index >= MAJORITY) & is_balanced))
    first = 0
    for fit, epoch, step, batch in numbered_batches(trained):
        of_batch = (column[first : first + len(batch)] for column in columns)
        writer.append(fit, epoch, step, np.array([len(batch)]), *of_batch)
        first += len(batch)
    writer.close()
    return ObservedTraining(ExposureLog.read(folder / "exposures"), begun, samples, writer.steps)


def numbered_batches(trained: list) -> Iterator[tuple[int, int, int, list[int]]]:
    """Number the batches of a cell: fit and epoch from 1, step from 0."""
    for fit, epochs in enumerate(trained, start=1):
        for epoch, batches in enumerate(epochs, start=1):
            for step, batch in enumerate(batches):
                yield fit, epoch, step, batch
