"""`epochwatch sweep`: many runs of one notebook."""

import contextlib
import json
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from epochwatch._cli.options import FAILED, WIDTH, count_option, plain, shown
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab._cli.options import LabCommand, outputs_option, timeout_option

LOOK = 1.0  # seconds between two looks at what the runs are at


@click.command(
    cls=LabCommand,
    epilog="""\b
Examples:
  epochwatch sweep sweeps/digits.yaml --jobs 2
  epochwatch sweep sweeps/digits.yaml --dry-run --only feed=tf_data
  epochwatch sweep sweeps/digits.yaml --executor tcp://head-node:8786

Exit codes: 0 all runs are finished, 1 some failed, 2 bad input: nothing was started.""",
)
@click.argument("file", type=click.Path(path_type=Path))
@count_option("--jobs", "Runs at once.  [default: one per core; one if dask is not installed]")
@click.option(
    "--executor",
    default="local",
    metavar="WHERE",
    show_default=True,
    help="local, or tcp://HOST:PORT of a dask scheduler; its workers must share --outputs.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only the runs with this value. Repeat for several values or parameters.",
)
@click.option("--dry-run", is_flag=True, help="Only list the runs, each with its id.")
@click.option(
    "--force",
    is_flag=True,
    help="Make finished runs again too; without --only, from the notebook as it is now.",
)
@timeout_option
@outputs_option("Folder that the runs and their summary are written to.")
def sweep(file: Path, only: tuple[str, ...], dry_run: bool, force: bool, outputs: Path, **how):
    """Run what is unfinished in the sweep FILE, then summarise.

    If it was stopped or killed, the same command continues where it was, with the notebook that
    it started with. The summary is a notebook with a figure, in the folder sweeps/NAME under
    --outputs.
    """
    from epochwatch_lab._runs import driver
    from epochwatch_lab._runs.sweep import chosen, read_sweep

    asked = read_sweep(file, outputs, anew=force and not only)
    driver.check_executor(how["executor"])
    planned = chosen(asked, only)
    wanted = planned if force else driver.needed(planned, outputs)
    if dry_run:
        click.echo("\n".join(listed(asked, planned, wanted)))
        return
    tell_if_edited(asked)
    outcomes = made(asked, wanted, outputs, again=force, **how) if wanted else []
    failed = [outcome for outcome in outcomes if outcome.state == driver.FAILED]
    if failed:
        click.echo("\n".join(failures(asked, failed)), err=True)
    made_now = sum(outcome.state == driver.FINISHED for outcome in outcomes)
    click.echo(summary(len(planned), made_now, len(failed), summed_up(asked, file, outputs)))
    if failed:
        sys.exit(FAILED)


def tell_if_edited(asked) -> None:
    """Warn where a sweep's runs are not made from the notebook as it is now."""
    if asked.is_edited:
        click.echo(
            f"{asked.notebook} has been edited since this sweep started; the sweep still uses its "
            f"copy in {shown(asked.source.parent)}; `epochwatch sweep --force` starts over",
            err=True,
        )


def summed_up(asked, file: Path, outputs: Path) -> Path | None:
    """Sum a sweep up; where that fails, the runs have been made all the same."""
    from epochwatch_lab._runs.notebooks.sweep_summary import sum_up

    try:
        return sum_up(asked, file, outputs)
    except BadInput as error:  # not of the request, which has been carried out
        raise RunFailed(f"the summary could not be made: {error}") from None


def made(asked, wanted: Sequence, outputs: Path, *, jobs: int | None, **how) -> list:
    """Make runs, and say so as they come."""
    from epochwatch_lab._runs import driver
    from epochwatch_lab._runs.sweep import begin

    outcomes = []
    at_once = min(jobs or driver.usual_jobs(), len(wanted))
    try:
        with (
            progress_of(asked, wanted, outputs) as report,
            driver.workers(outputs, jobs=at_once, **how) as make,
        ):
            for outcome in driver.drive(make, begin(asked, wanted, outputs)):
                outcomes.append(outcome)
                report(outcome)
    except (KeyboardInterrupt, SystemExit):  # out here, where no bar is drawn over the sentence
        there = f"{len(outcomes):,} of {len(wanted):,} runs"
        kept = f"finished runs are kept in {shown(outputs / asked.notebook)}"
        click.echo(f"stopped after {there}; {kept}; the same command makes the rest", err=True)
        raise
    return outcomes


