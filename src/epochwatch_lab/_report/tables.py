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
from epochwatch_lab._report.matrix import LoggedEpoch, coverage
from epochwatch_lab._report.population import Population
from epochwatch_lab._report.subject import object_at
from epochwatch_lab._runs.ledger import flattened
from epochwatch_lab._runs.parameters import varied


class TableCell(NamedTuple):
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
    rows: list[list[TableCell]]

    @classmethod
    def from_values(cls, caption: str, header: Iterable[str], rows: Iterable[Iterable]) -> "Table":
        """Write each value as the text of a cell.

        Example:
            >>> Table.from_values("Streams", ["samples"], [[53258]]).rows
            [[TableCell(text='53,258', number=True, href='')]]
        """
        return cls(caption, list(header), [[_value_cell(value) for value in row] for row in rows])


def stream_table(population: Population, exposures: Mapping[str, np.ndarray]) -> Table:
    header = ["stream", "samples", "trained", "never trained", "coverage"]
    header += ["fewest exposures", "median", "most exposures"]
    rows = []
    for name, by_epoch in exposures.items():
        totals = by_epoch.sum(axis=1, dtype=np.int64)
        never = int(np.count_nonzero(totals == 0))
        share = percent(1 - never / len(totals))
        counted = [len(totals), len(totals) - never, never, TableCell(share, number=True)]
        # Of a log alone the stream is what was trained: nothing of it could be missing.
        if not population.complete:
            counted[2:] = [TableCell("unknown"), TableCell("unknown")]
        extremes = [int(totals.min()), float(np.median(totals)), int(totals.max())]
        rows.append([name, *counted, *extremes])
    return Table.from_values("What was trained of each stream", header, rows)


def coverage_table(epochs: list[LoggedEpoch], exposures: Mapping[str, np.ndarray]) -> Table:
    shares = [map(percent, coverage(by_epoch)) for by_epoch in exposures.values()]
    rows = [
        [name, epoch.steps, *(TableCell(share, number=True) for share in row)]
        for name, epoch, *row in zip(epoch_names(epochs), epochs, *shares, strict=True)
    ]
    caption = "Share of each stream trained by the end of each epoch"
    return Table.from_values(caption, ["epoch", "steps", *exposures], rows)


def boundary_table(epochs: list[LoggedEpoch], population: Population) -> Table:
    """Tabulate the batches on either side of each boundary, which prove the verdict."""
    # A position is a rank among all samples: where they are not known, indices stand for it.
    what = "positions" if population.complete else "indices"
    rows = []
    names = epoch_names(epochs)
    for (name, before), (_, after) in itertools.pairwise(zip(names, epochs, strict=True)):
        for stream, samples in population.streams.items():
            batches = (before.last, after.first)
            ends = [
                TableCell(_batch_ends(batch, samples.index, what), number=True) for batch in batches
            ]
            rows.append([f"after epoch {name}", stream, *ends])
    header = ["boundary", "stream", f"{what} trained last", f"{what} trained next"]
    return Table.from_values(
        "The last batch before each boundary and the first after it", header, rows
    )


def value_table(
    caption: str, values: Mapping, header: tuple[str, str] = ("name", "value")
) -> Table:
    """Tabulate an object of JSON, what is nested in it under names with dots."""
    return Table.from_values(caption, header, flattened(values))


def held_out_table(findings: Mapping) -> Table:
    """Tabulate the results on held-out data: the findings that are called `test…`."""
    results = {name: value for name, value in findings.items() if name.startswith("test")}
    return value_table("Results on held-out data", results, ("result", "value"))


def run_table(runs: list[dict], outputs: Path, page: Path) -> Table:
    """Tabulate the runs of a sweep, with the parameters that vary and links from the page."""
    parameters = [object_at(run, "parameters") for run in runs]
    varying = varied(parameters)
    shares = [run_coverage(run) for run in runs]
    tests = [object_at(object_at(run, "findings"), "test") for run in runs]
    header = ["run", *varying, "state", "verdict"]
    header += [f"coverage: {name}" for name in _all_names(shares)] + _all_names(tests)
    rows = []
    for number, run in enumerate(runs):
        row = [_run_link(run, number + 1, outputs, page)]
        row += [parameters[number].get(name) for name in varying]
        row += [run.get("state"), object_at(run, "findings").get("verdict")]
        row += [_share_cell(shares[number].get(name)) for name in _all_names(shares)]
        rows.append(row + [tests[number].get(name) for name in _all_names(tests)])
    return Table.from_values("The runs, with the parameters in which they differ", header, rows)


def run_coverage(run: dict) -> dict[str, float]:
    """Compute the share of each stream that a run of a sweep trained, from 0 to 1."""
    streams = object_at(object_at(run, "findings"), "streams")
    return {
        name: counts["trained"] / counts["samples"]
        for name, counts in streams.items()
        if isinstance(counts, Mapping) and counts.keys() >= {"trained", "samples"}
    }


def epoch_names(epochs: list[LoggedEpoch]) -> list[str]:
    """Name the epochs: by number, and by their fit where there were several."""
    if len({epoch.fit for epoch in epochs}) == 1:
        return [str(epoch.epoch) for epoch in epochs]
    return [f"{epoch.epoch} of fit {epoch.fit}" for epoch in epochs]


def _batch_ends(batch: np.ndarray, stream: np.ndarray, what: str) -> str:
    ranks = positions(stream, batch)
    shown = ranks if what == "positions" else stream[ranks]
    return f"{shown[0]:,} … {shown[-1]:,}" if len(shown) else "none"


def _all_names(objects: list[dict]) -> list[str]:
    return list(dict.fromkeys(itertools.chain.from_iterable(objects)))


def _run_link(run: dict, number: int, outputs: Path, page: Path) -> TableCell:
    folder = str(run.get("folder") or "")
    # A run that is missing, or was moved away, gets no dead link.
    is_there = folder and (outputs / folder).is_dir()
    href = quote(os.path.relpath(outputs / folder, page.parent)) if is_there else ""
    return TableCell(f"{number}: {Path(folder).name or run.get('id', '')}", href=href)


def _share_cell(share: float | None) -> TableCell:
    return TableCell("" if share is None else percent(share), number=True)


def _value_cell(value) -> TableCell:
    match value:
        case TableCell():
            return value
        case None:
            return TableCell("")
        # Before `int`, of which `bool` is a kind.
        case bool() | str() | list():
            return TableCell(", ".join(map(str, value)) if isinstance(value, list) else str(value))
        case int():
            return TableCell(f"{value:,}", number=True)
        case _:
            return TableCell(f"{value:.4g}", number=True)
