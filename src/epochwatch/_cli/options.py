"""What several commands have in common: options, exit codes, paths as they are shown."""

import re
from pathlib import Path

import click

BAD_INPUT, FAILED = 2, 1
WIDTH = 80


def count_option(name: str, text: str, default: int | None = None):
    """Make an option that takes a number of 1 or more."""
    return click.option(
        name, type=click.IntRange(min=1), default=default, metavar="N", show_default=True, help=text
    )


def shown(path: Path) -> Path:
    """Shorten a path for reading where it lies below this folder."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def plain(answer: str) -> str:
    """Take emphasis and the marks of code out of an answer, for reading in a terminal."""
    return re.sub(r"[*`]", "", answer)
