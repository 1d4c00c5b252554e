"""Tables as Markdown, so that they read the same in a notebook, a post and a terminal; shares."""

from collections.abc import Iterable, Sequence


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


def percent(share: float) -> str:
    """Write a share with one digit, never a 100 % or a 0 % that is not one.

    Args:
        share: from 0 to 1.

    Returns:
        The text.

    Example:
        >>> percent(0.5), percent(59_999 / 60_000), percent(1), percent(1e-6)
        ('50.0%', '99.9%', '100.0%', '<0.1%')
    """
    text = f"{share:.1%}"
    if text == "100.0%" and share < 1:
        return "99.9%"
    return "<0.1%" if text == "0.0%" and share > 0 else text


def _cell(value) -> str:
    if isinstance(value, str):
        return value.replace("|", "\\|")
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
