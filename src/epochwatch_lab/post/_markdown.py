"""Markdown that kramdown (Jekyll) and GitHub read alike, and that Liquid leaves alone."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from nbconvert import filters

BLOCKS = MarkdownIt("commonmark").enable("table").disable("inline")  # what is inside takes longest
_TELEPHONE = "(max-width: 600px)"  # of the page

# Any text as Markdown

# A backslash before one of the first is read alike; before the others kramdown shows it.
_SYNTAX = re.compile(r"[\\\[\]{}*_`<>|$]")
_ENTITIES = str.maketrans({"&": "&amp;", "^": "&#94;", "~": "&#126;"})

# Begun only where spaces begin: else a long row of them takes time by its length squared.
_TRAILING = r"(?<![ \t])[ \t]++$"


def escaped(text: str) -> str:
    r"""Write text on one line, so that Markdown shows it as it is.

    Example:
        >>> print(escaped("a_b | *c*"))
        a\_b \| \*c\*
    """
    return _SYNTAX.sub(r"\\\g<0>", " ".join(text.split()).translate(_ENTITIES))


def fenced(text: str, language: str) -> str:
    """Write text as a block of code, its fence longer than any run of backticks inside.

    Trailing spaces, and blank lines around the text, are trimmed.

    Example:
        >>> print(fenced("1 + 1", "python"))
        ```python
        1 + 1
        ```
    """
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    body = re.sub(_TRAILING, "", text, flags=re.MULTILINE).strip("\n")
    return f"{fence}{language}\n{body}\n{fence}"


def image(alt: str, path: str, width: int | None = None, narrow_path: str = "") -> str:
    r"""Write an image as HTML, which kramdown and GitHub read alike, and Markdown cannot size.

    Args:
        alt: what it shows, in words.
        path: the image's, free of what HTML would act on.
        width: in pixels; on a narrower page the theme makes it smaller.
        narrow_path: of the image that a telephone shows instead.

    Example:
        >>> print(image("order,\nepoch by epoch", "order.png", 768))
        <p><img src="order.png" alt="order, epoch by epoch" width="768"></p>
    """
    # What is in dollars, and behind a backslash, might be taken for a formula.
    words = html.escape(" ".join(alt.split())).replace("$", "&#36;").replace("\\", "&#92;")
    size = f' width="{width}"' if width else ""
    shown = f'<img src="{path}" alt="{words}"{size}>'
    if narrow_path:
        source = f'<source media="{_TELEPHONE}" srcset="{narrow_path}">'
        shown = f"<picture>\n{source}\n{shown}\n</picture>"
    return f"<p>{shown}</p>"


def table(header: Sequence[str], marks: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table, whose cells are Markdown of one line.

    Example:
        >>> print(table(["stream", "n"], [":---", "---:"], [["majority", "42"]]))
        | stream | n |
        | :--- | ---: |
        | majority | 42 |
    """
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, marks, *rows))


# Markdown made the same for all who read it


def changed_outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change what a text is between its blocks of code."""
    lines, changed, begin = text.split("\n"), [], 0
    blocks = [t.map for t in BLOCKS.parse(text) if t.type in ("fence", "code_block")]
    for first, end in [*blocks, (len(lines), len(lines))]:
        if first > begin:
            changed.append(change("\n".join(lines[begin:first])))
        changed += lines[first:end]
        begin = end
    return "\n".join(changed)


_FENCED = (
    r"(?P<fenced>^[ \t]*(?:(?P<ticks>`{3,}+)[^`\n]*|(?P<tildes>~{3,}+).*)\n(?:.*\n)*?"
    r"[ \t]*(?:(?P=ticks)`*|(?P=tildes)~*)[ \t]*$)"
)
# Blank lines before an indented line may be inside an indented block of code.
_BLANK_LINES = re.compile(_FENCED + r"|\n{3,}+(?! {4}|\t)", re.MULTILINE)
_LINE_END = re.compile(r"(?P<hard_break>(?<=\S) {2,}+(?=\n[ \t]*\S))|" + _TRAILING, re.MULTILINE)


def tidied(text: str) -> str:
    r"""Trim trailing spaces, and blank lines to one in a row, outside blocks of code.

    The two trailing spaces that break a line inside a paragraph mean something and stay.

    Example:
        >>> tidied("one \n\n\n\ntwo")
        'one\n\ntwo\n'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    trimmed = _LINE_END.sub(lambda end: "  " if end["hard_break"] else "", lines)
    return _BLANK_LINES.sub(lambda match: match["fenced"] or "\n\n", trimmed).strip("\n") + "\n"


