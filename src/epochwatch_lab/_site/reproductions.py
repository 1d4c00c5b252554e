"""The reproductions of what the atlas shows: a script of Keras alone, and the page beside it."""

from pathlib import Path
from typing import NamedTuple

import yaml

from epochwatch.errors import BadInput
from epochwatch_lab._site import texts
from epochwatch_lab._site.cells import AtlasFile

ABOUT = "README"  # the page that lists the others


class Reproduction(NamedTuple):
    """A finding that can be seen by running a script.

    Attributes:
        name: as cells name it.
        title: the finding in a sentence.
        verdict: what happens to the feed.
        warns: whether Keras says anything.
        text: file of its page.
        script: file to run.
        cells: how many of the atlas show it.
    """

    name: str
    title: str
    verdict: str
    warns: bool
    text: Path
    script: Path
    cells: int


def read_reproductions(atlas: Path, files: list[AtlasFile]) -> list[Reproduction]:
    """Find the reproductions, in the order of their names.

    Args:
        atlas: folder of the atlas.
        files: of the atlas, whose cells name them.

    Raises:
        BadInput: a page has no script or no title, or cells name one that is not there.
    """
    named = [cell.get("finding") for file in files for cell in file.cells]
    pages = sorted((atlas / "reproductions").glob("*.md"))
    reproductions = [_read_page(page, named) for page in pages if page.stem != ABOUT]
    for missing in sorted(set(named) - {None} - {one.name for one in reproductions}):
        raise BadInput(
            f"{atlas}: cells name {missing!r}, but there is no reproductions/{missing}.md"
        )
    return reproductions


def _read_page(page: Path, named: list[str | None]) -> Reproduction:
    name, script = page.stem, page.with_suffix(".py")
    try:
        fields = texts.front_fields(page.read_text())
        title, verdict, warns = (fields[name] for name in ("title", "verdict", "warns"))
    except (yaml.YAMLError, KeyError, TypeError):
        raise BadInput(f"{page}: does not begin with the fields title, verdict and warns") from None
    if not script.is_file():
        raise BadInput(f"{page}: has no {script.name} beside it")
    return Reproduction(name, title, verdict, warns, page, script, named.count(name))
