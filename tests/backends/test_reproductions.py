"""What the scripts of atlas/reproductions print, and their remedies, is what their pages say."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.backends.conftest import BACKEND, keras
from tests.epochwatch_lab.atlas import reproductions, run_scripts

pytestmark = pytest.mark.slow

RELEASE = ".".join(keras.__version__.split(".")[:2])
ENVIRONMENT = "tf_keras" if BACKEND == "tf_keras" else f"keras-{RELEASE}"
FRAMEWORK = BACKEND.replace("tf_keras", "tensorflow")
PROCESSES = 2  # a process imports its frameworks in 5 s, and has them for all its scripts


def runnable(name: str) -> bool:
    return all(map(importlib.util.find_spec, reproductions.read(name).needs()))


def start(names):
    found = map(reproductions.read, names)
    both = {one.name: (one.script, one.remedy) for one in found}
    program = [sys.executable, "-W", "ignore", run_scripts.__file__, json.dumps(both)]
    program += ["tf_keras"] if BACKEND == "tf_keras" else []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(program, env=environment, stdout=-1, stderr=-1, text=True)


@pytest.fixture(scope="module")
def outputs():
    names = list(filter(runnable, reproductions.NAMES))
    found = {}
    for process in [start(names[first::PROCESSES]) for first in range(PROCESSES)]:
        out, said = process.communicate()
        assert process.returncode == 0, said
        found |= json.loads(out)
    return found


@pytest.fixture(params=reproductions.NAMES)
def reproduction(request):
    if not runnable(request.param):
        pytest.skip("needs " + ", ".join(sorted(reproductions.read(request.param).needs())))
    found = reproductions.read(request.param)
    if ENVIRONMENT not in ("keras-3.15", "tf_keras"):
        pytest.skip(f"was measured on other versions than {ENVIRONMENT}")
    return found


def test_the_page_shows_what_the_script_prints(reproduction, outputs):
    printed, _ = outputs[reproduction.name]
    if FRAMEWORK in reproduction.facts["seen"].get(ENVIRONMENT, []):
        assert printed == reproduction.shown(ENVIRONMENT, FRAMEWORK)
    else:  # where it is not seen, the script shows that too
        assert printed != reproduction.shown(ENVIRONMENT, FRAMEWORK)


def test_the_remedy_is_sound_wherever_the_defect_is_seen(reproduction, outputs):
    _, printed = outputs[reproduction.name]
    if FRAMEWORK in reproduction.facts["seen"].get(ENVIRONMENT, []):
        assert printed == reproduction.remedied
