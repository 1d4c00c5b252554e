"""Copy the notebooks into lab/, where JupyterLab may save them and git does not look.

A copy that somebody has changed stays as it is. Any other follows its notebook; what it was copied
from is kept in lab/.copied, to tell the two apart.
"""

import json
import shutil
import sys
from pathlib import Path

from epochwatch_lab._runs import project

LAB = project.ROOT / "lab"


def sources(notebook: Path) -> list | None:
    """List what is written in a notebook's cells, without their outputs; None if it cannot."""
    try:
        return [cell["source"] for cell in json.loads(notebook.read_text())["cells"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None


def copy_notebook(notebook: Path, lab: Path) -> bool:
    """Bring a working copy up to date.

    Returns:
        Whether it was left as it is, because somebody has changed it and the notebook is another.
    """
    copy, copied = lab / notebook.name, lab / ".copied" / notebook.name
    if copy.exists() and sources(notebook) == sources(copied):
        return False  # nothing new: the copy keeps its outputs
    if copy.exists() and sources(copy) != sources(copied):
        return sources(copy) != sources(notebook)
    copied.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(notebook, copy)
    shutil.copyfile(notebook, copied)
    return False


if __name__ == "__main__":
    for notebook in map(project.notebook_path, project.notebook_names()):
        if copy_notebook(notebook, LAB):
            print(
                f"lab/{notebook.name} has your changes and stays; the notebook has changed too: "
                "rename your copy to get the new one",
                file=sys.stderr,
            )
