"""Where this repository keeps its notebooks and what they make."""

import hashlib
from pathlib import Path

from epochwatch.errors import BadInput

ROOT = Path(__file__).resolve().parents[3]
NOTEBOOKS = ROOT / "notebooks"
SUMMARY = ROOT / "sweeps" / "summary.ipynb"
OUTPUTS = ROOT / "outputs"
EMBEDDED_DATA = ROOT / "data" / "mnist.npz"


def notebook_path(notebook: str) -> Path:
    """Find the file of a notebook.

    Args:
        notebook: its name, without ending; `sweeps` is the one that sums up a sweep.

    Returns:
        Its path.

    Raises:
        BadInput: this package is installed without its repository.
    """
    path = SUMMARY if notebook == "sweeps" else NOTEBOOKS / f"{notebook}.ipynb"
    if not path.is_file():
        raise BadInput(f"notebook: {path} does not exist; run from a clone of the repository")
    return path


def data_checksum() -> str:
    """Compute the SHA-256 of the embedded data, in hexadecimal digits."""
    return hashlib.sha256(EMBEDDED_DATA.read_bytes()).hexdigest()
