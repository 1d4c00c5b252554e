"""`epochwatch runs`: what has been run, and what came of it."""

import json
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from epochwatch._cli.options import WIDTH, plain, shown
from epochwatch.errors import BadInput
from epochwatch_lab._cli.options import outputs_option
from epochwatch_lab.runs import compare as comparing
from epochwatch_lab.runs import ledger
from epochwatch_lab.runs.ledger import Entry
from epochwatch_lab.runs.parameters import NOTEBOOKS

OUTPUTS = outputs_option("Folder of the runs.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@click.group()
def runs():
    """List, show and compare what has been run.

    RUN is the beginning of an id, a name (`default`, or 01_does_fit_resume/default) or a folder.
    """


@runs.command("list")
@JSON
@OUTPUTS
def list_runs(as_json: bool, outputs: Path):
    """List all runs: finished, failed, and those being made."""
    if outputs.exists() and not outputs.is_dir():
        raise BadInput(f"--outputs: got {str(outputs)!r}, a file, allowed: the folder of the runs")
    entries = list(ledger.entries(outputs))
    if as_json:
        click.echo(json.dumps([_public(entry) for entry in entries]))
    elif not entries:
        click.echo(f"no runs in {shown(outputs)}; epochwatch run 01_does_fit_resume makes one")
    else:
        _print(["id", "state", "seconds", "run", "not default"], map(_row, entries))


@runs.command()
@click.argument("run")
@JSON
@OUTPUTS
def show(run: str, as_json: bool, outputs: Path):
    """Show one run: what it was given, what it found, where it ran, and whether it is whole."""
    entry = ledger.find(outputs, run)
    if as_json:
        reason = {"reason": entry.reason} if entry.reason else {}
        click.echo(json.dumps({**_public(entry), **reason, "record": entry.record}))
        return
    click.echo(f"{entry.id}  {entry.state}  {shown(entry.folder)}\n")
    if entry.reason:
        click.echo(textwrap.fill(entry.reason, WIDTH) + "\n")
    if entry.state == "finished":
        click.echo(textwrap.fill(plain(ledger.said_by(entry)["answer"]), WIDTH) + "\n")
    for part in ("parameters", "environment", "stages"):
        if part in entry.record:
            _print([part, ""], comparing.leaves(entry.record[part]))
    if entry.state == "finished":
        click.echo(f"{len(entry.record['files'])} files, all whole")


@runs.command()
@click.argument("first")
@click.argument("second")
@JSON
@OUTPUTS
def compare(first: str, second: str, as_json: bool, outputs: Path):
    """Show in what two runs differ: parameters, environment, findings."""
    pair = [ledger.find(outputs, run) for run in (first, second)]
    found = comparing.differences(*pair)
    if as_json:
        click.echo(json.dumps([difference._asdict() for difference in found]))
        return
    names = [entry.run for entry in pair]
    for part in comparing.PARTS:
        rows = [difference[1:] for difference in found if difference.part == part]
        if rows:
            _print([part, *names], rows)
        else:
            click.echo(f"{part}: the same\n")


def _public(entry: Entry) -> dict:
    kept = ("id", "notebook", "run", "state", "parameters")
    return {key: getattr(entry, key) for key in kept} | {"folder": str(entry.folder)}


def _row(entry: Entry) -> list[str]:
    seconds = "" if entry.seconds is None else f"{entry.seconds:.0f}"
    own_name = "" if entry.run == entry.id else f"/{entry.run}"
    told = " ".join(f"{name}={value}" for name, value in _not_default(entry).items())
    told += f"{' ' if told else ''}({entry.reason})" if entry.reason else ""
    return [str(entry.id)[:8], entry.state, seconds, f"{entry.notebook}{own_name}", told]


def _not_default(entry: Entry) -> dict:
    """Choose the parameters that are not what they would be by themselves, the others given."""
    given = {name: value for name, value in entry.parameters.items() if name != "run_name"}
    model = NOTEBOOKS.get(entry.notebook)
    return {name: value for name, value in given.items() if not _is_usual(model, given, name)}


def _is_usual(model, given: dict, name: str) -> bool:
    try:
        others = {other: value for other, value in given.items() if other != name}
        return model is not None and getattr(model.checked(others), name) == given[name]
    except (BadInput, AttributeError):  # of an earlier version
        return False


def _print(header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Draw a table on a terminal; write lines with tabs to a file or a pipe."""
    console = Console(highlight=False, markup=False)
    texts = [
        [value if isinstance(value, str) else json.dumps(value) for value in row] for row in rows
    ]
    if not console.is_terminal:
        click.echo("\n".join("\t".join(row) for row in [header, *texts]))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in texts:
        table.add_row(*row)
    console.print(table)
