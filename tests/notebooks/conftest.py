"""Running the command as its users do.

A test of a notebook as it is published sets NOTEBOOK, and takes `outputs`, `run_folder` and
`findings`.
"""

import json
import re
import subprocess
import sys

import pytest

from epochwatch_lab.runs import project

NOTEBOOK = "01_does_fit_resume"
COMMAND = [sys.executable, "-c", "from epochwatch._cli import main; main()"]


def without_floats(text):
    """Blank numbers with a decimal point, which differ from machine to machine."""
    return re.sub(r"\d+\.\d+", "…", text)


def both_posts(outputs, post):
    """Read a post as it is committed, and as the current code writes it."""
    return [(folder / "blog" / post).read_text() for folder in (project.ROOT / "outputs", outputs)]


def pictures_of(post, slug):
    """List the pictures that a committed post shows, and check that they are what is kept.

    Returns:
        Their names, in order, and the ways to the site's root that the post has.
    """
    text = (project.ROOT / "outputs" / "blog" / post).read_text()
    shown = re.findall(rf"!\[[^\]]+\]\((\S*)/assets/img/{slug}/([a-z_]+)\.png\)", text)
    names = [name for _, name in shown]
    kept = {file.name for file in (project.ROOT / "outputs" / "blog/assets/img" / slug).iterdir()}
    assert kept == {f"{name}.{ending}" for name in names for ending in ("png", "svg")}
    return names, {way for way, _ in shown}


@pytest.fixture
def epochwatch_run(tmp_path):
    """Run a notebook with some parameters, outputs in a folder of the test."""

    def run(*options, notebook=NOTEBOOK, **parameters):
        given = [f"-p{name}={value}" for name, value in parameters.items()]
        where = ["--outputs", str(tmp_path / "outputs")]
        command = [*COMMAND, "run", notebook, *given, *where, *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def outputs(request, tmp_path_factory):
    """Run the notebook that a test module names as NOTEBOOK, once, with its defaults.

    Returns:
        The folder of the outputs; in it also what was printed, as the file `stdout`.
    """
    folder = tmp_path_factory.mktemp("default") / "outputs"
    command = [*COMMAND, "run", request.module.NOTEBOOK, "--outputs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "no log lines and no progress bar in a pipe"
    (folder / "stdout").write_text(done.stdout)
    return folder


@pytest.fixture(scope="module")
def run_folder(request, outputs):
    """The finished run of that notebook."""
    return outputs / request.module.NOTEBOOK / "default"


@pytest.fixture(scope="module")
def findings(run_folder):
    """Its answer for machines."""
    return json.loads((run_folder / "findings.json").read_text())["findings"]
