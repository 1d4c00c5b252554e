"""Observing one cell: the real `fit` on a toy feed, and what it trained on."""

import contextlib
import dataclasses
import functools
import logging
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from epochwatch import audit
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.result import AuditResult
from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.toy_feeds import ToyFeed

FIT_CALL = dataclasses.fields(FitCall)
RUNS_THAT_DIFFER = 5
LONGEST_WARNING = 200  # characters
# Of what is warned of in a run, what is about its data.
ABOUT_DATA = re.compile("ran out of data|will be ignored|steps_per_epoch|use_multiprocessing")


def observe_cell(cell: AtlasCell, feed: ToyFeed, backend: str | None = None) -> dict:
    """Run a cell, and say what was expected and observed, as in a file of the atlas.

    What several workers make is run twice, and more often where the runs differ: the other
    outcomes are kept beside the first.

    Args:
        cell: how `fit` is called.
        feed: on what.
        backend: as of `audit`: "tf_keras", or None for what `keras` is here.
    """
    once = functools.partial(observed_once, cell, feed, backend)
    first, *others = runs = [once() for _ in range(1 + feed.many_workers)]
    if any(trained_otherwise(other, first) for other in others):
        runs += [once() for _ in range(RUNS_THAT_DIFFER - len(runs))]
    differing = [other for other in runs[1:] if trained_otherwise(other, first)]
    outcomes = [{key: other[key] for key in ("trained", "raised")} for other in differing]
    return cell.as_json() | first | {"runs": len(runs), "others": outcomes}


def trained_otherwise(other: dict, first: dict) -> bool:
    """Whether two runs of a cell trained on other batches, or in another order."""
    return other["trained"] != first["trained"]


def observed_once(cell: AtlasCell, feed: ToyFeed, backend: str | None) -> dict:
    raised, report = None, None
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder, data_warnings() as warned:
        log = Path(folder) / "exposures"
        try:
            report = audited_cell(cell, feed, backend, log)
        except Exception as error:
            cause = error.__cause__ or error  # what Keras raised, not what an audit makes of it
            raised = f"{type(cause).__name__}: {cause}".partition("\n")[0]
        trained = trained_in(log, cell.call.fits)
    return {
        **stable_parts(report),
        "trained": trained,
        "warnings": sorted(warned),
        "raised": raised,
    }


def stable_parts(report: AuditResult | None) -> dict:
    """Return of an audit what a file of the atlas keeps; nothing of one that raised."""
    if report is None:
        return {"expected": None, "observed": None}
    observed = report.as_json()
    del observed["environment"]
    expected = observed.pop("expected")
    kept = {key: expected[key] for key in ("verdict", "rule", "agrees")}
    return {"expected": kept, "observed": observed}


def audited_cell(cell: AtlasCell, feed: ToyFeed, backend: str | None, log: Path) -> AuditResult:
    call = call_on_feed(cell.call, feed)
    arguments = {field.name: getattr(call, field.name) for field in FIT_CALL}
    options = arguments.pop("options")
    return audit(feed.make, log=log, backend=backend, **(arguments | options))


def call_on_feed(call: FitCall, feed: ToyFeed) -> FitCall:
    """Add to a call what a feed of its kind needs besides, such as the batch size of arrays."""
    options = dict(feed.fit_options)
    size = options.pop("batch_size", None)
    return dataclasses.replace(call, batch_size=size, options=options | call.options)


def trained_in(log: Path, fits: int) -> list[list[list[list[int]]]]:
    """Read what was trained: by fit, epoch and batch, the indices of its rows."""
    trained: list[list] = [[] for _ in range(fits)]
    with contextlib.suppress(BadInput):  # nothing was trained
        for batch in ExposureLog.read(log).batches():
            epochs = trained[batch.fit - 1]
            epochs += [[] for _ in range(batch.epoch - len(epochs))]
            epochs[-1].append(batch.index.tolist())
    return trained


@contextlib.contextmanager
def data_warnings() -> Iterator[set[str]]:
    """Collect what is warned of: by Keras 3 as warnings, by Keras 2 in a log."""
    heard: set[str] = set()

    class Listener(logging.Handler):
        def emit(self, record):
            note(record.getMessage())

    def note(text: str) -> None:
        if ABOUT_DATA.search(text):
            heard.add(" ".join(text.split())[:LONGEST_WARNING])

    listener = Listener()
    logger = logging.getLogger("tensorflow")
    logger.addHandler(listener)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield heard
        finally:
            for warning in caught:
                note(str(warning.message))
            logger.removeHandler(listener)
