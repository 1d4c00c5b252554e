"""What the scripts of atlas/reproductions print, and their remedies, is what their pages say."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.backends.conftest import BACKEND, keras
from tests.epochwatch_lab.atlas import run_scripts
from tests.epochwatch_lab.atlas.reproductions import (
    REPRODUCTIONS,
    output_of,
    packages_of,
    remedied_output_of,
    remedy_of,
)

pytestmark = pytest.mark.slow

RELEASE = ".".join(keras.__version__.split(".")[:2])
ENVIRONMENT = "tf_keras" if BACKEND == "tf_keras" else f"keras-{RELEASE}"
FRAMEWORK = BACKEND.replace("tf_keras", "tensorflow")
MEASURED = {release for one in REPRODUCTIONS.values() for release in one.seen}
# Of a fault that Python has had up to here.
OF_OLD_PYTHON = "data_loader_workers_end_with_an_error"
IS_OLD_PYTHON = sys.version_info < (3, 11, 8) or (3, 12) <= sys.version_info < (3, 12, 2)
PROCESSES = 2  # a process imports its frameworks in 5 s, and has them for all its scripts
# Scripts that start workers: from a process that has not used its frameworks yet, and, for that
# takes long, only where their pages say that it is seen.
OF_WORKERS = {"concurrent.futures", "multiprocessing"}


def is_runnable(name: str) -> bool:
    return all(map(importlib.util.find_spec, packages_of(REPRODUCTIONS[name])))


def is_seen_here(reproduction) -> bool:
    return FRAMEWORK in reproduction.seen.get(ENVIRONMENT, [])


def sources_of(name: str) -> tuple[str, str]:
    """Return a script, and its remedy where there is something to be mended."""
    one = REPRODUCTIONS[name]
    return one.script, remedy_of(one) if is_seen_here(one) else ""


def starts_workers(name: str) -> bool:
    return bool(OF_WORKERS & packages_of(REPRODUCTIONS[name]))


def start(names):
    both = {name: sources_of(name) for name in names}
    program = [sys.executable, "-W", "ignore", run_scripts.__file__, json.dumps(both)]
    program += ["tf_keras"] if BACKEND == "tf_keras" else []
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(program, env=environment, stdout=-1, stderr=-1, text=True)


@pytest.fixture(scope="module")
def outputs():
    runnable = list(filter(is_runnable, REPRODUCTIONS))
    with_workers = [name for name in runnable if starts_workers(name)]
    others = [name for name in runnable if not starts_workers(name)]
    shares = [
        [name for name in with_workers if is_seen_here(REPRODUCTIONS[name])],
        *(others[first::PROCESSES] for first in range(PROCESSES)),
    ]
    printed = {}
    for process in [start(names) for names in shares if names]:
        out, said = process.communicate()
        assert process.returncode == 0, said
        # Before it stands what processes of a script's own have printed past Python.
        printed |= json.loads(out.splitlines()[-1])
    return printed


@pytest.fixture(params=REPRODUCTIONS)
def reproduction(request):
    one = REPRODUCTIONS[request.param]
    if not is_runnable(request.param):
        pytest.skip("needs " + ", ".join(sorted(packages_of(one))))
    if request.param == OF_OLD_PYTHON and not IS_OLD_PYTHON:
        pytest.skip("this Python has it mended")
    if ENVIRONMENT not in MEASURED:
        pytest.skip(f"was measured on other versions than {ENVIRONMENT}")
    if starts_workers(request.param) and not is_seen_here(one):
        pytest.skip(f"is run where it is seen, which {ENVIRONMENT} on {FRAMEWORK} is not")
    return one


def test_the_page_shows_what_the_script_prints_where_it_is_seen_and_nowhere_else(
    reproduction, outputs
):
    printed, _ = outputs[reproduction.name]
    shown = output_of(reproduction, ENVIRONMENT, FRAMEWORK)
    assert (printed == shown) == is_seen_here(reproduction), printed


def test_the_remedy_is_sound_wherever_the_defect_is_seen(reproduction, outputs):
    _, printed = outputs[reproduction.name]
    if is_seen_here(reproduction):
        assert printed == remedied_output_of(reproduction)
