"""Observing one cell: the real `fit` on a toy feed, and what it trained on."""

import contextlib
import functools
import logging
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from epochwatch._auditing.audit import audit
from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab.atlas.cells import EPOCHS, Cell
from epochwatch_lab.atlas.toy_feeds import ToyFeed, held_out

RUNS_THAT_DIFFER = 5
LONGEST_WARNING = 200  # characters
# Of what is warned of in a run, what is about its data.
ABOUT_DATA = re.compile("ran out of data|will be ignored|steps_per_epoch|use_multiprocessing")


def observe(
    cell: Cell, feed: ToyFeed, epochs: int | None = None, backend: str | None = None
) -> dict:
    """Run a cell, and say what was expected and observed, as in a file of the atlas.

    What several workers make is run twice, and more often where the runs differ: the other
    outcomes are told beside the first.

    Args:
        cell: how `fit` is called.
        feed: on what.
        epochs: of each fit; None for those of the atlas.
        backend: as of `audit`: "tf_keras", or None for what `keras` is here.
    """
    once = functools.partial(observed_once, cell, feed, epochs or EPOCHS[cell.fits], backend)
    first, *others = runs = [once() for _ in range(1 + feed.many_workers)]
    if any(differs(other, first) for other in others):
        runs += [once() for _ in range(RUNS_THAT_DIFFER - len(runs))]
    differing = [other for other in runs[1:] if differs(other, first)]
    return cell._asdict() | first | {
        "runs": len(runs),
        "others": [{key: other[key] for key in ("trained", "raised")} for other in differing],
    }  # fmt: skip


def differs(other: dict, first: dict) -> bool:
    """Say whether two runs of a cell trained on other batches, or in another order."""
    return other["trained"] != first["trained"]


def observed_once(cell: Cell, feed: ToyFeed, epochs: int, backend: str | None) -> dict:
    """Run a cell once."""
    raised, report = None, None
    with tempfile.TemporaryDirectory(prefix="epochwatch-") as folder, heard() as warned:
        log = Path(folder) / "exposures"
        try:
            report = audited(cell, feed, epochs, backend, log)
        except Exception as error:
            told = error.__cause__ or error  # what Keras raised, not what an audit makes of it
            raised = f"{type(told).__name__}: {told}".partition("\n")[0]
        trained = trained_in(log, cell.fits)
    stable = report and report.as_json()
    expected = stable and stable.pop("expected")
    if stable:
        del stable["environment"]
        expected = {key: expected[key] for key in ("verdict", "rule", "agrees")}
    return {
        "expected": expected,
        "observed": stable,
        "trained": trained,
        "warnings": sorted(warned),
        "raised": raised,
    }


def audited(cell: Cell, feed: ToyFeed, epochs: int, backend: str | None, log: Path):
    """Audit a cell, keeping its log."""
    validation = {"validation_data": held_out()} if cell.validation else {}
    return audit(
        feed.make,
        steps_per_epoch=cell.steps_per_epoch,
        steps_per_execution=cell.steps_per_execution,
        epochs=epochs,
        fits=cell.fits,
        log=log,
        backend=backend,
        **feed.fit_options,
        **validation,
    )


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
def heard() -> Iterator[set[str]]:
    """Collect what is warned of: by Keras 3 as warnings, by Keras 2 in a log."""
    told: set[str] = set()

    class Listener(logging.Handler):
        def emit(self, record):
            note(record.getMessage())

    def note(text: str) -> None:
        if ABOUT_DATA.search(text):
            told.add(" ".join(text.split())[:LONGEST_WARNING])

    listener = Listener()
    logger = logging.getLogger("tensorflow")
    logger.addHandler(listener)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield told
        finally:
            for warning in caught:
                note(str(warning.message))
            logger.removeHandler(listener)
