"""The lists of notebooks and posts are made from the notebooks and the published posts."""

import importlib.util
import re

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS


@pytest.fixture
def script():
    """Load the script that makes the lists."""
    path = project.ROOT / "scripts" / "index_notebooks.py"
    spec = importlib.util.spec_from_file_location("index_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_pages_are_current(script):
    for path, text in script.index_pages().items():
        assert path.read_text() == text, "remake it with `make blog`"


def test_every_notebook_is_listed_and_no_other_exists(script):
    on_disk = sorted(path.stem for path in project.NOTEBOOKS.glob("*.ipynb"))
    assert on_disk == sorted(NOTEBOOKS)
    of_notebooks, _, readme = script.index_pages().values()
    assert all(f"({name}.ipynb)" in of_notebooks for name in on_disk)
    assert all(f"(notebooks/{name}.ipynb)" in readme for name in on_disk)


def test_every_link_of_the_pages_leads_to_a_file(script):
    for path, text in script.index_pages().items():
        links = re.findall(r"\]\(([^)#]+)[^)]*\)", text)
        assert links
        assert all((path.parent / link).exists() for link in links)


@pytest.mark.parametrize(
    ("excerpt", "answer"),
    [
        ("Yes: on Keras 3.15.1 it resumes. After 10 epochs, it ended.", "3.15.1 it resumes."),
        ("In 663 of 6,592 ways, rows are lost.", "rows are lost."),
        ("Does it? No, at 1 : 8. Yes, elsewhere.", "Does it?"),
    ],
)
def test_the_answer_is_the_first_sentence(script, excerpt, answer):
    assert script.first_sentence(excerpt).endswith(answer)


def test_a_readme_without_its_marks_is_refused(script, tmp_path, monkeypatch):
    page = tmp_path / "README.md"
    page.write_text("# epochwatch\n<!-- notebooks -->\n")
    monkeypatch.setattr(script, "README", page)
    with pytest.raises(BadInput, match="README.md: got no line <!-- notebooks --> with"):
        script.index_pages()
