"""The set-up is whole, or not there, or says in one line why; and is done once."""

import os
import shutil

import pytest

from tests.checkout import Checkout

KILL = 'kill -9 "$PPID"'
NOTE = 'echo "$*" >>called/log'
NO_CPU_TORCH = 'case "$*" in *requirements-torch-cpu.lock*) echo none >&2; exit 1 ;; esac'
GRAIN = "-r requirements.lock -r requirements-grain.lock"


@pytest.fixture
def checkout(tmp_path):
    """A checkout that is not set up."""
    return Checkout(tmp_path / "a checkout")


def test_it_installs_the_lock_with_hashes_and_bytecode_and_then_the_project(checkout):
    checkout.program("uv", 'echo "${PYTHONDONTWRITEBYTECODE-unset} $*" >>called/log')
    done = checkout.make(".venv", PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["set-up:"] * 2
    _, lock, package = (checkout.folder / "called" / "log").read_text().splitlines()
    into = "unset pip install --quiet --python .venv/bin/python"
    assert lock == f"{into} --compile-bytecode --require-hashes -r requirements.lock"
    assert package == f"{into} --no-deps --no-build-isolation --editable ."


def test_what_is_ready_is_left_as_it_is(checkout):
    checkout.make(".venv")
    checkout.arguments_of("uv")
    done = checkout.make(".venv")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert checkout.arguments_of("uv") is None


@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_what_has_changed_is_installed_into_what_is_there(checkout, changed):
    checkout.make(".venv")
    (checkout.venv / "mine").touch()
    checkout.arguments_of("uv")
    (checkout.folder / changed).write_text("other\n")
    assert checkout.make(".venv").returncode == 0
    assert checkout.arguments_of("uv")
    assert (checkout.venv / "mine").exists()
    assert checkout.make(".venv").stderr == ""


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ({"version": "3.9"}, "python3 is Python 3.9; install Python 3.11, 3.12 or 3.13"),
        ({"version": "3.14"}, "python3 is Python 3.14"),
        ({"version": "3.11; exit 1"}, "python3 cannot be run"),
        (
            {"venv": "exit 1"},
            "python3 cannot make a virtual environment; on Debian and Ubuntu: apt",
        ),
    ],
    ids=["too old", "too new", "broken", "without venv"],
)
def test_a_python_that_will_not_do_is_told_in_one_line_with_the_remedy(checkout, python, said):
    checkout.python(**python)
    done = checkout.make("run")
    assert done.returncode == 2
    *_, reason, make = done.stderr.splitlines()
    assert reason.startswith(f"set-up: {said}")
    assert reason.endswith("make run PYTHON=python3.12")
    assert make.startswith("make: ***")
    assert not checkout.venv.exists()


@pytest.mark.parametrize("name", ["no-such-python", "", "$(touch touched)", "two words"])
def test_a_python_that_is_not_there_is_told(checkout, name):
    done = checkout.make("run", f"PYTHON={name}")
    assert f"set-up: {name} cannot be run; install" in done.stderr
    assert not checkout.venv.exists()
    assert not (checkout.folder / "touched").exists()


def test_a_failed_installation_leaves_nothing(checkout):
    checkout.program("uv", "[ $1 = --version ] || { echo no network >&2; exit 1; }")
    done = checkout.make(".venv")
    assert done.returncode == 2
    assert "no network\nset-up: failed, see above" in done.stderr
    assert not checkout.venv.exists()


def test_a_terminated_set_up_stops_at_once_and_leaves_nothing(checkout):
    os.mkfifo(checkout.folder / "never written")  # read until somebody does: without end
    endless = 'kill -TERM "$PPID"; exec cat "never written"'
    checkout.program("uv", f"[ $1 = --version ] || {{ {endless}; }}")
    assert checkout.make(".venv").returncode == 2
    assert not checkout.venv.exists()


def test_a_killed_set_up_is_begun_again_from_nothing(checkout):
    checkout.program("uv", f"[ $1 = --version ] || {KILL}")
    assert checkout.make(".venv").returncode == 2
    (checkout.venv / "debris").touch()
    checkout.program("uv")
    assert checkout.make(".venv").returncode == 0
    assert not (checkout.venv / "debris").exists()


def test_a_killed_update_is_begun_again_from_nothing(checkout):
    checkout.make(".venv")
    (checkout.folder / "requirements.lock").write_text("other\n")
    checkout.program("uv", f"[ $1 = --version ] || {KILL}")
    checkout.make(".venv")
    (checkout.venv / "debris").touch()
    checkout.program("uv")
    assert checkout.make(".venv").returncode == 0
    assert not (checkout.venv / "debris").exists()


def test_another_set_up_at_work_is_left_alone(checkout):
    checkout.venv.mkdir()
    (checkout.venv / ".unfinished").write_text(f"{os.getpid()}\n")
    done = checkout.make(".venv")
    assert f"set-up: process {os.getpid()} is making .venv" in done.stderr
    assert (done.returncode, checkout.venv.exists()) == (2, True)


