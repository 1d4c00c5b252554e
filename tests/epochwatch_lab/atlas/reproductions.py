"""The reproductions of `atlas/reproductions`, and what their pages say that is printed."""

import ast
import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

from epochwatch_lab._atlas.reproductions import Reproduction, read_reproductions
from epochwatch_lab._runs import project

FOLDER = project.ROOT / "atlas/reproductions"
REPRODUCTIONS = {one.name: one for one in read_reproductions(FOLDER)}
FENCE = re.compile(r"^```(\w+) ?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REMEDY = "## What to do instead"


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        language: of its text.
        places: where it holds, as releases, backends or `keras-3.15/jax`; none for everywhere else.
        text: of the block.
    """

    language: str
    places: frozenset[str]
    text: str


def blocks_in(page: str, language: str) -> list[Block]:
    """List the blocks of a language."""
    blocks = [Block(kind, frozenset(on.split()), text) for kind, on, text in FENCE.findall(page)]
    return [block for block in blocks if block.language == language]


def remedy_of(reproduction: Reproduction) -> str:
    """Return what goes on where the script has ended, and is sound."""
    return "".join(block.text for block in blocks_in(reproduction.page, "python"))


def output_of(reproduction: Reproduction, release: str, backend: str) -> str:
    """Return what the script prints there, by the page: the block that names the place, if any."""
    of_script, _ = reproduction.page.split(REMEDY)
    here = {release, backend, f"{release}/{backend}"}
    blocks = sorted(blocks_in(of_script, "text"), key=lambda block: not block.places)
    return next(block.text for block in blocks if not block.places or block.places & here)


def remedied_output_of(reproduction: Reproduction) -> str:
    """Return what the remedy prints, by the page."""
    _, of_remedy = reproduction.page.split(REMEDY)
    [block] = blocks_in(of_remedy, "text")
    return block.text


def packages_of(reproduction: Reproduction) -> set[str]:
    """Return the packages that the script and its remedy import."""
    nodes = ast.walk(ast.parse(reproduction.script + remedy_of(reproduction)))
    imports = [node for node in nodes if isinstance(node, ast.Import)]
    return {alias.name for node in imports for alias in node.names}


def is_defined(source: str) -> bool | None:
    """Say whether "keras/src/file.py: Class.method" exists; None where its package is missing."""
    path, qualified = source.split(": ")
    package = importlib.util.find_spec(Path(path).parts[0])
    if package is None:
        return None
    file = Path(package.origin).parents[1] / path
    node = ast.parse(file.read_text()) if file.exists() else None
    for part in qualified.split("."):
        node = next((n for n in getattr(node, "body", []) if getattr(n, "name", "") == part), None)
    return node is not None
