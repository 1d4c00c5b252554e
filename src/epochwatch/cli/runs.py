"""`epochwatch runs`: what has been run, and what came of it."""

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from epochwatch.cli.options import WIDTH, outputs_option, plain, shown
from epochwatch.runs import compare as comparing
from epochwatch.runs import ledger
from epochwatch.runs.ledger import Entry
from epochwatch.runs.parameters import NOTEBOOKS

OUTPUTS = outputs_option("Folder of the runs.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
LONGEST_VALUE = 30


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
    entries = list(ledger.entries(outputs))
    if as_json:
        click.echo(json.dumps([_public(entry) for entry in entries]))
    elif not entries:
        click.echo(f"no runs in {shown(outputs)}; epochwatch run 01_does_fit_resume makes one")
    else:
        _print(_table(["id", "state", "seconds", "run", "not default"], map(_row, entries)))


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
        answer = json.loads((entry.folder / "findings.json").read_text())["answer"]
        click.echo(textwrap.fill(plain(answer), WIDTH) + "\n")
    for part in ("parameters", "environment", "stages"):
        if part in entry.record:
            _print(_table([part, ""], _flat(entry.record[part])))
    if entry.state == "finished":
        bad = ledger.damaged(entry.folder, entry.record)
        files = len(entry.record["files"])
        click.echo(f"{files} files, {'all whole' if not bad else 'damaged: ' + ', '.join(bad)}")


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
            _print(_table([part, *names], rows))
        else:
            click.echo(f"{part}: the same\n")


def _public(entry: Entry) -> dict:
    kept = ("id", "notebook", "run", "state", "parameters")
    return {key: getattr(entry, key) for key in kept} | {"folder": str(entry.folder)}


def _row(entry: Entry) -> list:
    seconds = "" if entry.seconds is None else f"{entry.seconds:.0f}"
    usual = NOTEBOOKS[entry.notebook]().model_dump() if entry.notebook in NOTEBOOKS else {}
    given = {k: v for k, v in entry.parameters.items() if k != "run_name" and v != usual.get(k)}
    name = "" if entry.run == entry.id else f"/{entry.run}"
    told = entry.reason or " ".join(f"{name}={value}" for name, value in given.items())
    return [str(entry.id)[:8], entry.state, seconds, f"{entry.notebook}{name}", told]


def _flat(content: dict) -> list[tuple]:
    return [*comparing.leaves(content)]


def _table(header: Sequence[str], rows) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _print(table: Table) -> None:
    Console(width=None if Console().is_terminal else 160, highlight=False).print(table)
