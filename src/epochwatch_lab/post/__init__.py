"""From an executed notebook to a post that can be published as it is.

Importing this package imports no nbconvert: each name is loaded when it is first used. README.md
says how anybody uses it; it needs nothing of the laboratory.
"""

import importlib

_HOMES = {
    "PostExporter": "_exporter",
    "PostMetadata": "_metadata",
    "export_post": "_blog",
}

__all__ = ["FLAVORS", "LINKS", "PostExporter", "PostMetadata", "export_post"]

FLAVORS = ("jekyll", "github")  # who shows the post
LINKS = ("absolute", "relative_url")  # how Jekyll finds its images


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
