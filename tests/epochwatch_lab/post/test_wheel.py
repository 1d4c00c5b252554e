"""The exporter on nbconvert's command line, and as it is installed: with its name and template."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

from epochwatch_lab.post import PostExporter
from epochwatch_lab.runs import environment, project

CARRIED = ["atlas", "bench/records.json", "notebooks", "sweeps"]
PARTS = ["src", "pyproject.toml", "README.md", "LICENSE", *CARRIED]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the wheel's contents, built from a copy, for building leaves traces."""
    copy, wheels, target = (tmp_path_factory.mktemp(name) for name in ("copy", "wheels", "target"))
    tracked = subprocess.run(
        ["git", "ls-files", "-z", *PARTS],
        cwd=project.ROOT,
        capture_output=True,
        check=True,
    )
    for name in tracked.stdout.decode().split("\0")[:-1]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.ROOT / name, copy / name, follow_symlinks=False)
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


def test_the_wheel_carries_the_notebooks_and_what_they_read_and_no_module_beside_them(installed):
    carried = installed / "epochwatch_lab" / "_carried"
    for pattern in ("notebooks/*.ipynb", "atlas/*.json"):
        folder, _, ending = pattern.partition("/")
        there = {path.name: path.read_bytes() for path in (carried / folder).iterdir()}
        clone = {path.name: path.read_bytes() for path in (project.ROOT / folder).glob(ending)}
        assert there == clone
    for name in ("sweeps/summary.ipynb", "sweeps/never_saw.json"):
        assert (carried / name).read_bytes() == (project.ROOT / name).read_bytes()
    assert (carried / "records.json").read_bytes() == project.carried("records.json").read_bytes()
    assert not list(carried.rglob("*.py"))


def test_an_installed_wheel_writes_right_here_and_lists_its_notebooks(installed, tmp_path):
    script = (
        "from epochwatch_lab.runs import environment, project\n"
        "print(project.ROOT, project.default_outputs(), *project.notebook_names())\n"
        "print(environment.code_digest())"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert said[:2] == ["None", str(tmp_path / "outputs")]
    assert said[2:-1] == project.notebook_names()
    assert said[-1] == environment.code_digest(), "a run has the same id in a clone and beside it"
