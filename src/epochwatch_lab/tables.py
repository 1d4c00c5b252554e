"""Tables as Markdown, so that they read the same in a notebook, a post and a terminal."""

from collections.abc import Iterable, Sequence

from epochwatch._text import percent

__all__ = ["Table", "markdown_table", "percent"]


class Table:
    """A table that shows itself in a notebook, and as Markdown everywhere else.

    Args:
        header: the columns' names.
        rows: a value to a column; whole numbers get thousands separators.

    Example:
        >>> Table(["stream", "samples"], [["majority", 53258]])
        | stream | samples |
        | :--- | ---: |
        | majority | 53,258 |
    """

    def __init__(self, header: Sequence[str], rows: Iterable[Sequence]):
        self.header = list(header)
        self.rows = [list(row) for row in rows]

    def _repr_markdown_(self) -> str:
        return markdown_table(self.header, self.rows)

    __repr__ = _repr_markdown_


def markdown_table(header: Sequence[str], rows: Iterable[Sequence]) -> str:
    """Write a table; whole numbers get thousands separators, and all numbers stand right.

    Args:
        header: the columns' names.
        rows: a value to a column.

    Returns:
        Markdown; nothing where there are no rows.

    Example:
        >>> print(markdown_table(["stream", "samples"], [["majority", 53258]]))
        | stream | samples |
        | :--- | ---: |
        | majority | 53,258 |
    """
    rows = list(rows)
    if not rows:
        return ""
    marks = [":---" if isinstance(value, str) else "---:" for value in rows[0]]
    lines = [header, marks, *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value) -> str:
    if isinstance(value, str):
        return value.replace("|", "\\|")
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
