"""Where notebooks, the files that they read, and outputs are.

The package carries the notebooks and what they read: in a clone by links to its folders, in a
wheel as files. So one path serves both.
"""

import json
import re
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput

PACKAGE = Path(__file__).resolve().parents[1]
# The clone that the package runs from; None where it is installed.
ROOT = PACKAGE.parents[1] if PACKAGE.parent.name == "src" else None
SUMMARY = "sweeps"  # the notebook that sums up a sweep, named as the folder of its runs
BEFORE_FIRST_SECTION = "start and imports"


def carried(name: str) -> Path:
    """Find a file or folder that the package carries.

    Args:
        name: such as `atlas` or `sweeps/never_saw.json`.

    Returns:
        Its path, in a clone that of the clone's own file.
    """
    return (PACKAGE / "_carried" / name).resolve()


NOTEBOOKS = carried("notebooks")


def default_outputs() -> Path:
    """Choose the folder of all runs: the clone's from within it, else `outputs` right here."""
    here = Path.cwd()
    home = ROOT if ROOT and here.is_relative_to(ROOT) else here
    return home / "outputs"


def notebook_names() -> list[str]:
    """List the notebooks that there are, in reading order."""
    return sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb"))


def notebook_path(notebook: str) -> Path:
    """Find the file of a notebook.

    Raises:
        BadInput: it is not there.
    """
    is_summary = notebook == SUMMARY
    path = carried("sweeps/summary.ipynb") if is_summary else NOTEBOOKS / f"{notebook}.ipynb"
    if not path.is_file():
        raise BadInput(f"notebook: {path} does not exist; restore it, or install epochwatch again")
    return path


class NotebookCell(NamedTuple):
    """A cell of a notebook.

    Attributes:
        kind: "code" or "markdown".
        source: what is written in it.
        tags: its tags.
        seconds: how long papermill took to run it; 0 where it has not.
    """

    kind: str
    source: str
    tags: tuple[str, ...]
    seconds: float


def cells_of(notebook: Path) -> list[NotebookCell]:
    """Read a notebook's cells without nbformat, whose import takes a second.

    Raises:
        BadInput: the file is no notebook.
    """
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        return [_cell(cell) for cell in cells]
    except (OSError, ValueError, TypeError, KeyError):
        raise BadInput(f"notebook: {notebook} cannot be read as a notebook; restore it") from None


def _cell(cell: dict) -> NotebookCell:
    metadata = cell["metadata"]
    seconds = metadata.get("papermill", {}).get("duration") or 0.0
    source = "".join(cell["source"])  # a text or a list of lines
    return NotebookCell(cell["cell_type"], source, tuple(metadata.get("tags", ())), seconds)


def sections_of(cells: list[NotebookCell]) -> list[str]:
    """Name for each cell the heading that it stands under.

    Example:
        >>> first = NotebookCell("code", "1", (), 0)
        >>> sections_of([first, NotebookCell("markdown", "## The feed", (), 0)])
        ['start and imports', 'The feed']
    """
    section, sections = BEFORE_FIRST_SECTION, []
    for cell in cells:
        heading = re.match(r"## (.*)", cell.source) if cell.kind == "markdown" else None
        section = heading[1] if heading else section
        sections.append(section)
    return sections


def seconds_by_section(executed: Path) -> dict[str, float]:
    """Sum up what papermill noted of each cell, under the headings of the notebook.

    Returns:
        Seconds by heading, in the order of the notebook.
    """
    cells, seconds = cells_of(executed), {}
    for cell, section in zip(cells, sections_of(cells), strict=True):
        seconds[section] = round(seconds.get(section, 0) + cell.seconds, 2)
    return seconds