# Longer than this, and in no place to break it, a word may be wider than a telephone's page.
_LONG = r"[^\s<>`]{31}"
_KRAMDOWN_MARK = re.compile(
    rf"(?P<long>(?P<long_ticks>`+)(?!`)[^`]*{_LONG}[^`]*(?P=long_ticks)(?!`)"
    rf"|<https?://{_LONG}[^\s>]*>)"
    r"|(?P<kept>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|<[^>]*>|\\.|\]\([^)\s]*\)|\ufdd1[^\ufdd2]*)"
    r"|(?P<mark>\||\{(?=:))"
    r"|(?P<word>[^\s`<>\\|{}()\[\]*&\ufdd1-\ufdd3]{31,})",
    re.DOTALL,
)


def for_kramdown(text: str) -> str:
    r"""Have Jekyll's Markdown, kramdown, read text as Jupyter and GitHub read it.

    kramdown takes any line with a pipe for a table and what follows `{:` for attributes: so both
    are escaped. A long word is told that it may be broken anywhere, for themes keep it whole.

    Example:
        >>> print(for_kramdown("P(a | b), not `a | b`"))
        P(a \| b), not `a | b`
    """
    lines = text.split("\n")
    for token in BLOCKS.parse(text):
        if token.type == "paragraph_open":
            begin, end = token.map
            # It stays as many lines, so that those after it keep their numbers.
            paragraph = "\n".join(lines[begin:end])
            lines[begin:end] = _KRAMDOWN_MARK.sub(_replacement, paragraph).split("\n")
    return "\n".join(lines)


def _replacement(match: re.Match) -> str:
    if match["mark"]:
        return "\\" + match["mark"]
    if long := match["long"] or match["word"]:
        return f'<span style="overflow-wrap: anywhere">{long}</span>'
    return match["kept"]


_LIQUID_OPENING = re.compile(r"\{(?=[{%])")


def for_liquid(text: str) -> str:
    """Escape text so that Jekyll's template language, Liquid, renders it to itself.

    Liquid acts on two openings only, `{{` and `{%`. The first brace of each is replaced by
    a Liquid expression that prints a brace; all else, Keras' `{epoch:02d}` included, stays.

    The usual way, a `raw` tag around the text, is not safe: Liquid 4.0.4, which GitHub
    Pages runs, prints the text before a tag twice where an opening before it was left
    unclosed (`{{ a {% b %}` comes out as `{{ a {{ a {% b %}`), a literal `endraw` ends the
    tag, and Jekyll cuts its automatic excerpts in the middle of it.

    Example:
        >>> for_liquid("{{ x }} and {epoch:02d}")
        '{{ "{" }}{ x }} and {epoch:02d}'

    Source: `lib/liquid.rb` (TemplateParser) and `lib/liquid/tags/raw.rb` of Liquid 4.0.4,
    5.4.0 and 5.13.0.
    """
    return _LIQUID_OPENING.sub('{{ "{" }}', text)


# Text without Markdown


class _TextBetweenTags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.pieces = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def plain_text(text: str) -> str:
    """Write Markdown on one line without emphasis, links and marks of code.

    Example:
        >>> plain_text("The feed **resumes**: `steps_per_epoch` is *not* lost.")
        'The feed resumes: steps_per_epoch is not lost.'
    """
    words = _TextBetweenTags()
    words.feed(filters.markdown2html(text))
    words.close()
    return " ".join("".join(words.pieces).split())
