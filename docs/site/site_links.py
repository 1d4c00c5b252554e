"""What Sphinx does for this site beyond its own: links that lead on from files of the repository.

Sphinx runs in a process of its own, which loads this module as an extension.
"""

import json
import os
import tomllib
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from epochwatch_lab._runs import project
from epochwatch_lab._site import SITE_MAP


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, as an extension of it."""
    site_map = json.loads(Path(app.srcdir, SITE_MAP).read_text())
    app.connect("doctree-read", lambda app, page: lead_links_on(app, page, **site_map))
    app.connect("autodoc-skip-member", leave_out_fields)
    return {"parallel_read_safe": True}


def leave_out_fields(_app, kind: str, _name: str, part: object, *_) -> bool | None:
    """Leave out the fields of a class: its docstring has them, as Attributes."""
    is_field = kind == "class" and not callable(part) and not isinstance(part, property)
    return True if is_field else None


def lead_links_on(app: Sphinx, page: nodes.document, origins: dict, pages: dict, files: dict):
    """Have a link to a file of the repository lead to where the site, or the web, has it.

    What is nowhere is left to MyST, which warns.
    """
    origin = origins.get(app.env.docname)
    for link in list(page.findall(addnodes.pending_xref)) if origin else ():
        if link["reftype"] == "myst" and link["refdomain"] is None:
            target, mark, anchor = unquote(link["reftarget"]).partition("#")
            file = str((Path(origin).parent / target).resolve()) if target else None
            if file in pages:
                place = {"reftarget": pages[file], "reftargetid": anchor or None}
                link.attributes |= {"refdomain": "doc"} | place
            elif file in files:
                address = os.path.relpath(files[file], Path(app.env.docname).parent)
                link.replace_self(_reference(link, address + mark + anchor))
            elif file and Path(file).exists():
                link.replace_self(_in_repository(link, Path(file), mark + anchor))


def _in_repository(link: addnodes.pending_xref, file: Path, anchor: str) -> list[nodes.Node]:
    """Link to where the web has a file; only the words where pyproject.toml names no address."""
    if address := repository_address():
        inside = file.relative_to(project.ROOT).as_posix()
        return [_reference(link, f"{address}/blob/HEAD/{inside}{anchor}")]
    return link[0].children


def _reference(link: addnodes.pending_xref, address: str) -> nodes.reference:
    return nodes.reference("", "", *link[0].children, refuri=address)


@cache
def repository_address() -> str | None:
    """Find the address of the repository on the web; None where pyproject.toml names none."""
    about = tomllib.loads((project.ROOT / "pyproject.toml").read_text())["project"]
    return about.get("urls", {}).get("Repository")
