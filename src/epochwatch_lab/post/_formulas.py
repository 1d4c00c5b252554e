"""Formulas as MathML, which a browser shows by itself: no script, no font from elsewhere."""

import re
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markdown_it import MarkdownIt

from epochwatch.errors import BadInput

# What is a formula in Jupyter, as nbconvert's MathInlineParser says it; a formula ends with its
# paragraph, and one in dollars with its item of a list or before code. Escaped dollars are none.
_INSIDE = r"(?:(?!\n[ \t]*\n).)"
_NEXT_ITEM = r"\n[ \t]*(?:\n|[-*+>] |\d+[.)] )"
_FORMULA = re.compile(
    rf"(?P<code>(?<![`\\])(?P<ticks>`+)(?!`){_INSIDE}+?(?<!`)(?P=ticks)(?!`))"
    rf"|(?<!\\)\$\$(?P<block>{_INSIDE}+?)(?<!\\)\$\$"
    rf"|(?<!\\)\\\\\[(?P<latex_block>{_INSIDE}+?)(?<!\\)\\\\\]"
    rf"|(?<!\\)\\\\\((?P<latex>{_INSIDE}+?)(?<!\\)\\\\\)"
    rf"|(?P<environment>\\begin\{{(?P<name>[a-z]*\*?)\}}{_INSIDE}+?\\end\{{(?P=name)\}})"
    rf"|(?<![\\$])\$(?P<inline>(?:(?!{_NEXT_ITEM})[^$`]|(?<=\\)\$)+?)(?<!\\)\$(?!\$)",
    re.DOTALL,
)
_OWN_LINE = ("block", "latex_block", "environment")


def with_mathml(text: str) -> str:
    r"""Write each formula of a text as MathML, in an element of the class `math`.

    Args:
        text: Markdown as Jupyter reads it, its lines ending in a line feed.

    Raises:
        BadInput: a formula cannot be written so.

    Example:
        >>> with_mathml("It costs $5, not `$x$`.")
        'It costs $5, not `$x$`.'
        >>> with_mathml("$x$")[:60]
        '<span class="math"><math xmlns="http://www.w3.org/1998/Math/'
    """
    # A cheap look first: most texts have no formula, and Markdown takes long to read.
    if not _FORMULA.search(text):
        return text
    lines, written, begin = text.split("\n"), [], 0
    for first, end in [*_code_blocks(text), (len(lines), len(lines))]:
        if first > begin:
            written.append(_FORMULA.sub(_replacement, "\n".join(lines[begin:first])))
        written += lines[first:end]
        begin = end
    return "\n".join(written)


def _code_blocks(text: str) -> list[tuple[int, int]]:
    tokens = MarkdownIt("commonmark").parse(text)
    return [tuple(token.map) for token in tokens if token.type in ("fence", "code_block")]


def _replacement(match: re.Match) -> str:
    if match["code"]:
        return match[0]
    kind = match.lastgroup if match.lastgroup != "name" else "environment"
    mathml = _mathml(match[kind], "block" if kind in _OWN_LINE else "inline")
    return f'<span class="math">{mathml}</span>'


def _mathml(formula: str, display: str) -> str:
    try:
        # The two mean the same, of which the library knows one.
        mathml = convert(formula.replace("{aligned}", "{align*}"), display=display)
        words = "".join(ElementTree.fromstring(mathml).itertext())
    # The library has a dozen errors with no ancestor of their own, and trips over more.
    except Exception as error:
        raise _refusal(formula, type(error).__name__) from None
    # What it does not know it hands through as if it were a name.
    if unknown := re.search(r"\\[A-Za-z]*|&", words):
        raise _refusal(formula, unknown[0])
    return re.sub("&#x([0-9A-F]+);", _character, mathml)


def _character(match: re.Match) -> str:
    # ASCII might be Markdown, and Liquid's escape_once knows no hexadecimal.
    code = int(match[1], 16)
    return f"&#{code};" if code < 128 else chr(code)


def _refusal(formula: str, fault: str) -> BadInput:
    return BadInput(
        f"formula {' '.join(formula.split())!r}: got {fault}, which has no MathML here, allowed: "
        "LaTeX that latex2mathml knows; write it otherwise, or as code"
    )
