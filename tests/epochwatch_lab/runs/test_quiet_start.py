"""What TensorFlow logs while it is imported stands under no cell of a notebook."""

import os
import subprocess
import sys

import pytest

CELLS = """
from epochwatch_lab.runs import DoesFitResume, Run
names = {name: None for name in DoesFitResume.model_fields} | {"run_name": "interactive"}
Run.start(DoesFitResume, names)
import keras
assert keras.ops.convert_to_numpy(keras.ops.ones(2)).sum() == 2
"""


def written(tmp_path, **environment):
    """Run the first cells as a kernel does, in a process of its own; what stands on stderr."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("EPOCHWATCH_ATTEMPT", "TF_CPP_MIN_LOG_LEVEL")
    }
    done = subprocess.run(
        [sys.executable, "-c", CELLS],
        cwd=tmp_path,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr


@pytest.mark.slow
def test_nothing_is_written_beside_the_outputs(tmp_path):
    assert written(tmp_path) == ""


@pytest.mark.slow
def test_whoever_asks_for_the_log_gets_it(tmp_path):
    assert written(tmp_path, TF_CPP_MIN_LOG_LEVEL="0") != ""
