"""Build the atlas: `python scripts/build_atlas.py [--jobs N] [--only NAME]`.

Makes the environments of atlas/environments.yaml, observes what is missing of each, and writes
atlas/*.json. What was observed is kept in outputs/atlas, so that a build that was stopped goes
on where it was.
"""

import os
import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from epochwatch.atlas.building import build, parts_of
from epochwatch.atlas.environments import read_environments
from epochwatch.errors import BadInput

HERE = Path(__file__).parents[1]


@click.command()
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count(), show_default=True,
              help="Cells observed at once.")  # fmt: skip
@click.option("--only", metavar="NAME", help="One environment, such as keras-3.15.1.")
def main(jobs: int, only: str | None) -> None:
    """Observe what is missing of the atlas, and write atlas/*.json."""
    begin = time.monotonic()
    environments = read_environments(HERE / "atlas" / "environments.yaml")
    chosen = [one for one in environments if only in (None, one.name)]
    if not chosen:
        names = ", ".join(one.name for one in environments)
        raise BadInput(f"--only: got {only!r}, allowed: {names}")
    observed = sum(build_environment(one, jobs) for one in chosen)
    print(f"{observed:,} cells observed in {(time.monotonic() - begin) / 60:.1f} min")


def build_environment(environment, jobs: int) -> int:
    """Build the files of one environment; return how many cells were observed."""
    if not environment.runs_here():
        python = "{}.{}".format(*sys.version_info)
        print(f"{environment.name}: left out, needs Python {environment.python}, this is {python}")
        return 0
    parts = parts_of(environment, HERE / ".venv-atlas", HERE / "outputs" / "atlas")
    return sum(with_progress(part, jobs) for part in parts)


def with_progress(part, jobs: int) -> int:
    """Build one file, with a bar on a terminal and a line elsewhere."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    )  # fmt: skip
    console = Console(file=sys.stderr)
    begin = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(part.name, total=None)
        observed = build(
            part, HERE / "atlas", jobs,
            lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    if not console.is_terminal:
        print(
            f"{part.name}: {observed} cells observed, {time.monotonic() - begin:.0f} s", flush=True
        )
    return observed


if __name__ == "__main__":
    try:
        main.main(standalone_mode=False)
    except (BadInput, click.UsageError) as refusal:
        print(f"build_atlas: {refusal}", file=sys.stderr)
        sys.exit(2)
