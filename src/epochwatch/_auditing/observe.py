"""Running `fit` over the feed with the probe, and keeping what it trained on."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from epochwatch._auditing import feed as feeding
from epochwatch._auditing.expectation import check_executions
from epochwatch._auditing.keras_loop import is_accelerated, puts_on_device
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.samples import MetSamples
from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._watching import targets
from epochwatch._watching.backends import fit_kind, keras_release, loaded_versions
from epochwatch.errors import BadInput
from epochwatch.feeds import FeedFacts

LONGER = 8  # times as long as the first batch may be any other
OWN = ("x", "y", "epochs", "steps_per_epoch", "batch_size", "verbose")


class AuditPlan(NamedTuple):
    """An audit before anything is trained: what `fit` is called with, and what is known of it.

    Attributes:
        keras: the Keras whose `fit` is run.
        feed: makes the feed anew.
        trained_feed: the one that `fit` is given.
        call: how `fit` is called.
        batch_size: of arrays, as Keras chooses it; None for its default.
        facts: what the feed says of itself.
        steps_asked: steps that an epoch is to have.
        is_indexed: whether samples are told apart by an index, or else by their content.
        rows: samples in its first batch.
    """

    keras: ModuleType
    feed: feeding.AuditedFeed
    trained_feed: Any
    call: FitCall
    batch_size: int | None
    facts: FeedFacts
    steps_asked: int
    is_indexed: bool
    rows: int

    @property
    def backend(self) -> str:
        """What `fit` runs on, "tf_keras" for Keras 2."""
        return fit_kind(self.keras)

    @property
    def on_device(self) -> bool:
        """Whether JAX has the batches on its device before the step."""
        release = keras_release(self.keras)
        return puts_on_device(self.backend, release, is_accelerated(self.backend))

    @property
    def longest_execution(self) -> int:
        """Samples that one call of the training function is to have room for."""
        return LONGER * self.rows * self.call.steps_per_execution


class ObservedTraining(NamedTuple):
    """What `fit` did.

    Attributes:
        log: every exposure.
        begun: fit and epoch of every epoch that was begun.
        samples: the samples trained.
        steps: how many were trained.
        stopped: fit and epoch of those in which a callback ended the training.
    """

    log: ExposureLog
    begun: list[tuple[int, int]]
    samples: MetSamples
    steps: int
    stopped: Collection[tuple[int, int]] = ()


class AuditWriter(ExposureWriter):
    """Takes what the probe kept: the exposures into a log, the samples into a table."""

    def __init__(self, folder: Path, metadata: dict, samples: MetSamples, progress: Callable):
        super().__init__(folder, metadata)
        self.samples = samples
        self.progress = progress
        self.steps = 0

    def append(self, fit, epoch, first_step, lengths, index, content, label) -> None:
        """Take batches of an epoch; the last three are int64 (sum of lengths,)."""
        super().append(fit, epoch, first_step, lengths, index)
        self.samples.add(np.stack([index, content, label]))
        self.steps += len(lengths)
        self.progress(len(lengths))


def plan_audit(keras, make_feed: Callable, call: FitCall, seed: int | None = None) -> AuditPlan:
    """Look at the feed, and refuse what cannot be audited before anything is trained."""
    check_options(call.options, keras.Model.fit)
    call = within_limits(keras, call)
    set_seed = functools.partial(keras.utils.set_random_seed, seed)
    seeding = () if seed is None else (set_seed,)
    audited = feeding.AuditedFeed(make_feed, call.options, *seeding)
    feed = audited.make()
    size, facts = feeding.size_and_facts(feed, call)
    check_executions(call, facts, fit_kind(keras), keras_release(keras))
    steps = feeding.steps_asked(facts, call.steps_per_epoch, audited.make)
    first = feeding.first_batch(audited.make(), size)
    feeding.check_texts(first, fit_kind(keras))
    rows = targets.samples_in(first[0]) or 0
    return AuditPlan(keras, audited, feed, call, size, facts, steps, targets.has_index(first), rows)


def within_limits(keras, call: FitCall) -> FitCall:
    """Cut a call down to what `keras.config` limits every `fit` to, as Keras does it."""
    limits = {
        name: getattr(keras.config, f"max_{name}", lambda: None)()
        for name in ("epochs", "steps_per_epoch")
        if hasattr(keras, "config")
    }
    lower = {
        name: limit
        for name, limit in limits.items()
        if limit and (getattr(call, name) is None or limit < getattr(call, name))
    }
    return dataclasses.replace(call, **lower)


def check_options(options, fit: Callable) -> None:
    """Refuse what `fit` does not take, or what the audit itself sets."""
    allowed = [name for name in inspect.signature(fit).parameters if name not in ("self", *OWN)]
    for name in options:
        if name not in allowed:
            raise BadInput(
                f"fit option: got {name!r}, allowed: {', '.join(allowed)}"
                + ("; the audit sets it itself" if name in OWN else "")
            )


def observe_training(
    plan: AuditPlan, folder: Path, progress: Callable[[int], None]
) -> ObservedTraining:
    """Run `fit` as planned, and keep its log in a folder."""
    from epochwatch._watching.probe import make_probe

    call, samples = plan.call, MetSamples()
    sink = AuditWriter(folder, metadata_of(plan), samples, progress)
    model = make_probe(
        plan.keras, sink, call.steps_per_execution, plan.longest_execution, plan.is_indexed
    )
    begun = model.epochwatch.recorder.begun
    stopped = fit_probe(plan, model)
    return ObservedTraining(ExposureLog.read(folder), begun, samples, sink.steps, stopped)


def fit_probe(plan: AuditPlan, model, **own) -> list[tuple[int, int]]:
    """Run `fit` as planned, as often as planned, with further arguments of the audit's own.

    Returns fit and epoch of those epochs in which a callback ended the training.
    """
    call, begun, stopped = plan.call, model.epochwatch.recorder.begun, []
    plan.feed.set_seed()
    for fit in range(1, call.fits + 1):
        try:
            model.fit(**arguments_of(plan), **own)
        # Up to Keras 3.14 an IndexError.
        except (ValueError, StopIteration, IndexError) as error:
            # It raised before an epoch began: the fit before it had taken the last batch.
            is_used_up = 1 < fit not in {begun_in for begun_in, _ in begun}
            if inspect.isgenerator(plan.trained_feed) and is_used_up:
                raise BadInput(
                    f"fits: got {call.fits}, but the generator was used up before fit {fit}; give "
                    "a feed that can be iterated again, or one without an end"
                ) from error
            raise
        if model.stop_training and begun:
            stopped.append(begun[-1])
    return stopped


def arguments_of(plan: AuditPlan) -> dict[str, Any]:
    call, feed = plan.call, plan.trained_feed
    parts = feed if isinstance(feed, tuple) else (feed,)
    data = dict(zip(("x", "y", "sample_weight"), parts, strict=False))
    own = {name: getattr(call, name) for name in ("epochs", "steps_per_epoch", "batch_size")}
    return {**data, **call.options, **own, "verbose": 0}


def metadata_of(plan: AuditPlan) -> dict[str, Any]:
    return {
        "feed": plan.facts.kind,
        "backend": plan.backend,
        "parameters": plan.call.as_json(),
        "versions": loaded_versions(plan.keras),
    }
