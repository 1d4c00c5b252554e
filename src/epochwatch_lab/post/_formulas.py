"""Formulas as MathML, which a browser shows by itself: no script, no font from elsewhere."""

import re
from xml.etree import ElementTree

from latex2mathml.converter import convert

from epochwatch.errors import BadInput
from epochwatch_lab.post._markdown import changed_outside_code

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
    return changed_outside_code(text, lambda prose: _FORMULA.sub(_replacement, prose))


def _replacement(match: re.Match) -> str:
    if match["code"]:
        return match[0]
    kind = match.lastgroup if match.lastgroup != "name" else "environment"
    if kind not in _OWN_LINE:
        return f'<span class="math">{_mathml(match[kind], "inline")}</span>'
    # A long one scrolls in its own line, and widens no page.
    style = "display: block; overflow: auto hidden"
    return f'<span class="math" style="{style}">{_mathml(match[kind], "block")}</span>'


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
