"""What the page says in numbers: tables whose cells are text already."""

import itertools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from epochwatch._exposures.positions import positions
from epochwatch._text import percent
from epochwatch_lab._report.matrix import Epoch, coverage
from epochwatch_lab._report.population import Population
from epochwatch_lab._report.subject import object_at
from epochwatch_lab.runs.ledger import flattened
from epochwatch_lab.runs.parameters import varied


class Cell(NamedTuple):
    """A cell.

    Attributes:
        text: what it shows.
        number: whether it stands right.
        href: where it leads; empty for nowhere.
    """

    text: str
    number: bool = False
    href: str = ""


class Table(NamedTuple):
    """A table.

    Attributes:
        caption: what it is of.
        header: the columns' names.
        rows: of cells; the first of each names the row.
    """

    caption: str
    header: list[str]
    rows: list[list[Cell]]

    @classmethod
    def of(cls, caption: str, header: Iterable[str], rows: Iterable[Iterable]) -> "Table":
        """Make a table of values.

        Example:
            >>> Table.of("Streams", ["samples"], [[53258]]).rows
            [[Cell(text='53,258', number=True, href='')]]
        """
        return cls(caption, list(header), [[_cell(value) for value in row] for row in rows])


def of_streams(population: Population, exposures: Mapping[str, np.ndarray]) -> Table:
    """Tabulate what was trained of each stream."""
    header = ["stream", "samples", "trained", "never trained", "coverage"]
    header += ["fewest exposures", "median", "most exposures"]
    rows = []
    for name, by_epoch in exposures.items():
        totals = by_epoch.sum(axis=1, dtype=np.int64)
        never = int(np.count_nonzero(totals == 0))
        share = percent(1 - never / len(totals))
        counted = [len(totals), len(totals) - never, never, Cell(share, number=True)]
        if not population.complete:
            counted[2:] = [Cell("unknown"), Cell("unknown")]
        extremes = [int(totals.min()), float(np.median(totals)), int(totals.max())]
        rows.append([name, *counted, *extremes])
    return Table.of("What was trained of each stream", header, rows)


def of_coverage(epochs: list[Epoch], exposures: Mapping[str, np.ndarray]) -> Table:
    """Tabulate the coverage by epoch."""
    shares = [map(percent, coverage(by_epoch)) for by_epoch in exposures.values()]
    rows = [
        [name, epoch.steps, *(Cell(share, number=True) for share in row)]
        for name, epoch, *row in zip(epoch_names(epochs), epochs, *shares, strict=True)
    ]
    caption = "Share of each stream trained by the end of each epoch"
    return Table.of(caption, ["epoch", "steps", *exposures], rows)


def of_boundaries(epochs: list[Epoch], population: Population) -> Table:
    """Tabulate the batches on either side of each boundary, which prove the verdict."""
    what = "positions" if population.complete else "indices"
    rows = []
    names = epoch_names(epochs)
    for (name, before), (_, after) in itertools.pairwise(zip(names, epochs, strict=True)):
        for stream, samples in population.streams.items():
            batches = (before.last, after.first)
            ends = [Cell(_ends(batch, samples.index, what), number=True) for batch in batches]
            rows.append([f"after epoch {name}", stream, *ends])
    header = ["boundary", "stream", f"{what} trained last", f"{what} trained next"]
    return Table.of("The last batch before each boundary and the first after it", header, rows)


def of_values(caption: str, values: Mapping, header: tuple[str, str] = ("name", "value")) -> Table:
    """Tabulate an object of JSON, what is nested in it under names with dots."""
    return Table.of(caption, header, flattened(values))


def of_tests(findings: Mapping) -> Table:
    """Tabulate the results on held-out data: the findings that are called `test…`."""
    results = {name: value for name, value in findings.items() if name.startswith("test")}
    return of_values("Results on held-out data", results, ("result", "value"))


def of_runs(runs: list[dict], outputs: Path, page: Path) -> Table:
    """Tabulate the runs of a sweep, with the parameters that vary and links from the page."""
    parameters = [object_at(run, "parameters") for run in runs]
    varying = varied(parameters)
    shares = [coverage_of_run(run) for run in runs]
    tests = [object_at(object_at(run, "findings"), "test") for run in runs]
    header = ["run", *varying, "state", "verdict"]
    header += [f"coverage: {name}" for name in _names(shares)] + _names(tests)
    rows = []
    for number, run in enumerate(runs):
        row = [_link(run, number + 1, outputs, page)]
        row += [parameters[number].get(name) for name in varying]
        row += [run.get("state"), object_at(run, "findings").get("verdict")]
        row += [_share(shares[number].get(name)) for name in _names(shares)]
        rows.append(row + [tests[number].get(name) for name in _names(tests)])
    return Table.of("The runs, and the parameters that vary", header, rows)


def coverage_of_run(run: dict) -> dict[str, float]:
    """Say what part of each stream a run of a sweep trained, from 0 to 1."""
    streams = object_at(object_at(run, "findings"), "streams")
    return {
        name: of["trained"] / of["samples"]
        for name, of in streams.items()
        if isinstance(of, Mapping) and of.keys() >= {"trained", "samples"}
    }


def epoch_names(epochs: list[Epoch]) -> list[str]:
    """Name the epochs: by number, and by their fit where there were several."""
    if len({epoch.fit for epoch in epochs}) == 1:
        return [str(epoch.epoch) for epoch in epochs]
    return [f"{epoch.epoch} of fit {epoch.fit}" for epoch in epochs]


def _ends(batch: np.ndarray, stream: np.ndarray, what: str) -> str:
    found = positions(stream, batch)
    found = found if what == "positions" else stream[found]
    return f"{found[0]:,} … {found[-1]:,}" if len(found) else "none"


def _names(objects: list[dict]) -> list[str]:
    return list(dict.fromkeys(itertools.chain.from_iterable(objects)))


def _link(run: dict, number: int, outputs: Path, page: Path) -> Cell:
    folder = str(run.get("folder") or "")
    is_there = folder and (outputs / folder).is_dir()
    href = quote(os.path.relpath(outputs / folder, page.parent)) if is_there else ""
    return Cell(f"{number}: {Path(folder).name or run.get('id', '')}", href=href)


def _share(share: float | None) -> Cell:
    return Cell("" if share is None else percent(share), number=True)


def _cell(value) -> Cell:
    match value:
        case Cell():
            return value
        case None:
            return Cell("")
        case bool() | str() | list():
            return Cell(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        case int():
            return Cell(f"{value:,}", number=True)
        case _:
            return Cell(f"{value:.4g}", number=True)
