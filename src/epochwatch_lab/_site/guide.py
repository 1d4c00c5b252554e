"""The user guide: the pages of `docs`, one a task."""

import re
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput

# In the order in which a user meets the tasks.
ORDER = (
    "watch",
    "audit",
    "balanced_batches",
    "resume",
    "reading_logs",
    "reports",
    "sweeps_and_clusters",
    "what_is_watched",
    "costs",
    "atlas",
)


class GuidePage(NamedTuple):
    """A page of the guide.

    Attributes:
        name: of its file.
        title: its heading.
        text: its file.
    """

    name: str
    title: str
    text: Path


def read_guide(docs: Path) -> list[GuidePage]:
    """Read the pages of the guide, in their order.

    Raises:
        BadInput: a page is missing, has no place in the order, or has no title.
    """
    there = {path.stem for path in docs.glob("*.md")}
    for name in sorted(there.symmetric_difference(ORDER)):
        what = "has no place in the guide's order" if name in there else "is missing"
        raise BadInput(f"{docs / name}.md: {what}; the order is in epochwatch_lab/_site/guide.py")
    return [GuidePage(name, _title_of(docs / f"{name}.md"), docs / f"{name}.md") for name in ORDER]


def _title_of(page: Path) -> str:
    title = re.match(r"# (.+)\n", page.read_text())
    if not title:
        raise BadInput(f"{page}: does not begin with its title, `# …`")
    return title[1]
