"""Markdown as pages of the site: code in colours, formulas by the browser, links that lead on."""

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from epochwatch_lab.post._formulas import with_mathml

FENCE = "---\n"
IN_HTML = re.compile(r'\b(src|srcset)="([^"]*)"')


def coloured_code(code: str, language: str, _attributes: str = "") -> str:
    """Write code as HTML; what is too wide scrolls, by the keyboard too."""
    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        lexer = TextLexer()
    inner = highlight(code, lexer, HtmlFormatter(nowrap=True))
    return f'<pre class="highlight" tabindex="0"><code>{inner}</code></pre>\n'


def as_html(text: str, source: Path, places: dict[Path, str], here: str) -> str:
    """Write Markdown as HTML.

    Args:
        text: the Markdown.
        source: its file; links are relative to it.
        places: where in the site the files of the repository are.
        here: where in the site the HTML will be.

    Returns:
        The HTML. A link to a file that is no part of the site is plain text.
    """
    reader = MarkdownIt("commonmark", {"highlight": coloured_code}).enable(
        ["table", "strikethrough"]
    )
    tokens = reader.parse(with_mathml(text))
    to_place = partial(_place_of, source=source, places=places, here=here)
    for token in tokens:
        if token.type == "table_open":
            token.attrSet("tabindex", "0")
        for child in (token, *(token.children or ())):
            _lead_on(child, to_place)
        token.children = token.children and _without_dead_links(token.children)
    for opening, name, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        # A header without text names nothing: it is an ordinary cell.
        if opening.type == "th_open" and not name.content:
            opening.tag = closing.tag = "td"
        elif opening.type == "heading_open":
            opening.attrSet("id", heading_anchor(name.content))
    return reader.renderer.render(tokens, reader.options, {})


def heading_anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading.

    Example:
        >>> heading_anchor("Watch `fit`, again")
        'watch-fit-again'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def without_fields(text: str) -> str:
    r"""Leave out the fields that a page begins with.

    Example:
        >>> without_fields("---\nwarns: false\n---\n\n# Title")
        '# Title'
    """
    if text.startswith(FENCE):
        text = text.partition(f"\n{FENCE}")[2]
    return text.lstrip()


def front_fields(text: str) -> dict:
    """Read the fields that a page begins with.

    Raises:
        yaml.YAMLError: they are no YAML.
    """
    return next(yaml.safe_load_all(text)) if text.startswith(FENCE) else {}


def _lead_on(token: Token, to_place: Callable[[str], str]) -> None:
    key = {"link_open": "href", "image": "src"}.get(token.type)
    if key:
        token.attrSet(key, to_place(token.attrGet(key)))
    elif token.type in ("html_inline", "html_block"):
        token.content = IN_HTML.sub(
            lambda match: f'{match[1]}="{to_place(match[2])}"', token.content
        )


def _place_of(target: str, source: Path, places: dict[Path, str], here: str) -> str:
    """Say how the page `here` refers to a file; "" where that is no part of the site."""
    if urlsplit(target).scheme or target.startswith("#"):
        return target
    path, mark, anchor = target.partition("#")
    place = places.get((source.parent / unquote(path)).resolve())
    return quote(os.path.relpath(place, Path(here).parent)) + mark + anchor if place else ""


def _without_dead_links(children: list[Token]) -> list[Token]:
    kept, dead = [], False
    for child in children:
        opens_dead = child.type == "link_open" and child.attrGet("href") == ""
        if not opens_dead and not (dead and child.type == "link_close"):
            kept.append(child)
        dead = opens_dead or (dead and child.type != "link_close")
    return kept
