"""Running the command as its users do."""

import re
import subprocess
import sys

import pytest

NOTEBOOK = "01_does_fit_resume"
COMMAND = [sys.executable, "-c", "from epochwatch.cli import main; main()"]


def without_floats(text):
    """Blank numbers with a decimal point, which differ from machine to machine."""
    return re.sub(r"\d+\.\d+", "…", text)


@pytest.fixture
def epochwatch_run(tmp_path):
    """Run a notebook with some parameters, outputs in a folder of the test."""

    def run(*options, notebook=NOTEBOOK, **parameters):
        given = [f"-p{name}={value}" for name, value in parameters.items()]
        where = ["--outputs", str(tmp_path / "outputs")]
        command = [*COMMAND, "run", notebook, *given, *where, *options]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run
