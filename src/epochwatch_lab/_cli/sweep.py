"""`epochwatch sweep`: many runs of one notebook."""

import contextlib
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from epochwatch._cli.options import FAILED, WIDTH, count_option, plain, shown
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab._cli.options import outputs_option, timeout_option
from epochwatch_lab.runs import attempt, driver, environment, ledger, summary
from epochwatch_lab.runs.attempt import Outcome
from epochwatch_lab.runs.run import FINDINGS
from epochwatch_lab.runs.sweep import Request, Sweep, chosen, read_sweep


@click.command(
    epilog="""\b
Examples:
  epochwatch sweep sweeps/digits.yaml --jobs 2
  epochwatch sweep sweeps/digits.yaml --dry-run --only feed=tf_data
  epochwatch sweep sweeps/digits.yaml --executor tcp://head-node:8786

Exit codes: 0 all runs are sound, 1 some failed, 2 bad input; nothing was started.""",
)
@click.argument("file", type=click.Path(path_type=Path))
@count_option("--jobs", "Runs at once.  [default: one a core]")
@click.option(
    "--executor",
    default=driver.LOCAL,
    metavar="WHERE",
    show_default=True,
    help="local, or tcp://HOST:PORT of a dask scheduler whose workers share --outputs.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only the runs with this value; several values of a name add up. Repeatable.",
)
@click.option("--dry-run", is_flag=True, help="List the runs, each with its id, and stop.")
@click.option("--force", is_flag=True, help="Make also the runs that are finished.")
@timeout_option
@outputs_option("Folder that the runs and their summary are written to.")
def sweep(file: Path, only: tuple[str, ...], dry_run: bool, force: bool, outputs: Path, **how):
    """Make all runs of the sweep in FILE that are not finished yet, and sum them up.

    Stopped or killed, it goes on where it was when it is called again. The summary is a
    notebook with a figure, in the folder sweeps/NAME under --outputs.
    """
    asked = read_sweep(file)
    driver.check_executor(how["executor"])
    requests = chosen(asked, only)
    wanted = requests if force else ledger.needed(requests, outputs)
    if dry_run:
        click.echo("\n".join(listed(asked, requests, wanted)))
        return
    outcomes = made(asked, wanted, outputs, again=force, **how) if wanted else []
    failed = [outcome for outcome in outcomes if outcome.state == attempt.FAILED]
    if failed:
        click.echo("\n".join(failures(asked, failed)), err=True)
    try:
        folder = summary.summed_up(asked, file, outputs)
    except BadInput as error:  # not of the request, which has been carried out
        raise RunFailed(f"the summary could not be made: {error}") from None
    made_now = sum(outcome.state == attempt.FINISHED for outcome in outcomes)
    click.echo(told(len(requests), made_now, len(failed), folder))
    if failed:
        sys.exit(FAILED)


def made(
    asked: Sweep, wanted: Sequence[Request], outputs: Path, *, jobs: int | None, **how
) -> list[Outcome]:
    """Make runs, and say so as they come."""
    outcomes = []
    at_once = min(jobs or environment.cores(), len(wanted))
    with (
        progress_of(asked, len(wanted)) as report,
        driver.workers(outputs, jobs=at_once, **how) as make,
    ):
        try:
            for outcome in driver.drive(make, wanted):
                outcomes.append(outcome)
                report(outcome)
        except (KeyboardInterrupt, SystemExit):
            there = f"{len(outcomes):,} of {len(wanted):,}"
            click.echo(f"stopped after {there} runs; the same command goes on", err=True)
            raise
    return outcomes


@contextlib.contextmanager
def progress_of(asked: Sweep, many: int) -> Iterator[Callable[[Outcome], None]]:
    """Draw a bar on a terminal; write a line for each run to a file or a pipe."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    names = {request.id: asked.named(request) for request in asked.requests}
    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, *times, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(asked.name, total=many)

        def report(outcome: Outcome) -> None:
            bar.advance(task)
            if not (console.is_terminal and sys.stdout.isatty()):
                count = f"{bar.tasks[task].completed:.0f}/{many}"
                state = f"{outcome.state}  {outcome.id}  {outcome.seconds:6.1f} s"
                click.echo(f"{count:>9}  {state}  {names[outcome.id]}")

        yield report


def listed(asked: Sweep, requests: Sequence[Request], wanted: Sequence[Request]) -> list[str]:
    """List the runs of a sweep, one a line, the id first for programs that read it."""
    to_make = {request.id for request in wanted}
    return [
        "\t".join([one.id, "to make" if one.id in to_make else "finished", asked.named(one)])
        for one in requests
    ]


def told(many: int, made_now: int, failed: int, folder: Path | None) -> str:
    """Say in a few lines what a sweep did."""
    runs = f"{many:,} {'run' if many == 1 else 'runs'}"
    there = many - made_now - failed
    lines = [f"{runs}: {there:,} were finished, {made_now:,} made now, {failed:,} failed"]
    if folder:
        answer = json.loads((folder / FINDINGS).read_text())["answer"]
        lines = [textwrap.fill(plain(answer), WIDTH), "", *lines]
        lines += [
            f"summary  {shown(folder / 'notebook.ipynb')}",
            f"figure   {shown(folder / 'figures')}",
        ]
    return "\n".join(lines)


def failures(asked: Sweep, failed: Sequence[Outcome]) -> list[str]:
    """List the runs that failed, each with its reason."""
    names = {request.id: asked.named(request) for request in asked.requests}
    lines = ["Failed; the same command makes them again:"]
    for outcome in failed:
        lines.append(f"  {outcome.id}  {names[outcome.id]}")
        lines += textwrap.wrap(
            outcome.reason, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
    return lines
