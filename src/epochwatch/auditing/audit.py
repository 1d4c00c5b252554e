"""Audit a feed: what `fit` really trains on, before anything has learned from it."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from epochwatch import feeds
from epochwatch.auditing import feed as feeding
from epochwatch.auditing.expectation import Expectation, expect, shuffled_by_fit
from epochwatch.auditing.observe import check_options, keras_for, observe
from epochwatch.auditing.report import (
    FAIL_ON,
    FINDINGS,
    Report,
    Stream,
    counts_of,
    passed_over,
)
from epochwatch.auditing.request import Request
from epochwatch.auditing.samples import Samples
from epochwatch.errors import BadInput
from epochwatch.exposures.counts import Counts
from epochwatch.exposures.log import ExposureLog
from epochwatch.exposures.verdict import digest, judge
from epochwatch.watching.backends import flavour, versions
from epochwatch.watching.fingerprint import NO_LABEL

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
        fail_on: what counts as a finding; of `report.FAIL_ON`.
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

    Args:
        feed: anything `fit` accepts; arrays as a tuple. Its own order is taken for fixed,
            and a feed whose end is not known for endless.
        steps_per_epoch: as of `fit`.
        epochs: as of `fit`.
        steps_per_execution: as of `compile`.
        fits: how often `fit` is called with the same feed.
        batch_size: of arrays.
        backend: as of `audit`.
        fit_options: further arguments of `fit`.

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
    feed = feeding.training_part(feed, fit_options)
    size = feeding.batch_size_of(feed, batch_size, steps_per_epoch)
    facts = feeds.describe(feed, size)
    if not (steps_per_epoch or facts.length):
        raise BadInput(
            f"steps_per_epoch: got None for a {facts.kind} whose end is not known, allowed: 1 or "
            "more; an audit goes through it to see"
        )
    backend = flavour(keras_for(backend))
    check_executions(request, facts, backend)
    return expect(facts, request, backend)


def run(keras, audited, request, folder, streams, min_coverage, fail_on, progress) -> Report:
    """Make the passes and the fit, and put the report together; see `audit`."""
    feed = audited.make()
    part = feeding.training_part(feed, request.options)
    size = feeding.batch_size_of(part, request.batch_size, request.steps_per_epoch)
    facts = feeds.describe(part, size)
    backend = flavour(keras)
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
        metadata=metadata | {"versions": versions(keras)},
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
        facts, request, backend, found_length=passes.length, fixed_order=judged.fixed_order,
        own_order=passes.digests,
    )  # fmt: skip
    counts = log.counts()
    everything = passes.population() or Stream(counts.index, whole=False)
    met = passes.own if everything.whole else samples
    named = streams_of(streams, met, whole=everything.whole)
    trained = Trained(log, counts, judged.steps_run)
    return Report(
        judged=judged,
        whole=trained.counted({"all": everything})["all"],
        streams=trained.counted(named),
        identified_by="index" if indexed else "content",
        rows=passes.rows if everything.whole else None,
        strangers=len(np.setdiff1d(counts.index, everything.members)),
        conflicts=samples.conflicts if indexed and not passes.content_varies() else 0,
        passed_over=passed_over(judged, passes.length),
        expected=expected,
        environment=versions(keras) | {"backend": backend},
        minimum_coverage=min_coverage,
        fail_on=tuple(fail_on),
        length=passes.length,
    )


class Passes:
    """Plain passes over the feed; the first is what its population is counted by.

    Args:
        audited: the feed.
        samples: takes in the samples met.
        batch_size: of arrays.
    """

    def __init__(self, audited, samples: Samples, batch_size: int | None):
        self.audited = audited
        self.samples = samples
        self.batch_size = batch_size
        self.first: Iterator[np.ndarray] | None = None
        self.own, self.others = Samples(), Samples()
        self.rows = 0
        self.batches = 0
        self.digests: list[int] = []
        self.length: int | None = None

    def __call__(self) -> Iterator[np.ndarray]:
        """Begin a pass: the identities of each batch."""
        columns = feeding.identities(self.audited.make_part(), self.batch_size)
        if self.first is None:
            self.first = self.tallied(columns)
            return self.first
        return self.compared(columns)

    def tallied(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Count the first pass as it goes."""
        for batch in columns:
            self.own.add(batch)
            self.samples.add(batch)
            self.rows += batch.shape[1]
            self.batches += 1
            self.digests.append(digest(batch[0]))
            yield batch[0]
        self.length = self.batches

    def compared(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Note the samples of another pass, to compare them with those of the first."""
        for batch in columns:
            self.others.add(batch)
            yield batch[0]

    def content_varies(self) -> bool:
        """Say whether most samples have another content in another pass, as if augmented."""
        self.own.merge()
        self.others.merge()
        _, own, other = np.intersect1d(
            self.own.identity, self.others.identity, assume_unique=True, return_indices=True
        )
        varied = self.own.content[own] != self.others.content[other]
        return 2 * np.count_nonzero(varied) > len(varied)

    def go_on(self, batches: int) -> None:
        """Go on with the first pass, to its end if that comes with so many batches."""
        while self.length is None and self.batches <= batches:
            next(self.first, None)

    def population(self) -> Stream | None:
        """Return the samples of one pass; None where it has not ended."""
        self.own.merge()
        return None if self.length is None else Stream(self.own.identity, whole=True)


def streams_of(streams: Mapping | None, samples: Samples, *, whole: bool) -> dict[str, Stream]:
    """Name the streams to count: those that were given, or else the classes."""
    if streams is None:
        classes = samples.streams(NO_LABEL)
        return {name: Stream(members, whole) for name, members in classes.items()}
    if not isinstance(streams, Mapping):
        raise BadInput(
            f"streams: got {type(streams).__name__}, allowed: a dictionary, by name the int64 "
            "indices of a stream's samples"
        )
    return {
        str(name): Stream(np.unique(np.asarray(members)), whole=True)
        for name, members in streams.items()
    }


class Trained(NamedTuple):
    """What a run trained.

    Attributes:
        log: of it.
        counts: of all its exposures.
        steps_run: steps of each epoch that was begun, those without one among them.
    """

    log: ExposureLog
    counts: Counts
    steps_run: tuple[int, ...]

    def counted(self, streams: dict[str, Stream]) -> dict:
        """Count what was trained of each stream; by name, `StreamCounts`."""
        whole = {name: stream.members for name, stream in streams.items() if stream.whole}
        shares = self.log.coverage(whole) if whole else {}
        # An epoch that trained nothing has left no batch, and covers what the one before did.
        epoch = np.cumsum(np.array(self.steps_run, int) > 0)
        coverage = {name: np.append(0.0, share)[epoch] for name, share in shares.items()}
        return {
            name: counts_of(self.counts, stream, coverage.get(name))
            for name, stream in streams.items()
        }


@contextlib.contextmanager
def folder_for(log: str | Path | None) -> Iterator[Path]:
    """Provide the folder of the log: the user's, or one for the time being."""
    if log is not None:
        yield Path(log)
        return
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder:
        yield Path(folder) / "exposures"


def check(request: Request, min_coverage: float | None, fail_on) -> None:
    """Refuse what cannot be asked for."""
    for name in ("steps_per_epoch", "epochs", "steps_per_execution", "fits", "batch_size"):
        value = getattr(request, name)
        optional = name in ("steps_per_epoch", "batch_size")
        if value is None and optional:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise BadInput(f"{name}: got {value!r}, allowed: an integer of 1 or more")
    check_initial_epoch(request)
    is_share = isinstance(min_coverage, (int, float, np.number)) and 0 <= min_coverage <= 1
    if min_coverage is not None and not is_share:
        raise BadInput(f"min_coverage: got {min_coverage!r}, allowed: a share from 0 to 1")
    names = [fail_on] if isinstance(fail_on, str) else fail_on
    if names is not fail_on and fail_on in FAIL_ON:
        raise BadInput(f"fail_on: got the text {fail_on!r}, allowed: a tuple, ({fail_on!r},)")
    unknown = [name for name in names if name not in FAIL_ON]
    if unknown:
        raise BadInput(f"fail_on: got {unknown[0]!r}, allowed: {', '.join(FAIL_ON)}")


def check_initial_epoch(request: Request) -> None:
    """Refuse a fit that would have no epoch."""
    first = request.options.get("initial_epoch", 0)
    if isinstance(first, bool) or not isinstance(first, (int, np.integer)) or first < 0:
        raise BadInput(f"initial_epoch: got {first!r}, allowed: an integer of 0 or more")
    if first >= request.epochs:
        raise BadInput(
            f"initial_epoch: got {first}, allowed: less than epochs, which is {request.epochs}"
        )


def check_executions(request: Request, facts: feeds.FeedFacts, backend: str) -> None:
    """Refuse a `steps_per_execution` that Keras does not have."""
    got = f"steps_per_execution: got {request.steps_per_execution}"
    if request.steps_per_execution > 1 and backend == "torch":
        raise BadInput(f"{got}, allowed on torch: 1; Keras makes single steps there")
    known = request.steps_per_epoch or facts.length
    if request.steps_per_execution > 1 and backend == "tf_keras" and not known:
        raise BadInput(
            f"{got} for a {facts.kind} whose length Keras 2 does not know, allowed: 1, or give "
            "steps_per_epoch"
        )


def spoken(request: Request) -> dict:
    """Write a request for JSON: options that are no plain values by their type."""
    plain = (str, int, float, bool, type(None))
    options = {
        name: value if isinstance(value, plain) else type(value).__name__
        for name, value in request.options.items()
    }
    asked = {name: getattr(request, name) for name in ("epochs", "steps_per_epoch", "fits")}
    return asked | {"steps_per_execution": request.steps_per_execution} | options


def _silent(steps: int) -> None:
    """Report no progress."""
