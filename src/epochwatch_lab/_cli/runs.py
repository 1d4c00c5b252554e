"""`epochwatch runs`: what has been run, and what came of it."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from epochwatch._cli.options import WIDTH, plain, shown
from epochwatch._cli.sections import SectionedGroup
from epochwatch.errors import BadInput
from epochwatch_lab._cli.options import LabCommand, outputs_option

OUTPUTS = outputs_option("Folder that holds the runs.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
NARROWEST = 24  # of a last column; where there is less room, it gets lines of its own


@click.group(cls=SectionedGroup)
def runs():
    """List, show and compare the runs made so far.

    RUN is the beginning of an id, a name (`default`, or 01_does_fit_resume/default) or a folder.
    """


@runs.command("list", cls=LabCommand)
@JSON
@OUTPUTS
def list_runs(as_json: bool, outputs: Path):
    """List all runs: finished, failed, and still running."""
    from epochwatch_lab._runs import ledger

    if outputs.exists() and not outputs.is_dir():
        raise BadInput(
            f"--outputs: got the file {str(outputs)!r}, allowed: the folder that holds the runs"
        )
    entries = list(ledger.entries(outputs))
    if as_json:
        click.echo(json.dumps([public_part(entry) for entry in entries]))
    elif not entries:
        click.echo(f"no runs in {shown(outputs)}; epochwatch run 01_does_fit_resume makes one")
    else:
        print_table(["id", "state", "seconds", "run", "not default"], map(row_of, entries))


@runs.command(cls=LabCommand)
@click.argument("run")
@JSON
@OUTPUTS
def show(run: str, as_json: bool, outputs: Path):
    """Show one run: its answer, parameters, environment and times, and whether it is complete."""
    from epochwatch_lab._runs import ledger

    entry = ledger.find(outputs, run)
    if as_json:
        reason = {"reason": entry.reason} if entry.reason else {}
        click.echo(json.dumps({**public_part(entry), **reason, "record": entry.record}))
        return
    click.echo(f"{entry.id or 'no id'}  {entry.state}  {shown(entry.folder)}\n")
    if entry.reason:
        click.echo(filled(entry.reason) + "\n")
    if entry.state == "finished":
        click.echo(filled(plain(ledger.findings_of(entry)["answer"])) + "\n")
    for part in ("parameters", "environment", "stages"):
        values = ledger.flattened(entry.record.get(part, {}))
        rows = [row for row in values if row[1] is not None and row[1] != {}]
        if rows:
            print_table([part, ""], rows)
    if entry.state == "finished":
        click.echo(f"{len(entry.record['files'])} files, all undamaged")


@runs.command(cls=LabCommand)
@click.argument("first")
@click.argument("second")
@JSON
@OUTPUTS
def compare(first: str, second: str, as_json: bool, outputs: Path):
    """Show how two runs differ: parameters, environment, findings."""
    from epochwatch_lab._runs import ledger

    pair = [ledger.find(outputs, run) for run in (first, second)]
    differences = ledger.differences(*pair)
    if as_json:
        click.echo(json.dumps([difference._asdict() for difference in differences]))
        return
    names = [entry.run for entry in pair]
    for part in ledger.PARTS:
        rows = [difference[1:] for difference in differences if difference.part == part]
        if rows:
            print_table([part, *names], rows)
        else:
            click.echo(f"{part}: the same\n")


def public_part(entry) -> dict:
    """Choose what programs are told of a run."""
    kept = ("id", "notebook", "run", "state", "parameters")
    return {key: getattr(entry, key) for key in kept} | {"folder": str(entry.folder)}


def row_of(entry) -> list[str]:
    """Write a run as a row of the list."""
    seconds = "" if entry.seconds is None else f"{entry.seconds:.0f}"
    own_name = "" if entry.run == entry.id else f"/{entry.run}"
    remarks = [f"{name}={value}" for name, value in not_default(entry).items()]
    remarks += [f"({entry.reason})"] if entry.reason else []
    id_shown = (entry.id or "no id")[:8]
    return [id_shown, entry.state, seconds, f"{entry.notebook}{own_name}", " ".join(remarks)]


def not_default(entry) -> dict:
    """Choose the parameters that are not what they would be by themselves, the others given."""
    from epochwatch_lab._runs.notebooks import NOTEBOOKS

    given = {name: value for name, value in entry.parameters.items() if name != "run_name"}
    model = NOTEBOOKS.get(entry.notebook)
    return {name: value for name, value in given.items() if not is_usual(model, given, name)}


def is_usual(model, given: dict, name: str) -> bool:
    """Whether a parameter would have this value if it was not given."""
    try:
        others = {other: value for other, value in given.items() if other != name}
        return model is not None and getattr(model.checked(others), name) == given[name]
    except (BadInput, AttributeError):  # of an earlier version
        return False


def print_table(header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Align a table on a terminal; write lines with tabs to a file or a pipe."""
    texts = [
        [value if isinstance(value, str) else json.dumps(value) for value in row] for row in rows
    ]
    if sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, 2 * WIDTH)
        click.echo("\n".join(aligned([list(header), *texts], width)) + "\n")
    else:
        click.echo("\n".join("\t".join(row) for row in [header, *texts]))


def aligned(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Write rows as lines, columns below each other, no word broken.

    Example:
        >>> aligned([["run", "seed"], ["one", "1"]], 40)
        ['run  seed', 'one  1']
        >>> aligned([["a" * 30, "two words"]], 40)
        ['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '    two words']
    """
    *firsts, _ = zip(*rows, strict=True)
    widths = [max(map(len, column)) for column in firsts]
    room = width - sum(widths) - 2 * len(widths)
    has_room = room >= min(NARROWEST, max(len(row[-1]) for row in rows))
    lines = []
    for *firsts, last in rows:
        head = "".join(f"{text:<{size}}  " for text, size in zip(firsts, widths, strict=True))
        if has_room and max(map(len, last.split()), default=0) <= room:
            first, *others = filled(last, room).splitlines() or [""]
            lines += [f"{head}{first}", *(" " * len(head) + line for line in others)]
        else:
            lines += [head, *textwrap.indent(filled(last, width - 4), "    ").splitlines()]
    return [line.rstrip() for line in lines]


def filled(text: str, width: int = WIDTH) -> str:
    """Wrap text at its words, none of which is broken."""
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
