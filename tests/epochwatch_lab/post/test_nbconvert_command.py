"""nbconvert's command line: this exporter by the name of its class, and nbconvert's own."""

import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from epochwatch_lab.figures import Picture
from epochwatch_lab.post import PostExporter

pytestmark = pytest.mark.slow
DATED = "2026-11-20-does-fit-resume.md"


@pytest.fixture
def nbconvert(tmp_path):
    """Converts a notebook into a folder and gives the names of the Markdown files there."""

    def run(notebook, folder, *options):
        nbformat.write(notebook, tmp_path / "run.ipynb")
        command = [sys.executable, "-m", "nbconvert", tmp_path / "run.ipynb"]
        command += ["--output-dir", tmp_path / folder, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [path.name for path in (tmp_path / folder).glob("*.md")]

    return run


def test_the_command_line_of_nbconvert_knows_the_exporter(
    nbconvert, executed, shown_figure, png, tmp_path
):
    notebook = executed(v4.new_markdown_cell("# Title\n\n{{ x }}"), shown_figure())
    name = "--to=epochwatch_lab.post.PostExporter"
    assert nbconvert(notebook, "new", name) == [DATED]
    expected = PostExporter().from_notebook_node(notebook)[0]
    assert (tmp_path / "new" / DATED).read_text() == expected
    assert (tmp_path / "new/assets/img/does-fit-resume/order.png").read_bytes() == png
    options = ["--PostExporter.links=relative_url", "--PostExporter.title=Other"]
    options += ["--PostExporter.tags=a", "--PostExporter.tags=b", "--PostExporter.published=True"]
    assert nbconvert(notebook, "other", name, *options) == [DATED]
    other = {"title": "Other", "tags": ["a", "b"], "published": True, "links": "relative_url"}
    expected = PostExporter(**other).from_notebook_node(notebook)[0]
    assert (tmp_path / "other" / DATED).read_text() == expected


def test_the_file_is_named_as_who_shows_it_needs_it_or_as_it_is_asked_for(nbconvert, executed):
    notebook, name = executed(), "--to=epochwatch_lab.post.PostExporter"
    github = ["--PostExporter.flavor=github"]
    assert nbconvert(notebook, "github", name, *github) == ["does-fit-resume.md"]
    assert nbconvert(notebook, "asked", name, "--output=run") == ["run.md"]


def test_markdown_of_nbconverts_own_keeps_what_a_picture_shows_in_words(
    nbconvert, executed, tmp_path
):
    def draw(figure):
        figure.subplots().plot([1, 2])

    forms, metadata = Picture.drawn("line", "A line < that rises.", draw)._repr_mimebundle_()
    again = {"image/png": {**metadata["image/png"], "name": metadata["filename"]}}
    shown = [v4.new_output("display_data", data=forms, metadata=m) for m in (again, metadata)]
    notebook = executed(v4.new_code_cell("show(line)", outputs=shown))
    assert nbconvert(notebook, "plain", "--to=markdown") == ["run.md"]
    assert (tmp_path / "plain/run.md").read_text().count('alt="A line &lt; that rises."') == 2
