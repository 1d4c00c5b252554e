"""What several commands have in common: options, exit codes, paths as they are shown."""

from pathlib import Path

import click

from epochwatch.runs import project

BAD_INPUT, FAILED = 2, 1
WIDTH = 80


def outputs_option(text: str):
    """Make the option --outputs, which all commands that write have."""
    return click.option(
        "--outputs",
        type=click.Path(path_type=Path),
        default=project.OUTPUTS,
        metavar="DIR",
        help=f"{text}  [default: outputs]",
    )


def shown(path: Path) -> Path:
    """Shorten a path for reading where it lies below this folder."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
