"""Markdown that kramdown (Jekyll) and GitHub read alike."""

import re
from html.parser import HTMLParser

from nbconvert import filters

_FENCED = (
    r"(?P<fenced>^[ \t]*(?:(?P<ticks>`{3,}+)[^`\n]*|(?P<tildes>~{3,}+).*)\n(?:.*\n)*?"
    r"[ \t]*(?:(?P=ticks)`*|(?P=tildes)~*)[ \t]*$)"
)
# Blank lines before an indented line may be inside an indented block of code.
_BLANK_LINES = re.compile(_FENCED + r"|\n{3,}+(?! {4}|\t)", re.MULTILINE)
# Begun only where spaces begin: else a long row of them takes time by its length squared.
_TRAILING = r"(?<![ \t])[ \t]++$"
_LINE_END = re.compile(r"(?P<hard_break>(?<=\S) {2,}+(?=\n[ \t]*\S))|" + _TRAILING, re.MULTILINE)
# A backslash before one of the first is read alike; before the others kramdown shows it.
_SYNTAX = re.compile(r"[\\\[\]{}*_`<>|$]")
_ENTITIES = str.maketrans({"&": "&amp;", "^": "&#94;", "~": "&#126;"})


def fenced(text: str, language: str) -> str:
    """Write text as a block of code.

    Args:
        text: any text; trailing spaces and blank lines around it are trimmed.
        language: what to highlight it as.

    Returns:
        The block, its fence longer than any run of backticks inside.

    Example:
        >>> print(fenced("1 + 1", "python"))
        ```python
        1 + 1
        ```
    """
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    body = re.sub(_TRAILING, "", text, flags=re.MULTILINE).strip("\n")
    return f"{fence}{language}\n{body}\n{fence}"


def image(alt: str, path: str) -> str:
    r"""Write a reference to an image.

    Args:
        alt: what the image shows, in words; any text.
        path: where it is, free of spaces and parentheses.

    Returns:
        One line of Markdown.

    Example:
        >>> print(image("order[0],\nepoch by epoch", "/assets/img/order.png"))
        ![order\[0\], epoch by epoch](/assets/img/order.png)
    """
    return f"![{literal(alt)}]({path})"


def literal(text: str) -> str:
    r"""Write text so that Markdown shows it as it is.

    Args:
        text: any text.

    Returns:
        One line of Markdown.

    Example:
        >>> print(literal("a_b | *c*"))
        a\_b \| \*c\*
    """
    return _SYNTAX.sub(r"\\\g<0>", " ".join(text.split()).translate(_ENTITIES))


def tidy(text: str) -> str:
    r"""Trim trailing spaces, and blank lines to one in a row, outside blocks of code.

    The two trailing spaces that break a line inside a paragraph mean something and stay.

    Args:
        text: Markdown.

    Returns:
        The same Markdown, ending in one newline.

    Example:
        >>> tidy("one \n\n\n\ntwo")
        'one\n\ntwo\n'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    trimmed = _LINE_END.sub(lambda end: "  " if end["hard_break"] else "", lines)
    return _BLANK_LINES.sub(lambda found: found["fenced"] or "\n\n", trimmed).strip("\n") + "\n"


class _Words(HTMLParser):
    """Gathers the text between the tags."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)


def plain_text(text: str) -> str:
    """Say the same without Markdown: no emphasis, no links, no code marks, on one line.

    Args:
        text: Markdown.

    Returns:
        Plain text.

    Example:
        >>> plain_text("The feed **resumes**: `steps_per_epoch` is *not* lost.")
        'The feed resumes: steps_per_epoch is not lost.'
    """
    words = _Words()
    words.feed(filters.markdown2html(text))
    words.close()
    return " ".join("".join(words.found).split())
