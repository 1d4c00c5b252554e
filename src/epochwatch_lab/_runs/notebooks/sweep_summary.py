"""The notebook that sums a sweep up: what it may be given, and how its runs are put together."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from pydantic import Field

from epochwatch._files import read_json
from epochwatch_lab._runs import project
from epochwatch_lab._runs.driver import POLL
from epochwatch_lab._runs.execute import execute, folder_of
from epochwatch_lab._runs.folder import BeingMade
from epochwatch_lab._runs.parameters import RUN_NAME, Parameters
from epochwatch_lab._runs.record import FINDINGS, is_finished, read_record
from epochwatch_lab._runs.sweep import PlannedRun, Sweep
from epochwatch_lab.strategies import Interval, mean_interval


class SweepSummary(Parameters):
    """Parameters of the notebook that sums up a sweep."""

    notebook: ClassVar[str] = project.SUMMARY
    uses_keras: ClassVar[bool] = False
    promised: ClassVar[tuple[str, ...]] = ("findings.json",)  # without a run, there is no figure

    sweep_file: str = Field("digits.yaml", description="the sweep's file")
    run_name: str = Field(
        "interactive", pattern=f"^{RUN_NAME}$", description="the summary's folder under outputs"
    )


def runs_of(sweep: Sweep, outputs: Path) -> list[dict]:
    """Collect what the runs of a sweep have found.

    Returns:
        For each run its `id`, `folder` (below outputs), `state`, the `parameters` in which the
        runs differ, and its `findings`; empty where it is not finished.
    """
    return [_run_of(sweep, planned, outputs) for planned in sweep.planned]


def _run_of(sweep: Sweep, planned: PlannedRun, outputs: Path) -> dict:
    state, begun, folder = _state_of(planned, outputs)
    values = planned.parameters.model_dump()
    written = read_json(folder / FINDINGS) if state == "finished" else {}
    return {
        "id": planned.id,
        "folder": f"{sweep.notebook}/{planned.parameters.run_name}",
        "state": state,
        "begun": begun,
        "parameters": {name: values[name] for name in sweep.varied},
        "findings": written.get("findings", {}),
    }


def _state_of(planned: PlannedRun, outputs: Path) -> tuple[str, str | None, Path]:
    folder = folder_of(planned.parameters, outputs)
    if is_finished(folder.final, planned.id):
        return "finished", read_record(folder.final).get("begun"), folder.final
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
    by_shared: dict[tuple, Group] = {}
    for run in runs:
        shared = {k: v for k, v in run["parameters"].items() if k != without}
        group = by_shared.setdefault(tuple(shared.items()), Group(shared, [], {}))
        group.verdicts.append(run["findings"].get("verdict"))
        for name, number in numbers(run["findings"]).items():
            group.numbers.setdefault(name, []).append(number)
    return list(by_shared.values())


def names_of_numbers(groups: Sequence[Group]) -> list[str]:
    """List the numbers that all runs have found, which alone can be compared."""
    return [
        name
        for name in (groups[0].numbers if groups else ())
        if all(len(group.numbers.get(name, ())) == len(group.verdicts) for group in groups)
    ]


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


def rows(runs: Sequence[Mapping], names: Sequence[str]) -> list[list]:
    """List the runs for a table: id, what they were given, verdict or state, and their numbers."""
    return [_row(run, names) for run in runs]


def _row(run: Mapping, names: Sequence[str]) -> list:
    found = numbers(run["findings"])
    verdict = str(run["findings"].get("verdict")) if run["findings"] else run["state"]
    given = [str(value) for value in run["parameters"].values()]
    return [run["id"][:8], *given, verdict, *(found.get(name, "") for name in names)]


def means(groups: Sequence[Group], names: Sequence[str]) -> dict[str, list[Interval]]:
    """Estimate the mean of each number in each group, with 95 % confidence."""
    return {name: [mean_interval(group.numbers[name]) for group in groups] for name in names}


def rows_of_means(groups: Sequence[Group], means: Mapping[str, Sequence[Interval]]) -> list[list]:
    """List the groups for a table: what their runs share, and the mean of each number."""
    return [
        [group.named, *(of_groups[rank].written for of_groups in means.values())]
        for rank, group in enumerate(groups)
    ]


def found_by(groups: Sequence[Group], means: Mapping[str, Sequence[Interval]]) -> list[dict]:
    """List what each group found, as a summary's findings have it."""
    return [
        {
            "parameters": group.parameters,
            "verdicts": group.verdicts,
            "means": {name: of_groups[rank]._asdict() for name, of_groups in means.items()},
        }
        for rank, group in enumerate(groups)
    ]


def sum_up(sweep: Sweep, file: Path, outputs: Path) -> Path | None:
    """Run the notebook that sums a sweep up, where there is none of its runs as they are now.

    Returns:
        The summary's folder; None where no run is finished.

    Raises:
        RunFailed: the notebook failed.
    """
    now = [[planned.id, *_state_of(planned, outputs)[:2]] for planned in sweep.planned]
    if not any("finished" in one for one in now):
        return None
    parameters = SweepSummary(sweep_file=str(file.resolve()), run_name=sweep.name)
    final = folder_of(parameters, outputs).final
    while _states_in(final) != now:
        try:
            return execute(parameters, outputs)
        except BeingMade:  # by another driver of this sweep, which may have seen less
            time.sleep(POLL)
    return final


def _states_in(folder: Path) -> list[list] | None:
    try:
        runs = read_json(folder / FINDINGS)["findings"]["runs"]
        return [[run["id"], run["state"], run["begun"]] for run in runs]
    except (TypeError, KeyError):  # no summary, or not of this form
        return None
