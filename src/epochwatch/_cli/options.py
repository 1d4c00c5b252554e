"""What several commands have in common: options, exit codes, paths as they are shown."""

import re
from pathlib import Path

import click

from epochwatch._checks import whole_number

BAD_INPUT, FAILED = 2, 1
WIDTH = 80


class Count(click.ParamType):
    """A whole number, or a word; what is neither is refused as in Python.

    Args:
        low: the least number.
        word: allowed besides.
    """

    name = "count"

    def __init__(self, low: int = 1, word: str | None = None):
        self.low, self.word = low, word

    def convert(self, value, param, ctx):
        """Read the text that was given."""
        if self.word and value == self.word:
            return value
        number = int(value) if str(value).isdecimal() else value
        remedy = f", or {self.word}" if self.word else ""
        return whole_number(param.opts[0], number, self.low, remedy=remedy)


def count_option(
    name: str, text: str, default: int | None = None, low: int = 1, word: str | None = None
):
    """Make an option that takes a whole number, by default of 1 or more, or a word."""
    metavar = f"N|{word}" if word else "N"
    return click.option(
        name, type=Count(low, word), default=default, metavar=metavar, show_default=True, help=text
    )


def shown(path: Path) -> Path:
    """Shorten a path for reading where it lies below this folder."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def plain(answer: str) -> str:
    """Take emphasis and the marks of code out of an answer, for reading in a terminal."""
    return re.sub(r"[*`]", "", answer)
