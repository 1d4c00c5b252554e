"""The lists of notebooks and posts are made from the notebooks and the published posts."""

import importlib.util
import re

from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS


def script():
    """Load the script that makes the lists."""
    path = project.ROOT / "scripts" / "index_notebooks.py"
    spec = importlib.util.spec_from_file_location("index_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_pages_are_current():
    for path, text in script().index_pages().items():
        assert path.read_text() == f"{text}\n", "remake it with `make blog`"


def test_every_notebook_is_listed_and_no_other_exists():
    on_disk = sorted(path.stem for path in project.NOTEBOOKS.glob("*.ipynb"))
    assert on_disk == sorted(NOTEBOOKS)
    assert all(f"({name}.ipynb)" in next(iter(script().index_pages().values())) for name in on_disk)


def test_every_link_of_the_pages_leads_to_a_file():
    for path, text in script().index_pages().items():
        links = re.findall(r"\]\(([^)]+)\)", text)
        assert links
        assert all((path.parent / link).exists() for link in links)
