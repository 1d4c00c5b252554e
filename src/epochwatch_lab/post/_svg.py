"""A figure as SVG, which may draw and nothing else: no script runs, nothing is fetched."""

import re
from xml.etree import ElementTree

# What matplotlib writes.
_ELEMENTS = {"svg", "g", "path", "use", "defs", "clipPath", "rect", "image", "pattern", "style"}
_ELEMENTS |= {"metadata", "RDF", "Work", "Agent", "creator", "date", "format", "title", "type"}
_REFERENCE = re.compile(r"#|data:image/png;base64,")
_ELSEWHERE = re.compile(r"url\(\s*+[\"']?+(?!#)|@import", re.IGNORECASE)
_DECLARATION = re.compile(r"<!ENTITY|<\?(?!xml\s)")


def svg_fault(svg: str) -> str:
    """Name what an SVG cannot be published for; nothing where it only draws.

    Example:
        >>> svg_fault('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')
        'an SVG with <script>'
    """
    if declaration := _DECLARATION.search(svg):
        return f"an SVG with {declaration[0]}"
    try:
        elements = list(ElementTree.fromstring(svg).iter())
    except ElementTree.ParseError as error:
        return f"an SVG that cannot be read ({error})"
    return next(filter(None, map(_element_fault, elements)), "")


def _element_fault(element: ElementTree.Element) -> str:
    tag = _local_name(element.tag)
    if tag not in _ELEMENTS:
        return f"an SVG with <{tag}>"
    for name, value in {**element.attrib, "style element": element.text or ""}.items():
        runs = _local_name(name).startswith("on")
        leads = _local_name(name) == "href" and not _REFERENCE.match(value)
        if runs or leads or _ELSEWHERE.search(value):
            return f"an SVG with {_local_name(name)}={value[:40]!r}"
    return ""


def _local_name(name: str) -> str:
    return name.rpartition("}")[2]
