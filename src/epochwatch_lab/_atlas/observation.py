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
from types import ModuleType

from epochwatch import audit
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.result import AuditResult
from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.acts import ACTS
from epochwatch_lab._atlas.cells import FIT, AtlasCell, call_on_feed
from epochwatch_lab._atlas.files import BY_EPOCH, BY_FIT, LONGEST_WARNING
from epochwatch_lab._atlas.judging import stable_parts
from epochwatch_lab._atlas.toy_feeds import BATCHES, SEED, ToyFeed

FIT_CALL = dataclasses.fields(FitCall)
RUNS_THAT_DIFFER = 5
# Of what is warned of in a run, what is about its data.
ABOUT_DATA = re.compile("ran out of data|will be ignored|steps_per_epoch|use_multiprocessing")


def observe_cell(cell: AtlasCell, feed: ToyFeed, keras: ModuleType) -> dict:
    """Run a cell, and say what was expected and observed, as in a file of the atlas.

    What several workers make is run twice, and more often where the runs differ or the feed is
    long: the other outcomes are kept beside the first.

    Args:
        cell: how `fit` is called, or what else is done.
        feed: on what.
        keras: the module `keras`, or `tf_keras`.
    """
    once = functools.partial(observed_once if cell.act == FIT else acted_once, cell, feed, keras)
    first, *others = runs = [once() for _ in range(1 + feed.many_workers)]
    is_long = feed.many_workers and feed.batches > BATCHES
    if is_long or any(batches_in(other) != batches_in(first) for other in others):
        runs += [once() for _ in range(RUNS_THAT_DIFFER - len(runs))]
    differing = [other for other in runs[1:] if batches_in(other) != batches_in(first)]
    outcomes = [outcome_of(other) for other in differing]
    return cell.as_json() | first | {"runs": len(runs), "others": outcomes}


def batches_in(run: dict) -> dict:
    """Find the batches of a run, by what was done with them."""
    return {name: run[name] for name in (*BY_FIT, *BY_EPOCH) if name in run}


def outcome_of(run: dict) -> dict:
    """Keep of a further run its batches, what was lost, and what was raised."""
    lost = run["observed"] and run["observed"]["samples"]["lost"]
    return batches_in(run) | {"lost": lost, "raised": run["raised"]}


def acted_once(cell: AtlasCell, feed: ToyFeed, keras: ModuleType) -> dict:
    """Do with a feed what is asked, beside `fit`."""
    seen = {"expected": None, "observed": None, "trained": [], "raised": None}
    with data_warnings() as warned:
        try:
            if cell.seeded:
                keras.utils.set_random_seed(SEED)
            seen |= ACTS[cell.act].observe(cell, feed, keras)
        except Exception as error:
            seen["raised"] = said_by(error)
    return seen | {"warnings": sorted(warned)}


def said_by(error: Exception) -> str:
    """Write in a line what Keras raised.

    Raises:
        ImportError: the environment lacks a package, so that nothing of Keras was observed.
    """
    if isinstance(error, ImportError):
        raise error
    return f"{type(error).__name__}: {error}".partition("\n")[0]


def observed_once(cell: AtlasCell, feed: ToyFeed, keras: ModuleType) -> dict:
    backend = "tf_keras" if keras.__name__ == "tf_keras" else None
    raised, report = None, None
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder, data_warnings() as warned:
        log = Path(folder) / "exposures"
        try:
            report = audited_cell(cell, feed, backend, log)
        except Exception as error:
            # What Keras raised, not what an audit makes of it.
            raised = said_by(error.__cause__ or error)
        trained = trained_in(log, cell.call.fits)
    return {
        **stable_parts(report),
        "trained": trained,
        "warnings": sorted(warned),
        "raised": raised,
    }


def audited_cell(cell: AtlasCell, feed: ToyFeed, backend: str | None, log: Path) -> AuditResult:
    call = call_on_feed(cell.call, feed)
    arguments = {field.name: getattr(call, field.name) for field in FIT_CALL}
    options = arguments.pop("options")
    seed = SEED if cell.seeded else None
    return audit(feed.make, log=log, backend=backend, seed=seed, **(arguments | options))


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