@contextlib.contextmanager
def progress_of(asked, wanted: Sequence, outputs: Path) -> Iterator[Callable]:
    """Draw a bar on a terminal; write a line for each run to a file or a pipe."""
    from rich.console import Console

    names = {run.id: asked.named(run) for run in asked.planned}
    console = Console(stderr=True)
    with bar_with_lines(console) as bar:
        task = bar.add_task(asked.name, total=len(wanted))

        def report(outcome) -> None:
            bar.advance(task)
            if not (console.is_terminal and sys.stdout.isatty()):
                count = f"{bar.tasks[0].completed:.0f}/{len(wanted)}"
                state = f"{outcome.state}  {outcome.id}  {outcome.seconds:6.1f} s"
                click.echo(f"{count:>9}  {state}  {names[outcome.id]}")

        with shown_at_work(bar, names, outputs / asked.notebook):
            yield report


def bar_with_lines(console):
    """Make a bar with `lines` below it, as wide as the terminal: its columns would cut them."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class BarWithLines(Progress):
        lines = ()

        def get_renderables(self):
            yield from super().get_renderables()
            yield from (Text(line, no_wrap=True, overflow="ellipsis") for line in self.lines)

    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    return BarWithLines(*columns, *times, console=console, disable=not console.is_terminal)


@contextlib.contextmanager
def shown_at_work(bar, names: dict[str, str], home: Path) -> Iterator[None]:
    """Show below a bar what each run is at that is being made."""
    if bar.disable:
        yield
        return
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK):
            bar.lines = sorted(at_work(names, home).values())

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()
        bar.lines = ()


def at_work(names: dict[str, str], home: Path) -> dict[str, str]:
    """Read what each run is at that is being made, as the runs write it down."""
    from epochwatch_lab._runs.folder import ATTEMPT
    from epochwatch_lab._runs.record import PROGRESS

    now = {}
    for file in home.glob(f"*.{ATTEMPT}-*/{PROGRESS}"):
        run_id = file.parent.name.partition(".")[0]
        with contextlib.suppress(OSError):  # it has just ended
            if run_id in names:
                now[run_id] = f"  {names[run_id]}: {file.read_text(encoding='utf-8').strip()}"
    return now


def listed(asked, planned: Sequence, wanted: Sequence) -> list[str]:
    """List the runs of a sweep, one a line, the id first for programs that read it."""
    to_make = {run.id for run in wanted}
    return [
        "\t".join([run.id, "to make" if run.id in to_make else "finished", asked.named(run)])
        for run in planned
    ]


def summary(many: int, made_now: int, failed: int, folder: Path | None) -> str:
    """Write in a few lines what a sweep did."""
    from epochwatch_lab._runs.record import FINDINGS

    runs = f"{many:,} {'run' if many == 1 else 'runs'}"
    there = many - made_now - failed
    lines = [f"{runs}: {there:,} finished before, {made_now:,} made now, {failed:,} failed"]
    if folder:
        answer = json.loads((folder / FINDINGS).read_text(encoding="utf-8"))["answer"]
        lines = [textwrap.fill(plain(answer), WIDTH), "", *lines]
        lines += [
            f"summary  {shown(folder / 'notebook.ipynb')}",
            f"figure   {shown(folder / 'figures')}",
        ]
    return "\n".join(lines)


def failures(asked, failed: Sequence) -> list[str]:
    """List the runs that failed, each with its reason."""
    names = {run.id: asked.named(run) for run in asked.planned}
    lines = ["These runs failed; the same command tries them again:"]
    for outcome in failed:
        lines.append(f"  {outcome.id}  {names[outcome.id]}")
        lines += textwrap.wrap(
            outcome.reason, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6
        )
    return lines
