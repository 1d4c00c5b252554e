"""The exporter on nbconvert's command line, by the name of its class and with its options."""

import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from epochwatch_lab.post import PostExporter

pytestmark = pytest.mark.slow


def test_the_command_line_of_nbconvert_knows_the_exporter(executed, shown_figure, png, tmp_path):
    notebook = executed(v4.new_markdown_cell("# Title\n\n{{ x }}"), shown_figure())
    nbformat.write(notebook, tmp_path / "run.ipynb")
    name = "epochwatch_lab.post.PostExporter"
    command = [sys.executable, "-m", "nbconvert", "--to", name, tmp_path / "run.ipynb"]
    subprocess.run([*command, "--output-dir", tmp_path / "new"], check=True, capture_output=True)
    assert (tmp_path / "new/run.md").read_text() == PostExporter().from_notebook_node(notebook)[0]
    assert (tmp_path / "new/assets/img/does-fit-resume/order.png").read_bytes() == png
    options = ["--PostExporter.links=relative_url", "--PostExporter.title=Other"]
    options += ["--PostExporter.tags=a", "--PostExporter.tags=b", "--PostExporter.published=True"]
    options += ["--output-dir", tmp_path / "other"]
    subprocess.run([*command, *options], check=True, capture_output=True)
    other = {"title": "Other", "tags": ["a", "b"], "published": True, "links": "relative_url"}
    assert (tmp_path / "other/run.md").read_text() == PostExporter(**other).from_notebook_node(
        notebook
    )[0]
