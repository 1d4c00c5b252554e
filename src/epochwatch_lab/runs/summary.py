"""The summary of a sweep: a notebook and a figure of what its runs have found."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from epochwatch_lab.runs import ledger
from epochwatch_lab.runs.driver import POLL
from epochwatch_lab.runs.execute import execute, folder_of
from epochwatch_lab.runs.folder import BeingMade
from epochwatch_lab.runs.parameters import SweepSummary
from epochwatch_lab.runs.run import FINDINGS, RECORD
from epochwatch_lab.runs.sweep import Request, Sweep


def runs_of(sweep: Sweep, outputs: Path) -> list[dict]:
    """Collect what the runs of a sweep have found.

    Returns:
        For each run its `id`, `folder` (below outputs), `state`, the `parameters` in which the
        runs differ, and its `findings`; empty where it is not finished.
    """
    return [_run_of(sweep, request, outputs) for request in sweep.requests]


def _run_of(sweep: Sweep, request: Request, outputs: Path) -> dict:
    state, begun, folder = _state_of(request, outputs)
    values = request.parameters.model_dump()
    said = ledger.read_json(folder / FINDINGS) if state == "finished" else {}
    return {
        "id": request.id,
        "folder": f"{sweep.notebook}/{request.parameters.run_name}",
        "state": state,
        "begun": begun,
        "parameters": {name: values[name] for name in sweep.varied},
        "findings": said.get("findings", {}),
    }


def _state_of(request: Request, outputs: Path) -> tuple[str, str | None, Path]:
    folder = folder_of(request.parameters, outputs)
    if ledger.is_finished(folder.final, request.id):
        return "finished", ledger.read_json(folder.final / RECORD).get("begun"), folder.final
    return "failed" if folder.failed.exists() else "missing", None, folder.final


class Group(NamedTuple):
    """Runs that differ in nothing but one parameter.

    Attributes:
        parameters: what they share, of what the sweep varies.
        verdicts: of each run.
        numbers: by name, the number that each run found.
    """

    parameters: dict
    verdicts: list[str | None]
    numbers: dict[str, list[float]]

    @property
    def named(self) -> str:
        """The values that the runs share, for the side of a figure."""
        return ", ".join(str(value) for value in self.parameters.values()) or "all runs"


def groups(runs: Sequence[Mapping], without: str = "seed") -> list[Group]:
    """Put finished runs together that differ in nothing but one parameter, in their order."""
    found: dict[tuple, Group] = {}
    for run in runs:
        shared = {k: v for k, v in run["parameters"].items() if k != without}
        group = found.setdefault(tuple(shared.items()), Group(shared, [], {}))
        group.verdicts.append(run["findings"].get("verdict"))
        for name, number in numbers(run["findings"]).items():
            group.numbers.setdefault(name, []).append(number)
    return list(found.values())


def changed_by(parameter: str, runs: Sequence[Mapping]) -> list[str]:
    """List the numbers that ever differ between runs which differ in this parameter alone."""
    apart = groups(runs, without=parameter)
    names = dict.fromkeys(name for group in apart for name in group.numbers)
    return [n for n in names if any(len(set(group.numbers.get(n, ()))) > 1 for group in apart)]


def numbers(findings: Mapping) -> dict[str, float]:
    """Take from a run's findings what can be compared between runs.

    Returns:
        The coverage of each stream and the held-out results, by name.
    """
    streams = findings.get("streams", {}).items()
    coverage = {f"{name} coverage": s["trained"] / s["samples"] for name, s in streams}
    return coverage | findings.get("test", {})


def summed_up(sweep: Sweep, file: Path, outputs: Path) -> Path | None:
    """Run the notebook that sums a sweep up, where there is none of its runs as they are now.

    Returns:
        The summary's folder; None where no run is finished.

    Raises:
        RunFailed: the notebook failed.
    """
    now = [[request.id, *_state_of(request, outputs)[:2]] for request in sweep.requests]
    if not any("finished" in one for one in now):
        return None
    parameters = SweepSummary(sweep_file=str(file.resolve()), run_name=sweep.name)
    final = folder_of(parameters, outputs).final
    while _summed_up_in(final) != now:
        try:
            return execute(parameters, outputs)
        except BeingMade:  # by another driver of this sweep, which may have seen less
            time.sleep(POLL)
    return final


def _summed_up_in(folder: Path) -> list[list] | None:
    try:
        runs = ledger.read_json(folder / FINDINGS)["findings"]["runs"]
        return [[run["id"], run["state"], run["begun"]] for run in runs]
    except (TypeError, KeyError):  # no summary, or not of this form
        return None
