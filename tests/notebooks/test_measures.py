"""The notebooks keep to their form: short cells, prose, one story, and a way on to the next."""

import datetime
import json
import re
import statistics

import pytest

from epochwatch_lab._runs import project

NAMES = project.notebook_names()
HIDING = {"remove-input", "remove-cell", "answer"}
FOLDED = HIDING | {"fold-input", "parameters"}
ENDS = ["What this does not show", "What to do", "Try it"]
LONGEST_LINE = 72  # characters: what fits beside a telephone's or a blog's margin


class Notebook:
    """A notebook, its cells and its metadata."""

    def __init__(self, name):
        content = json.loads(project.notebook_path(name).read_text())
        self.name, self.cells = name, content["cells"]
        self.post = content["metadata"]["epochwatch"]

    def of(self, kind):
        return [cell for cell in self.cells if cell["cell_type"] == kind]


def tags(cell):
    return set(cell["metadata"].get("tags", ()))


def lines(cell):
    return [line for line in "".join(cell["source"]).split("\n") if line.strip()]


@pytest.fixture(params=NAMES)
def notebook(request):
    """Each notebook."""
    return Notebook(request.param)


def test_code_cells_are_short_and_half_of_a_notebook_is_prose(notebook):
    lengths = [len(lines(cell)) for cell in notebook.of("code") if "parameters" not in tags(cell)]
    assert max(lengths) <= 20
    assert 3 <= statistics.median(lengths) <= 8
    assert 0.4 <= len(notebook.of("markdown")) / len(notebook.cells) <= 0.65


def test_what_a_reader_sees_of_the_code_is_short_and_fits_a_post(notebook):
    shown = [cell for cell in notebook.of("code") if not tags(cell) & FOLDED]
    assert sum(len(lines(cell)) for cell in shown) <= 150
    posted = [cell for cell in notebook.of("code") if not tags(cell) & HIDING]
    long = [line for cell in posted for line in lines(cell) if len(line) > LONGEST_LINE]
    assert [line for line in long if "# " not in line] == []


def test_apparatus_is_folded_in_jupyterlab_as_it_is_in_a_post(notebook):
    for cell in notebook.of("code"):
        hidden = cell["metadata"].get("jupyter", {}).get("source_hidden", False)
        assert hidden == bool(tags(cell) & HIDING), "".join(cell["source"])


def test_a_notebook_asks_starts_tells_and_says_what_to_try_and_what_comes_next(notebook):
    first, parameters, start = notebook.cells[:3]
    assert "".join(first["source"]).startswith(f"# {notebook.post['title']}\n\n")
    assert tags(parameters) == {"parameters"}
    assert tags(start) == {"answer"}
    assert "Run.start(" in "".join(start["source"])
    last = notebook.cells[-1]
    assert tags(last) == {"remove-cell"}
    assert "run.finish(" in "".join(last["source"])
    headings = [line[3:] for c in notebook.of("markdown") for line in lines(c) if line[:3] == "## "]
    assert headings[-3:] == ENDS
    assert len(headings) == len(set(headings))
    if notebook.name != NAMES[-1]:
        following = NAMES[NAMES.index(notebook.name) + 1]
        assert f"]({following}.ipynb)" in "".join(notebook.cells[-2]["source"])


def test_links_lead_somewhere(notebook):
    for cell in notebook.of("markdown"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", "".join(cell["source"])):
            assert (project.ROOT / "notebooks" / target).exists(), target


def test_posts_are_dated_in_reading_order_and_no_slug_comes_twice():
    posts = [Notebook(name).post for name in NAMES]
    dates = [datetime.date.fromisoformat(post["date"]) for post in posts]
    assert dates == sorted(set(dates))
    assert len({post["slug"] for post in posts}) == len(posts)
