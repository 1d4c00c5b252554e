"""Running `fit` over the feed with the probe, and keeping what it trained on."""

import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from epochwatch._auditing import feed as feeding
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.samples import MetSamples
from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._watching.backends import fit_kind, loaded_versions
from epochwatch.errors import BadInput
from epochwatch.feeds import FeedFacts

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
    """

    keras: ModuleType
    feed: feeding.AuditedFeed
    trained_feed: Any
    call: FitCall
    batch_size: int | None
    facts: FeedFacts
    steps_asked: int
    is_indexed: bool

    @property
    def backend(self) -> str:
        """What `fit` runs on, "tf_keras" for Keras 2."""
        return fit_kind(self.keras)


class ObservedTraining(NamedTuple):
    """What `fit` did.

    Attributes:
        log: every exposure.
        begun: fit and epoch of every epoch that was begun.
        samples: the samples trained.
    """

    log: ExposureLog
    begun: list[tuple[int, int]]
    samples: MetSamples


class AuditWriter(ExposureWriter):
    """Takes what the probe kept: the exposures into a log, the samples into a table."""

    def __init__(self, folder: Path, metadata: dict, samples: MetSamples, progress: Callable):
        super().__init__(folder, metadata)
        self.samples = samples
        self.progress = progress

    def append(self, fit, epoch, first_step, lengths, index, content, label) -> None:
        """Take batches of an epoch; the last three are int64 (sum of lengths,)."""
        super().append(fit, epoch, first_step, lengths, index)
        self.samples.add(np.stack([index, content, label]))
        self.progress(len(lengths))


def plan_audit(keras, make_feed: Callable, call: FitCall) -> AuditPlan:
    """Look at the feed, and refuse what cannot be audited before anything is trained."""
    check_options(call.options, keras.Model.fit)
    audited = feeding.AuditedFeed(make_feed, call.options)
    feed = audited.make()
    size, facts = feeding.size_and_facts(feed, call)
    feeding.check_executions(call, facts, fit_kind(keras))
    steps = feeding.steps_asked(facts, call.steps_per_epoch, audited.make)
    is_indexed = feeding.is_indexed(audited.make(), size)
    return AuditPlan(keras, audited, feed, call, size, facts, steps, is_indexed)


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
    model = make_probe(plan.keras, sink, call.steps_per_execution, weighs=plan.is_indexed)
    begun = model.epochwatch.recorder.begun
    for fit in range(1, call.fits + 1):
        try:
            model.fit(**arguments_of(plan))
        except (ValueError, StopIteration) as error:
            # It raised before an epoch began: the fit before it had taken the last batch.
            is_used_up = 1 < fit not in {begun_in for begun_in, _ in begun}
            if inspect.isgenerator(plan.trained_feed) and is_used_up:
                raise BadInput(
                    f"fits: got {call.fits}, but fit {fit} found the generator used up and "
                    "raised; give a feed that can be iterated again, or has no end"
                ) from error
            raise
    return ObservedTraining(ExposureLog.read(folder), begun, samples)


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
