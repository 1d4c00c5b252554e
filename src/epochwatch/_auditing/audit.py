"""Audit a feed: what `fit` really trains on, before anything has learned from it."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

from epochwatch._auditing import feed as feeding
from epochwatch._auditing.counting import Stream, counted, streams_of
from epochwatch._auditing.expectation import Expectation, expect, shuffled_by_fit
from epochwatch._auditing.findings import FINDINGS
from epochwatch._auditing.observe import check_options, keras_for, observe
from epochwatch._auditing.passes import Passes
from epochwatch._auditing.report import Report
from epochwatch._auditing.request import Request, check, check_executions, spoken
from epochwatch._auditing.samples import Samples
from epochwatch._exposures.verdict import judge
from epochwatch._watching.backends import fit_kind, keras_release, loaded_versions
from epochwatch.errors import BadInput

LONGEST_PASS = 1_000_000  # batches; a longer one is not gone through to count its samples


def audit(
    make_feed: Callable,
    *,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    steps_per_execution: int = 1,
    fits: int = 1,
    batch_size: int | None = None,
    backend: str | None = None,
    streams: Mapping | None = None,
    log: str | Path | None = None,
    min_coverage: float | None = None,
    fail_on: tuple[str, ...] = FINDINGS,
    progress: Callable[[int], None] | None = None,
    **fit_options,
) -> Report:
    """Run the backend's own `fit` over a feed with a model that learns nothing.

    Samples are told apart by their index where the targets have one
    (`{"label": …, "index": …}`), or else by their content: any feed is audited as it is.

    Args:
        make_feed: returns a new feed at each call: anything `fit` accepts, arrays as a tuple
            `(x, y[, sample_weight])`.
        steps_per_epoch: as of `fit`; None for one pass of the feed an epoch.
        epochs: as of `fit`.
        steps_per_execution: as of `compile`.
        fits: how often `fit` is called with the same feed.
        batch_size: of arrays, as of `fit`.
        backend: "tensorflow", "jax", "torch", or "tf_keras" (Keras 2); None for the backend
            that Keras runs on.
        streams: by name, the indices of a stream, int64 (samples,). None for the classes, if
            the labels are a few whole numbers.
        log: folder that keeps the exposure log; None keeps none.
        min_coverage: share of every stream that must have been trained, from 0 to 1.
        fail_on: what counts as a finding; of `findings.FAIL_ON`.
        progress: called with steps trained since the last call.
        fit_options: further arguments of `fit`: `shuffle`, `validation_data`, `callbacks` …

    Returns:
        The report; printed, it is a table.

    Raises:
        BadInput: `make_feed` or an argument cannot be used.

    Example:
        >>> x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
        >>> report = audit(lambda: (x, y), batch_size=4, steps_per_epoch=2, epochs=2,
        ...                shuffle=False)
        >>> report.verdict, report.whole.trained, report.whole.samples
        ('resumes', 16, 20)
    """
    request = Request(
        epochs, steps_per_epoch, steps_per_execution, fits, batch_size, dict(fit_options)
    )
    check(request, min_coverage, fail_on)
    keras = keras_for(backend)
    check_options(fit_options, keras.Model.fit)
    audited = feeding.AuditedFeed(make_feed, fit_options)
    with folder_for(log) as folder:
        return run(
            keras, audited, request, folder, streams, min_coverage, fail_on, progress or _silent
        )


def assert_sound(make_feed: Callable, **options) -> Report:
    """Audit a feed in a test suite.

    Args:
        make_feed: as of `audit`.
        options: those of `audit`.

    Returns:
        The report.

    Raises:
        AssertionError: there are findings; its text is the report.
        BadInput: as of `audit`.

    Example:
        >>> x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
        >>> assert_sound(lambda: (x, y), epochs=2, min_coverage=1.0).findings
        []
    """
    report = audit(make_feed, **options)
    if not report.sound:
        raise AssertionError(f"\n{report}")
    return report


def explain(
    feed,
    *,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    steps_per_execution: int = 1,
    fits: int = 1,
    batch_size: int | None = None,
    backend: str | None = None,
    **fit_options,
) -> Expectation:
    """Say what to expect of `fit` on a feed, and why, without taking a batch from it.

    All arguments but the feed itself are those of `audit`. The feed's own order is taken for
    fixed, and a feed whose end is not known for endless.

    Returns:
        The expectation: `.verdict`, and `.rule` with its reason and where it is written.

    Raises:
        BadInput: an argument cannot be used, or steps_per_epoch is needed.

    Example:
        >>> x, y = np.zeros((20, 2)), np.zeros(20)
        >>> explain((x, y), batch_size=4, epochs=3).rule.name
        'fit shuffles'
    """
    request = Request(
        epochs, steps_per_epoch, steps_per_execution, fits, batch_size, dict(fit_options)
    )
    check(request, None, FINDINGS)
    _, facts = feeding.described(feed, request)
    if not (steps_per_epoch or facts.length):
        raise BadInput(
            f"steps_per_epoch: got None for a {facts.kind} whose end is not known, allowed: 1 or "
            "more; an audit goes through it to see"
        )
    keras = keras_for(backend)
    backend = fit_kind(keras)
    check_executions(request, facts, backend)
    return expect(facts, request, backend, keras_release(keras))


def run(keras, audited, request, folder, streams, min_coverage, fail_on, progress) -> Report:
    """Make the passes and the fit, and put the report together; see `audit`."""
    feed = audited.make()
    size, facts = feeding.described(feed, request)
    backend = fit_kind(keras)
    check_executions(request, facts, backend)
    asked = feeding.steps_asked(facts, request.steps_per_epoch, audited.make)
    indexed = feeding.is_indexed(audited.make(), size)
    if streams is not None and not indexed:
        raise BadInput(
            "streams: got indices, but the feed's targets have none, allowed: targets as "
            '{"label": …, "index": …}'
        )
    samples = Samples()
    metadata = {"feed": facts.kind, "backend": backend, "parameters": spoken(request)}
    log, begun = observe(
        keras, feed, request, folder, samples, indexed=indexed, progress=progress,
        metadata=metadata | {"versions": loaded_versions(keras)},
    )  # fmt: skip
    passes = Passes(audited, samples, size)
    judged = judge(
        log.batches(), passes, asked, can_be_iterated_again=facts.can_be_iterated_again,
        begun=begun, shuffled=shuffled_by_fit(facts, request),
    )  # fmt: skip
    if facts.length is not None and facts.length <= LONGEST_PASS:
        passes.go_on(facts.length)
    elif not facts.endless:
        passes.go_on(asked * request.epochs * request.fits)  # as far as the run could have gone
    expected = expect(
        facts, request, backend, keras_release(keras), found_length=passes.length,
        fixed_order=judged.fixed_order, own_order=passes.digests,
    )  # fmt: skip
    counts = log.counts()
    everything = passes.population() or Stream(counts.index, whole=False)
    met = passes.own if everything.whole else samples
    named = streams_of(streams, met, whole=everything.whole)
    by_name = counted(log, counts, judged.steps_run, {None: everything} | named)
    whole = by_name.pop(None)
    return Report(
        judged=judged,
        whole=whole,
        streams=by_name,
        identified_by="index" if indexed else "content",
        rows=passes.rows if everything.whole else None,
        strangers=len(np.setdiff1d(counts.index, everything.members)),
        conflicts=samples.conflicts if indexed and not passes.content_varies() else 0,
        passed_over=judged.passed_over(passes.length),
        expected=expected,
        environment=loaded_versions(keras) | {"backend": backend},
        minimum_coverage=min_coverage,
        fail_on=tuple(fail_on),
        length=passes.length,
    )


@contextlib.contextmanager
def folder_for(log: str | Path | None) -> Iterator[Path]:
    """Provide the folder of the log: the user's, or one for the time being."""
    if log is not None:
        yield Path(log)
        return
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        yield Path(folder) / "exposures"


def _silent(steps: int) -> None:
    """Report no progress."""