def test_an_environment_that_make_did_not_make_is_left_alone(checkout):
    checkout.venv.mkdir()
    (checkout.venv / "mine").touch()
    done = checkout.make(".venv")
    assert "set-up: .venv was not made by make; move it away" in done.stderr
    assert (done.returncode, (checkout.venv / "mine").exists()) == (2, True)


def test_a_moved_checkout_is_set_up_anew(checkout):
    checkout.make(".venv")
    (checkout.venv / "old").touch()
    moved = Checkout(checkout.folder.with_name("moved"))
    shutil.move(checkout.venv, moved.venv)
    assert moved.make(".venv").returncode == 0
    assert not (moved.venv / "old").exists()


def test_an_interpreter_that_has_gone_is_replaced(checkout):
    checkout.make(".venv")
    (checkout.venv / "bin" / "python").unlink()
    assert checkout.make(".venv").returncode == 0
    assert (checkout.venv / "bin" / "python").exists()


def test_another_python_is_taken_only_where_it_is_asked_for(checkout):
    checkout.make(".venv")
    (checkout.venv / "old").touch()
    checkout.python("python3.13", version="3.13")
    checkout.make(".venv", PYTHON="python3.13")
    assert (checkout.venv / "old").exists()
    checkout.make(".venv", "PYTHON=python3.13")
    assert not (checkout.venv / "old").exists()


def test_the_uv_of_the_lock_is_installed_where_there_is_none(checkout):
    checkout.program("uv", "exit 127")  # as the shim of a version manager does
    lock = "uv==1.2.3 \\\n    --hash=sha256:abc\n    # via epochwatch\nvine==1\n"
    (checkout.folder / "requirements.lock").write_text(lock)
    checkout.python(venv="cp programs/uv .venv/bin/uv")
    checkout.make(".venv")
    assert checkout.arguments_of("uv")[:2] == ["pip", "install"]


def installed(checkout, backend: str, **variables: str) -> list[str]:
    """Set up for a backend; list what each installation of packages was asked for."""
    done = checkout.make("test-backends", f"BACKENDS={backend}", **variables)
    assert done.returncode == 0, done.stderr
    *packages, project = [line for line in checkout.lines_of("log") if line != "--version"]
    into = f"pip install --quiet --python .venv-{backend}/bin/python"
    assert project == f"{into} --no-deps --no-build-isolation --editable ."
    return [line.removeprefix(f"{into} --compile-bytecode --require-hashes ") for line in packages]


def test_a_backend_has_the_first_lock_and_its_own(checkout):
    checkout.program("uv", NOTE)
    locks = f"{GRAIN} -r requirements-jax.lock"
    assert installed(checkout, "jax", PIP_FIND_LINKS="/wheels") == [locks]


@pytest.mark.parametrize(
    ("places", "options"),
    [
        ("", ""),
        ("/wheels", " --find-links /wheels"),
        ("/wheels a://b\n", " --find-links /wheels --find-links a://b"),
    ],
)
def test_a_torch_for_the_cpu_alone_is_taken_where_pip_would_find_it(checkout, places, options):
    checkout.program("uv", NOTE)
    asked_for = f"{GRAIN} -r requirements-torch-cpu.lock --constraints requirements-torch.lock"
    assert installed(checkout, "torch", PIP_FIND_LINKS=places) == [asked_for + options]


def test_without_one_the_torch_of_the_package_index_is_taken_with_a_warning(checkout):
    checkout.program("uv", f"{NOTE}; {NO_CPU_TORCH}")
    assert installed(checkout, "torch")[1:] == [f"{GRAIN} -r requirements-torch.lock"]
    checkout.program("uv", NO_CPU_TORCH)
    (checkout.folder / "requirements-torch.lock").write_text("other\n")
    said = checkout.make("test-backends", "BACKENDS=torch").stderr
    assert "found no torch for the CPU alone" in said
    assert "3 GB to download" in said
    assert "none" not in said


@pytest.mark.parametrize(
    ("lock", "begun_again"),
    [
        ("requirements.lock", ["jax", "torch"]),
        ("requirements-grain.lock", ["jax", "torch"]),
        ("requirements-jax.lock", ["jax"]),
        ("requirements-torch-cpu.lock", ["torch"]),
    ],
)
def test_a_backend_is_set_up_again_where_a_lock_of_its_own_has_changed(checkout, lock, begun_again):
    checkout.make("test-backends", "BACKENDS=jax torch")
    (checkout.folder / lock).write_text("other\n")
    said = checkout.make("test-backends", "BACKENDS=jax torch").stderr
    assert [b for b in ("jax", "torch") if f"making .venv-{b} " in said] == begun_again


def test_a_python_that_will_not_do_for_a_backend_is_told_with_the_remedy(checkout):
    checkout.python(version="3.9")
    done = checkout.make("test-backends")
    assert done.stderr.splitlines()[0].endswith("make test-backends PYTHON=python3.12")
    assert not list(checkout.folder.glob(".venv*"))
