"""The list of notebooks is made from the notebooks and the published posts."""

import importlib.util

from epochwatch.runs import project
from epochwatch.runs.parameters import NOTEBOOKS


def script():
    """Load the script that makes the list."""
    path = project.ROOT / "scripts" / "index_notebooks.py"
    spec = importlib.util.spec_from_file_location("index_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_list_is_current():
    made = script()
    assert made.INDEX.read_text() == made.index(), "remake it with `make run`"


def test_every_notebook_is_listed_and_no_other_exists():
    on_disk = sorted(path.stem for path in project.NOTEBOOKS.glob("*.ipynb"))
    assert on_disk == sorted(NOTEBOOKS)
    assert all(f"({name}.ipynb)" in script().index() for name in on_disk)
