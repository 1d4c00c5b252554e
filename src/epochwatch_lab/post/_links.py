"""Links between notebooks as links between posts; to the guide and the atlas, to where they are.

In Jekyll the address of a post depends on the site's settings, and a post may not be published.
So Liquid is asked for it when the site is built; where there is none, the words stand alone.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from nbformat import NotebookNode

from epochwatch.errors import BadInput
from epochwatch_lab.post._cells import cell_name
from epochwatch_lab.post._markdown import changed_outside_code

# A link in brackets; or code, in which there is none.
_LINK = re.compile(
    r"(?P<kept>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\\.|!\[)"
    r"|\[(?P<words>(?:`[^`]*`|\\.|[^\[\]\\`])*)\]\((?P<target>[^()\s]+)\)",
    re.DOTALL,
)
# What of a repository such as this one is in its site, by how a notebook refers to it.
_PAGES = {
    r"\.\./docs/(\w+)\.md": r"guide/\1.html",
    r"\.\./atlas/reproductions/(\w+)\.md": r"reproductions/\1.html",
    r"\.\./atlas/reproductions/?": "reproductions/index.html",
    r"\.\./atlas/?": "atlas/index.html",
}
# They stand for Liquid until the text is protected from it; in no text.
_TO_POST = re.compile("\ufdd1([a-z0-9-]+)([^\ufdd2]*)\ufdd2(.*?)\ufdd3", re.DOTALL)
_ASKED_OF_LIQUID = (
    r'{% assign linked = site.posts | where: "slug", "\1" | first %}{% if linked %}[{% endif %}'
    r"\3{% if linked %}]({{ linked.url | relative_url }}\2){% endif %}"
)


def lead_links_on(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Change each link to a notebook, to the guide or to the atlas so that it leads on.

    Args:
        notebook: its outputs cleaned.
        resources: nbconvert's, with the `post`, whose `related` names other notebooks' posts, and
            `to_post` and `to_page`, which write a link.

    Returns:
        The notebook, changed in place, and the resources.

    Raises:
        BadInput: a link leads to a notebook that is not related, or is not written as
            `[words](file.ipynb)`.
    """

    def led_on(text: str) -> str:
        # A cheap look first: most texts have no link, and Markdown takes long to read.
        if "](" not in text:
            return text
        return changed_outside_code(text, lambda prose: _LINK.sub(replacement, prose))

    def replacement(match: re.Match) -> str:
        if match["kept"]:
            return match[0]
        path, mark, fragment = match["target"].partition("#")
        if slug := resources["post"].related.get(path):
            return resources["to_post"](match["words"], slug, mark + fragment)
        for pattern, page in _PAGES.items():
            if found := re.fullmatch(pattern, path):
                address = resources["to_page"](path, found.expand(page)) + mark + fragment
                return f"[{match['words']}]({address})"
        return match[0]

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = led_on(cell.source)
            _refuse_unled(cell, cell.source, resources["post"].related)
        for output in cell.get("outputs", []):
            if text := output.get("data", {}).get("text/markdown"):
                output.data["text/markdown"] = led_on(text)
                _refuse_unled(cell, output.data["text/markdown"], resources["post"].related)
    return notebook, resources


def in_jekyll(site: str) -> dict[str, Callable]:
    """Write links of a post in Jekyll.

    Args:
        site: the address below which the pages of `make site` are.
    """

    def to_post(words: str, slug: str, fragment: str) -> str:
        return f"\ufdd1{slug}{fragment}\ufdd2{words}\ufdd3"

    return {"to_post": to_post, "to_page": lambda _path, page: f"{site.rstrip('/')}/{page}"}


def on_github(root: str) -> dict[str, Callable]:
    """Write links of a post on GitHub.

    Args:
        root: the way from the post's folder to the repository's.
    """

    def to_post(words: str, slug: str, fragment: str) -> str:
        return f"[{words}]({slug}.md{fragment})"

    return {"to_post": to_post, "to_page": lambda path, _page: root + path.removeprefix("..")}


def asked_of_liquid(text: str) -> str:
    """Write what Jekyll is to look up; the text is protected from Liquid already."""
    return _TO_POST.sub(_ASKED_OF_LIQUID, text)


def _refuse_unled(cell: NotebookNode, text: str, related: dict[str, str]) -> None:
    if ".ipynb" not in text:
        return
    for path in filter(lambda path: path.endswith(".ipynb"), _relative_paths(text)):
        remedy = "write it as [words](file.ipynb)"
        if path not in related:
            known = ", ".join(related) or "none"
            remedy = f"{known}; name its slug in the notebook's metadata epochwatch.related"
        raise BadInput(f"{cell_name(cell)}: got a link to {path!r}, allowed: {remedy}")


def _relative_paths(text: str) -> Iterator[str]:
    tokens = [
        child
        for token in MarkdownIt("commonmark").enable("table").parse(text)
        for child in token.children or ()
    ]
    for token in tokens:
        target = urlsplit(str(token.attrGet("href") or ""))
        if not target.scheme:
            yield target.path
