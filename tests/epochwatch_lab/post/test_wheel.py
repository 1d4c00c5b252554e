"""The exporter on nbconvert's command line, and as it is installed: with its name and template."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from epochwatch_lab.post import PostExporter
from epochwatch_lab.runs import project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel's contents, built from a copy, for building leaves traces."""
    copy, wheels, target = (tmp_path_factory.mktemp(name) for name in ("copy", "wheels", "target"))
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "src", "pyproject.toml", "README.md", "LICENSE"],
        cwd=project.ROOT,
        capture_output=True,
        check=True,
    )
    for name in tracked.stdout.decode().split("\0")[:-1]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes((project.ROOT / name).read_bytes())
    uv = [sys.executable, "-m", "uv"]
    build = [*uv, "build", "--wheel", "--offline", "--no-build-isolation", "--out-dir", wheels]
    subprocess.run([*build, "--python", sys.executable, copy], check=True, capture_output=True)
    [wheel] = wheels.glob("*.whl")
    install = [*uv, "pip", "install", "--offline", "--no-deps", "--target", target]
    subprocess.run([*install, "--python", sys.executable, wheel], check=True, capture_output=True)
    return target


def test_nbconvert_exports_a_post_by_the_wheels_entry_point(
    installed, executed, shown_figure, png, tmp_path
):
    notebook = executed(v4.new_markdown_cell("# Title\n\n{{ x }} and $x$"), shown_figure())
    nbformat.write(notebook, tmp_path / "run.ipynb")
    path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
    elsewhere = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": path}, "check": True}
    where = "import epochwatch_lab.post as post; print(post.__file__)"
    imported = subprocess.run(
        [sys.executable, "-c", where], capture_output=True, text=True, **elsewhere
    )
    assert imported.stdout.startswith(str(installed))
    command = [sys.executable, "-m", "nbconvert", "--to", "epochwatch_post", "run.ipynb"]
    subprocess.run(command, capture_output=True, **elsewhere)
    assert (tmp_path / "run.md").read_text() == PostExporter().from_notebook_node(notebook)[0]
    assert (tmp_path / "assets/img/does-fit-resume/order.png").read_bytes() == png


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
