"""One run of a sweep, as a worker makes it: once, by one process, and only if it is needed."""

import time
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab.runs import environment, ledger
from epochwatch_lab.runs.execute import KernelDied, Limits, checked_source, folder_of, make
from epochwatch_lab.runs.folder import BeingMade, RunFolder
from epochwatch_lab.runs.parameters import Parameters

ATTEMPTS = 2  # where the kernel died, which may be the machine's fault; a cell's error comes again
SKIPPED, FINISHED, FAILED, HELD = "was finished", "finished", "failed", "is being made"


class Outcome(NamedTuple):
    """What became of a run.

    Attributes:
        id: of the run.
        state: "finished", "was finished" before, "failed", or "is being made" by another.
        seconds: that it took.
        reason: why it failed, in one line.
    """

    id: str
    state: str
    seconds: float = 0.0
    reason: str = ""


def attempt(
    run_id: str, parameters: Parameters, outputs: Path, *, limits: Limits, again: bool = False
) -> Outcome:
    """Make a run, unless it is there.

    Returns:
        What became of it; a failure is told, not raised.
    """
    begin = time.perf_counter()
    folder = folder_of(parameters, outputs)
    try:
        source = checked_source(parameters.notebook)
        _check_same_source(run_id, source, parameters)
        with folder.held():
            # Asked only now: another may have finished it a moment ago.
            if not again and ledger.is_finished(folder.final, run_id):
                return Outcome(run_id, SKIPPED)
            _make(source, folder, parameters, limits)
    except BeingMade:
        return Outcome(run_id, HELD)
    except (BadInput, RunFailed, OSError) as error:  # as when a failed attempt cannot be moved
        return Outcome(run_id, FAILED, time.perf_counter() - begin, str(error))
    return Outcome(run_id, FINISHED, time.perf_counter() - begin)


def _make(source: Path, folder: RunFolder, parameters: Parameters, limits: Limits) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            make(source, folder, parameters, limits=limits)
            return
        except KernelDied:
            if not left:
                raise


def _check_same_source(run_id: str, source: Path, parameters: Parameters) -> None:
    """A worker on another machine may have another version of the package or the notebook."""
    here = environment.identity(environment.source_digest(source), parameters.model_dump())
    if here != run_id:
        raise BadInput(
            f"run {run_id}: this worker's package or notebook is another one (it would make "
            f"{here}); install the same on every machine"
        )
