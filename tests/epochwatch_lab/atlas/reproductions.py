"""The reproductions of `atlas/reproductions`: each a script, and beside it a page about it."""

import ast
import importlib.util
import re
from pathlib import Path
from typing import NamedTuple

import yaml

from epochwatch_lab._runs import project

FOLDER = project.ROOT / "atlas/reproductions"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py"))
FENCE = re.compile(r"^```(\w+) ?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page: its language, where it holds (nothing: everywhere), its text."""

    language: str
    holds_on: frozenset[str]
    text: str


class Reproduction(NamedTuple):
    """A script, and its page.

    Attributes:
        name: of both files.
        script: what shows the defect.
        facts: the page's front matter.
        page: the rest of the page.
    """

    name: str
    script: str
    facts: dict
    page: str

    @property
    def remedy(self) -> str:
        """What goes on where the script has ended, and is sound."""
        return "".join(block.text for block in self.blocks("python"))

    def blocks(self, language: str) -> list[Block]:
        """The page's blocks in a language."""
        blocks = (Block(kind, frozenset(on.split()), t) for kind, on, t in FENCE.findall(self.page))
        return [block for block in blocks if block.language == language]

    def shown(self, environment: str, backend: str) -> str:
        """What the page says that the script prints there: the block that says most closely."""
        of_script, _ = self.page.split("## What to do instead")
        blocks = self._replace(page=of_script).blocks("text")
        here = [block for block in blocks if block.holds_on <= {environment, backend}]
        return max(here, key=lambda block: len(block.holds_on)).text

    @property
    def remedied(self) -> str:
        """What the page says that the remedy prints."""
        _, of_remedy = self.page.split("## What to do instead")
        [block] = self._replace(page=of_remedy).blocks("text")
        return block.text

    def needs(self) -> set[str]:
        """The packages that the script and its remedy import."""
        nodes = ast.walk(ast.parse(self.script + self.remedy))
        imports = [node for node in nodes if isinstance(node, ast.Import)]
        return {alias.name for node in imports for alias in node.names}


def read(name: str) -> Reproduction:
    """Read a reproduction."""
    _, front, page = (FOLDER / f"{name}.md").read_text().split("---\n", 2)
    return Reproduction(name, (FOLDER / f"{name}.py").read_text(), yaml.safe_load(front), page)


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
