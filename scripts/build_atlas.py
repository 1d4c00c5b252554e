"""Build the atlas: `python scripts/build_atlas.py [--jobs N] [--only NAME]`.

Makes the environments of atlas/environments.yaml, observes what is missing of each, and writes
atlas/*.json. What was observed is kept in outputs/atlas, so that a build that was stopped goes
on where it was.
"""

import os
import sys
import time
from pathlib import Path
from typing import NoReturn

import click
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from epochwatch.errors import BadInput
from epochwatch_lab._atlas.building import build_part, parts_of
from epochwatch_lab._atlas.environments import read_environments

HERE = Path(__file__).parents[1]


WORK = HERE / "outputs" / "atlas"


def refuse(why: str) -> NoReturn:
    """End with one line."""
    print(f"build_atlas: {why}", file=sys.stderr)
    sys.exit(2)


@click.command()
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=os.cpu_count(),
    show_default=True,
    help="Cells observed at once.",
)
@click.option("--only", metavar="NAME", help="One environment, such as keras-3.15.1.")
def main(jobs: int, only: str | None) -> None:
    """Observe what is missing of the atlas, and write atlas/*.json."""
    begin = time.monotonic()
    environments = read_environments(HERE / "atlas" / "environments.yaml")
    chosen = [one for one in environments if only in (None, one.name)]
    if not chosen:
        names = ", ".join(one.name for one in environments)
        raise BadInput(f"--only: got {only!r}, allowed: {names}")
    WORK.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(WORK / ".lock", timeout=0):
            observed = sum(build_environment(one, jobs) for one in chosen)
    except Timeout:
        raise BadInput("the atlas is being built by another process; wait for it") from None
    print(f"{observed:,} cells observed in {(time.monotonic() - begin) / 60:.1f} min")


def build_environment(environment, jobs: int) -> int:
    """Build the files of one environment; return how many cells were observed."""
    if not environment.runs_here():
        python = "{}.{}".format(*sys.version_info)
        print(f"{environment.name}: left out, needs Python {environment.python}, this is {python}")
        return 0
    parts = parts_of(environment, HERE / ".venv-atlas", WORK)
    return sum(with_progress(part, jobs) for part in parts)


def with_progress(part, jobs: int) -> int:
    """Build one file, with a bar on a terminal and a line elsewhere."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr)
    begin = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(part.name, total=None)
        observed = build_part(
            part,
            HERE / "atlas",
            jobs,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    if not console.is_terminal:
        print(
            f"{part.name}: {observed} cells observed, {time.monotonic() - begin:.0f} s", flush=True
        )
    return observed


if __name__ == "__main__":
    try:
        main.main(standalone_mode=False)
    except click.ClickException as refusal:
        refuse(refusal.format_message())
    except BadInput as refusal:
        refuse(str(refusal))
    except OSError as error:  # a full disk, say; what was observed is kept
        refuse(f"{error}; once that is mended, `make atlas` continues from here")
    except (click.Abort, KeyboardInterrupt):
        print("stopped; `make atlas` continues from here", file=sys.stderr)
        sys.exit(130)
