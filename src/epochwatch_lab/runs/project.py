"""Where this repository keeps its notebooks and what they make."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "notebooks"
SUMMARY = ROOT / "sweeps" / "summary.ipynb"
OUTPUTS = ROOT / "outputs"
EMBEDDED_DATA = ROOT / "data" / "mnist.npz"


def notebook_path(notebook: str) -> Path:
    """Find the file of a notebook.

    Raises:
        BadInput: this package is installed without its repository.
    """
    path = SUMMARY if notebook == "sweeps" else NOTEBOOKS / f"{notebook}.ipynb"
    if not path.is_file():
        raise BadInput(f"notebook: {path} does not exist; run from a clone of the repository")
    return path


class Cell(NamedTuple):
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


def cells_of(notebook: Path) -> list[Cell]:
    """Read a notebook's cells without nbformat, whose import takes a second.

    Raises:
        BadInput: the file is no notebook.
    """
    try:
        cells = json.loads(notebook.read_text())["cells"]
        return [_cell(cell) for cell in cells]
    except (OSError, ValueError, TypeError, KeyError):
        raise BadInput(
            f"notebook: {notebook} cannot be read; restore it with git checkout"
        ) from None


def _cell(cell: dict) -> Cell:
    metadata = cell["metadata"]
    seconds = metadata.get("papermill", {}).get("duration") or 0.0
    source = "".join(cell["source"])  # a text or a list of lines
    return Cell(cell["cell_type"], source, tuple(metadata.get("tags", ())), seconds)


def data_checksum() -> str:
    """Compute the SHA-256 of the embedded data, in hexadecimal digits."""
    return hashlib.sha256(EMBEDDED_DATA.read_bytes()).hexdigest()
