"""Audit a feed: what `fit` really trains on, before anything has learned from it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from epochwatch._auditing.keras_door import keras_for
from epochwatch._auditing.request import (
    FINDINGS,
    FitCall,
    Gate,
    Population,
    check_looked_for,
    kills_asked,
)
from epochwatch._checks import whole_number

if TYPE_CHECKING:
    from epochwatch._report.report import Report, ShownExpectation

# What follows the choice of a backend is imported in the functions: it imports Keras, which
# then would have made the choice itself.


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
    population: int | Mapping | None = None,
    seed: int | None = None,
    log: str | Path | None = None,
    min_coverage: float | None = None,
    fail_on: tuple[str, ...] = FINDINGS,
    progress: Callable[[int], None] | None = None,
    resume: bool = False,
    kills: int | None = None,
    **fit_options,
) -> "Report":
    """Run the backend's own `fit` over a feed with a model that learns nothing.

    Samples are identified by their index if the targets have one
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
        population: how many samples a feed without an end has: a number, or a number by the
            name of each stream.
        seed: for `keras.utils.set_random_seed` before each feed is made and before the first
            `fit`, as in your script; None leaves all seeds as they are. It stays set in the
            process afterwards, as in a script.
        log: folder that keeps the exposure log; None keeps none.
        min_coverage: share of every stream that must have been trained, from 0 to 1.
        fail_on: what counts as a finding: of "restarts", "skips", "replays", "runs dry",
            "overruns", "loses", "alike", "unmeasured", "disagrees", "passed over",
            "index conflict", "coverage", "not resumable" (these by default), "reshuffles" and
            "never trained". The command looks for more with `--workers`.
        progress: called with steps trained since the last call.
        resume: whether `fit` is also killed and resumed, as a `resumable` model's: does it go on
            with the samples that it would have trained?
        kills: with `resume`, after how many steps at most; None for 50. Of a longer training
            those next to an epoch's end are among them.
        fit_options: further arguments of `fit`: `shuffle`, `validation_data`, `callbacks` …

    Returns:
        The report; printed, it is a table.

    Raises:
        BadInput: `make_feed` or an argument cannot be used.

    Example:
        >>> import numpy as np
        >>> x, y = np.arange(40.0).reshape(20, 2), np.arange(20) % 2
        >>> report = audit(lambda: (x, y), batch_size=4, steps_per_epoch=2, epochs=2,
        ...                shuffle=False)
        >>> report.verdict, report.whole.trained, report.whole.samples
        ('resumes', 16, 20)
    """
    call = FitCall(
        steps_per_epoch, steps_per_execution, epochs, fits, batch_size, dict(fit_options)
    )
    gate = Gate(fail_on, min_coverage)
    population = Population.from_argument(population)
    kills = kills_asked(resume, kills, gate)
    check_looked_for(gate, with_workers=False)
    if seed is not None:
        whole_number("seed", seed, low=0)
    keras = keras_for(backend)
    from epochwatch._auditing.audit import run_audit
    from epochwatch._report.report import Report

    result = run_audit(
        keras,
        make_feed,
        call,
        gate=gate,
        streams=streams,
        population=population,
        seed=seed,
        log=log,
        progress=progress,
        kills=kills,
    )
    return Report.showing(result)


def assert_sound(make_feed: Callable, **options) -> "Report":
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
        >>> import numpy as np
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
    epochs: int | None = None,
    steps_per_execution: int = 1,
    fits: int = 1,
    batch_size: int | None = None,
    backend: str | None = None,
    **options,
) -> "ShownExpectation":
    """Predict what `fit` does to a feed, and why, without taking a batch from it.

    Whether the feed shuffles itself is told by what it is made of; of a generator it is assumed
    that it does not. Of a feed that does not tell its length it is said what happens as long as
    it does not end, with that condition as `.provided`.

    Of a feed that you do not have at hand its kind is enough; then Keras is not imported.

    Args:
        feed: anything `fit` accepts, arrays as a tuple; or a kind of feed, one of "tf_data",
            "generator", "py_dataset", "arrays", "torch_loader", "grain_loader".
        steps_per_epoch: as of `audit`, like all that follow.
        epochs: as of `fit`; None for 1, and of a kind of feed for 5, or 2 in each of several
            fits.
        steps_per_execution: as of `compile`.
        fits: how often `fit` is called with the same feed.
        batch_size: of arrays, as of `fit`.
        backend: whose `fit`; None for the backend that Keras runs on.
        options: further arguments of `fit`. Of a kind of feed also `batches` (in a pass, or
            "endless"; None for 10, and for a generator "endless"), `uncounted` (whether it does
            not tell Keras how many they are), `shuffles` (whether it has another order in each
            pass), `workers`, `seeded` (whether `set_random_seed` was called) and `keras` (a
            version, such as "3.12"; None for the one installed).

    Returns:
        The expectation: `.verdict`, `.alike`, and `.rule` with its reason and where it is
        written; `.places` has the batches of the first epochs, by fit and epoch, where they
        are known. Printed, it is a few lines.

    Raises:
        BadInput: an argument cannot be used, or steps_per_epoch is needed.

    Example:
        >>> import numpy as np
        >>> x, y = np.zeros((20, 2)), np.zeros(20)
        >>> explain((x, y), batch_size=4, epochs=3).rule.name
        'fit shuffles'
        >>> explain("generator", steps_per_epoch=3, backend="jax", keras="3.12").places[1, 2]
        [3, 4, 5]
    """
    from epochwatch._auditing.feed_kind import expect_kind, usual_epochs
    from epochwatch._report.report import ShownExpectation

    is_kind = isinstance(feed, str)
    if epochs is None:
        epochs = usual_epochs(fits) if is_kind else 1
    call = FitCall(steps_per_epoch, steps_per_execution, epochs, fits, batch_size, options)
    if is_kind:
        return ShownExpectation(*expect_kind(feed, call, backend))
    keras = keras_for(backend)
    from epochwatch._auditing.audit import expect_feed

    return ShownExpectation(*expect_feed(keras, feed, call))
