"""make hands values on as data, refuses what it does not know, and sets up but once."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from epochwatch.runs import project

RECORDER = f"""#!{sys.executable}
import json, sys
print(json.dumps(sys.argv[1:]))
"""
OLD_PYTHON = "#!/bin/sh\necho 3.10\n"
NO_VENV_PYTHON = "#!/bin/sh\ncase $2 in venv) exit 1;; esac\necho 3.12\n"


def write_script(path, text):
    """Write a script that can be run."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The real Makefile and set-up, with a .venv whose programs only say how they were called."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "scripts"):
        source = project.ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    (folder / ".venv" / "bin").mkdir(parents=True)
    write_script(folder / ".venv" / "bin" / "epochwatch", RECORDER)
    write_script(folder / ".venv" / "bin" / "python", "#!/bin/sh\n")
    (folder / ".venv" / ".ready").touch()
    return folder


@pytest.fixture
def bare(checkout, tmp_path):
    """The same, not set up."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "scripts"):
        source = checkout / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, tmp_path / name)
    return tmp_path


def make(folder, *words):
    """Call make."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    command = ["make", "-C", str(folder), "--no-print-directory", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def called_with(folder, *words):
    """Call make and return the words that epochwatch was called with."""
    done = make(folder, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_without_variables_the_defaults_are_the_commands(checkout):
    assert called_with(checkout, "run") == ["run", "01_does_fit_resume"]


def test_variables_become_parameters(checkout):
    given = "DIGIT=7 EPOCHS=3 BATCH_SIZE=32 STEPS_PER_EPOCH=200 FEED=generator SEED=1 RUN=sevens"
    called = called_with(checkout, "run", *given.split(), "OUTPUTS=elsewhere")
    assert called[:2] == ["run", "01_does_fit_resume"]
    assert set(called[2:]) == {
        "-p",
        "positive_digit=7",
        "epochs=3",
        "batch_size=32",
        "steps_per_epoch=200",
        "feed=generator",
        "seed=1",
        "run_name=sevens",
        "--outputs=elsewhere",
    }


# make itself drops blanks before a value, and reads a value only as far as its first line.
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=20)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(VALUES.filter(lambda value: value == value.lstrip()))
@example("$(shell touch pwned)")
@example("`touch pwned`; touch pwned & $$(touch pwned)")
@example("'\"\\ #%$x")
@example("")
def test_values_arrive_as_data_whatever_is_in_them(checkout, value):
    assert called_with(checkout, "run", f"RUN={value}")[2:] == ["-p", f"run_name={value}"]
    assert not (checkout / "pwned").exists()


@pytest.mark.parametrize("target", ["run", "test", "help", "clean"])
def test_an_unknown_variable_is_refused_before_anything_is_done(target, bare):
    done = make(bare, target, "DIGT=7")
    assert done.returncode == 2
    assert "unknown variable DIGT; allowed: DIGIT BATCH_SIZE" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (bare / ".venv").exists()


def test_a_parameter_of_a_run_is_refused_by_other_targets(checkout):
    done = make(checkout, "test", "DIGIT=7")
    assert done.returncode == 2
    assert "DIGIT is for `make run` only" in done.stderr


def test_a_variable_of_the_environment_is_none_of_makes(checkout, monkeypatch):
    monkeypatch.setenv("DIGIT", "7")
    monkeypatch.setenv("SEED", "7")
    assert called_with(checkout, "run") == ["run", "01_does_fit_resume"]


def test_help_lists_every_target_in_eighty_columns(checkout):
    shown = make(checkout).stdout
    assert all(len(line) <= 80 for line in shown.splitlines())
    for target in ("run", "lab", "test", "lint", "bench", "blog", "lock", "clean", "help"):
        assert f"\n  {target}" in shown


@pytest.mark.parametrize(
    ("python", "told"),
    [
        (OLD_PYTHON, "is Python 3.10, needed is 3.11, 3.12 or 3.13; name one: make run PYTHON="),
        (NO_VENV_PYTHON, "cannot make a virtual environment; on Debian and Ubuntu: apt install"),
        ("#!/bin/sh\nexit 1\n", "does not run; name another: make run PYTHON=python3.12"),
        (None, "there is no "),
    ],
    ids=["too old", "without venv", "broken", "absent"],
)
def test_a_python_that_cannot_be_used_is_one_line_with_the_remedy(python, told, bare):
    if python:
        write_script(bare / "my python", python)
    done = make(bare, "run", f"PYTHON={bare / 'my python'}")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    assert len(lines) == 1
    assert told in lines[0]
    assert not Path(bare, ".venv").exists()


def test_a_target_called_again_sets_nothing_up(checkout):
    done = make(checkout, "run")
    assert "Setting up" not in done.stdout + done.stderr


def test_clean_keeps_the_posts_and_the_set_up(checkout):
    for name in ("blog/_posts", "01_does_fit_resume/default"):
        (checkout / "outputs" / name).mkdir(parents=True)
    for name in ("src", "tests", "bench"):
        (checkout / name).mkdir()
    assert make(checkout, "clean").returncode == 0
    assert [path.name for path in (checkout / "outputs").iterdir()] == ["blog"]
    assert (checkout / ".venv" / ".ready").exists()
