"""A copy of the project whose notebook takes a second, to be run by the real command."""

import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from epochwatch_lab._runs import project

NOTEBOOK = "01_does_fit_resume"
COMMAND = [sys.executable, "-c", "from epochwatch_lab._cli import main; main()"]

# Leaves what the real notebook leaves, by the same means, but for the training.
SMALL = """
import time
from typing import ClassVar

import numpy as np

import epochwatch
from epochwatch._exposures.writer import ExposureWriter
from epochwatch_lab.answers import Answer
from epochwatch_lab.figures import Picture
from epochwatch_lab.runs import DoesFitResume, Run


class Small(DoesFitResume):
    uses_keras: ClassVar[bool] = False


run = Run.start(Small, globals())
parameters = run.parameters
BEHAVIOUR
order = np.random.default_rng(parameters.seed).permutation(parameters.batch_size)
writer = ExposureWriter(run.folder / "exposures", {})
for epoch in range(1, parameters.epochs + 1):
    writer.append(1, epoch, 0, np.array([len(order)]), order)
writer.close()
draw = lambda figure: figure.subplots().plot(order)
run.show(Picture.drawn("order", "an order", draw, (1, 1), (1, 1)))
samples = {"samples": 2 * len(order), "trained": len(order)}
run.found(
    verdict="resumes",
    order=order,
    streams={"minority": samples},
    test={"pr_auc": round(float(order[0]) / 100, 4)},
)
run.finish(Answer("resumes", "**Yes**"))
"""


class Project:
    """A copy of the project in a folder of the test's."""

    def __init__(self, folder):
        self.folder = folder
        self.outputs = folder / "outputs"
        # The links of what the package carries lead to this copy's own notebooks and sweeps.
        shutil.copytree(
            project.ROOT / "src",
            folder / "src",
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (folder / "data").symlink_to(project.ROOT / "data")
        (folder / "sweeps").mkdir()
        shutil.copy(project.notebook_path(project.SUMMARY), folder / "sweeps")
        self.notebook(SMALL)

    def notebook(self, source, *, tag="parameters"):
        """Put these cells into the place of notebook 01's, behind its parameters."""
        whole = nbformat.read(project.notebook_path(NOTEBOOK), as_version=4)
        (cell,) = [c for c in whole.cells if "parameters" in c.metadata.get("tags", [])]
        cell.metadata["tags"] = [tag]
        whole.cells = [cell, nbformat.v4.new_code_cell(source, id="small")]
        (self.folder / "notebooks").mkdir(exist_ok=True)
        nbformat.write(whole, self.folder / "notebooks" / f"{NOTEBOOK}.ipynb")

    def behave(self, code):
        """Have the notebook do something before it writes anything."""
        self.notebook(SMALL.replace("BEHAVIOUR", code))

    def sweep_file(self, text="seeds: [0, 1, 2]", name="small"):
        """Write a sweep's file."""
        path = self.folder / "sweeps" / f"{name}.yaml"
        path.write_text(f"name: {name}\nnotebook: {NOTEBOOK}\n{text}\n")
        return path

    def command(self, *words):
        """Say how a command is called; its outputs are the project's."""
        return [*COMMAND, *map(str, words), "--outputs", str(self.outputs)]

    @property
    def environment(self):
        """The environment in which the command finds this copy."""
        kept = {k: v for k, v in os.environ.items() if k != "EPOCHWATCH_ATTEMPT"}
        return kept | {"PYTHONPATH": str(self.folder / "src"), "COLUMNS": "80"}

    def start(self, *words, **options):
        """Start a command."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        given = {"env": self.environment, "cwd": self.folder, **pipes, **options}
        return subprocess.Popen(self.command(*words), **given)

    def run(self, *words):
        """Run a command to its end."""
        process = self.start(*words)
        out, err = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def listed(self):
        """List the runs, but for summaries, as `epochwatch runs list` does."""
        entries = json.loads(self.run("runs", "list", "--json").stdout)
        return [entry for entry in entries if entry["notebook"] == NOTEBOOK]


@pytest.fixture
def small_project(tmp_path):
    """A project whose notebook takes a second."""
    made = Project(tmp_path / "project")
    made.behave("")
    return made
