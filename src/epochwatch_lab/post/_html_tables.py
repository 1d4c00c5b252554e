"""Tables that an output has as HTML only, as pandas' are, in Markdown."""

import re

import bs4

from epochwatch_lab.post import _markdown
from epochwatch_lab.post._terminal import FIRST_LINES

_NUMBER = re.compile(r"[-+−]?[\d.,]+(?:e[-+]?\d+)?%?|-?inf|nan|\\<NA\\>|\.\.\.|", re.IGNORECASE)
_MOST_COLUMNS = 1000  # that a cell spans in HTML


def tables_as_markdown(html: str) -> str:
    """Write HTML that is tables as Markdown.

    Names that stand in several rows of a header are joined by a slash, and a cell that spans
    several rows stands in the first.

    Args:
        html: an output's; pandas' style sheet is dropped, its line on the size stays.

    Returns:
        Markdown; nothing where the HTML is more than tables, as scikit-learn's diagrams are.

    Example:
        >>> print(tables_as_markdown("<table><tr><th>n</th></tr><tr><td>42</td></tr></table>"))
        | n |
        | ---: |
        | 42 |
    """
    soup = bs4.BeautifulSoup(html, "html.parser")
    for style in soup.find_all("style"):
        style.decompose()
    blocks = soup.find_all(["table", "p"])
    shown = [_table(b) if b.name == "table" else _markdown.escaped(b.get_text()) for b in blocks]
    for block in blocks:
        block.extract()
    return "" if soup.get_text(strip=True) else "\n\n".join(filter(None, shown))


def _table(table: bs4.Tag) -> str:
    rows = _grid(table.find_all("tr"))
    if not rows:
        return ""
    head = sum(row.find("td") is None for row in table.find_all("tr"))
    columns = list(zip(*rows, strict=True))
    header = [" / ".join(dict.fromkeys(filter(None, column[:head]))) for column in columns]
    marks = ["---:" if all(map(_NUMBER.fullmatch, c[head:])) else ":---" for c in columns]
    shown = rows[head:][:FIRST_LINES]
    left_out = len(rows) - head - len(shown)
    note = f"\n\n… {left_out:,} rows left out" if left_out else ""
    return _markdown.table(header, marks, shown) + note


# Spans are laid out here, for libraries lose them: markdownify and html2text pass over rowspan, so
# that the next row's cells move to the left; pandas.read_html makes 1,234 a 1234, and "Unnamed: 0"
# of a head without a name.
def _grid(rows: list[bs4.Tag]) -> list[list[str]]:
    grid: dict[tuple[int, int], str] = {}
    for number, row in enumerate(rows):
        column = 0
        for cell in row.find_all(["th", "td"]):
            while (number, column) in grid:
                column += 1
            text = _markdown.escaped(cell.get_text(" "))
            for below in range(_span(cell, "rowspan", len(rows) - number)):
                for right in range(_span(cell, "colspan", _MOST_COLUMNS)):
                    grid[number + below, column + right] = "" if below else text
    columns = range(1 + max((column for _, column in grid), default=-1))
    return [[grid.get((number, column), "") for column in columns] for number in range(len(rows))]


def _span(cell: bs4.Tag, kind: str, most: int) -> int:
    count = cell.get(kind, "1")
    return min(most, max(1, int(count))) if count.isdecimal() else 1
