"""What a post folds away, and what scrolls in a box of its own.

A post keeps its reader's eye on the story: code that is not the point, long outputs and large
tables wait behind a line to click.
"""

import re
from collections.abc import Callable, Sequence

from nbformat import NotebookNode

from epochwatch_lab.post._markdown import BLOCKS

MOST_ROWS, MOST_COLUMNS = 6, 5  # of a table that stands in the flow of a post

# kramdown reads what is inside for the attribute, all others for the blank lines around it. Themes
# leave no space below; GitHub drops the style and has its own.
_DETAILS = '<details markdown="1" style="margin-bottom: 1em">'
_BOX = '<div markdown="1" style="overflow-x: auto">'
# On a telephone a table of words would be squeezed to a word a line before its box scrolls.
_WIDTH = '{: style="width: max-content; min-width: 100%; max-width: max(100%, 30em)"}'


def folded(text: str, summary: str) -> str:
    r"""Fold Markdown away below a line that a reader clicks.

    Example:
        >>> print(folded("1 + 1", "The code").partition("\n")[2])
        <summary>The code</summary>
        <BLANKLINE>
        1 + 1
        <BLANKLINE>
        </details>
    """
    return f"{_DETAILS}\n<summary>{summary}</summary>\n\n{text.strip()}\n\n</details>"


def large_tables_folded(text: str) -> str:
    """Fold each table away that has more rows or columns than a reader takes in."""

    def fold_large(table: str) -> str:
        rows, columns = _table_size(table)
        is_large = rows > MOST_ROWS or columns > MOST_COLUMNS
        return folded(table, _size_in_words(rows, columns)) if is_large else table

    return _with_tables(text, fold_large)


def tables_in_boxes(text: str) -> str:
    """Put each table into a box in which it scrolls, for themes let it widen the page.

    (GitHub's tables scroll by themselves.)
    """
    return _with_tables(text, lambda table: f"{_BOX}\n\n{table}\n{_WIDTH}\n\n</div>")


def outputs_summary(outputs: Sequence[NotebookNode]) -> str:
    """Say in a few words what a cell's outputs are, on the line that unfolds them."""
    texts = [output.get("data", {}).get("text/markdown", "") for output in outputs]
    if all("<img " in text for text in texts):
        return "The picture" if len(texts) == 1 else "The pictures"
    tables = []
    for text in texts:
        _with_tables(text, tables.append)
    return _size_in_words(*_table_size(tables[0])) if len(tables) == 1 else "The output"


def _with_tables(text: str, change: Callable[[str], str | None]) -> str:
    # A cheap look first: most texts have no table, and Markdown takes long to read.
    if "|" not in text:
        return text
    lines = text.split("\n")
    tables = [t.map for t in BLOCKS.parse(text) if t.type == "table_open" and t.level == 0]
    # From the end on, so that the lines before keep their numbers.
    for begin, end in reversed(tables):
        # kramdown takes a table right below a line of text for text.
        lines[begin:end] = ["", change("\n".join(lines[begin:end])) or "", ""]
    return "\n".join(lines)


def _table_size(table: str) -> tuple[int, int]:
    _, marks, *rows = table.split("\n")
    return len(rows), len(re.findall("-+", marks))


def _size_in_words(rows: int, columns: int) -> str:
    sizes = [f"{n:,} {what}{'s' * (n != 1)}" for n, what in ((rows, "row"), (columns, "column"))]
    return f"Table of {' and '.join(sizes)}"
