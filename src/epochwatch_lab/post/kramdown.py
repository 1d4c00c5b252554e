"""Text that Jekyll's Markdown, kramdown, reads as Jupyter and GitHub read it."""

import itertools
import re

from markdown_it import MarkdownIt

_MARK = re.compile(
    r"(?P<kept>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|<[^>]*>|\\.)|(?P<mark>\||\{(?=:))",
    re.DOTALL,
)


def adapted(text: str) -> str:
    r"""Escape what means nothing elsewhere, and set tables apart.

    kramdown takes any line with a pipe for a table, what follows `{:` for attributes, and a
    table right below a line of text for text.

    Args:
        text: Markdown as Jupyter reads it.

    Returns:
        Markdown that kramdown reads so.

    Example:
        >>> print(adapted("P(a | b), not `a | b`"))
        P(a \| b), not `a | b`
    """
    lines = text.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for before, token in reversed(list(itertools.pairwise([None, *tokens]))):
        if before and before.type == "paragraph_open":
            begin, end = token.map
            lines[begin:end] = _MARK.sub(_escaped, "\n".join(lines[begin:end])).split("\n")
        elif token.type == "table_open" and token.level == 0:
            lines.insert(token.map[0], "")
    return "\n".join(lines)


def _escaped(found: re.Match) -> str:
    return found["kept"] or "\\" + found["mark"]
