"""A checkout with the real Makefile and stand-ins for all that it calls."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

from epochwatch_lab._runs import project

# Of an outer make, whose test this is.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PYTHON")
# What the environment of the tests may have to say about torch and backends.
OF_BACKENDS = ("PIP_FIND_LINKS", "UV_FIND_LINKS", "KERAS_BACKEND", "EPOCHWATCH_BACKEND")
SCRIPTS = tuple(f"scripts/{path.name}" for path in (project.ROOT / "scripts").glob("*.sh"))
LOCKS = [path.name for path in project.ROOT.glob("requirements*.lock")]

PYTHON = """#!/bin/sh
case "$*" in
-c*) echo {version} ;;
"-m venv "*) mkdir -p "$3/bin" && {venv} && cp "$0" "$3/bin/python" ;;
"-m pytest "*)
    echo "$0 ${{EPOCHWATCH_BACKEND-unset}} on $KERAS_BACKEND: $*" >>called/pytest
    {pytest} ;;
"-m tests.fuzz"*)
    echo "$0 ${{EPOCHWATCH_BACKEND-unset}} on $KERAS_BACKEND: $*" >>called/fuzz
    {fuzz} ;;
esac
"""
RECORD = """#!/bin/sh
printf '%s\\0' "$@" >called/{name}
{then}
"""


def write_script(path: Path, text: str) -> Path:
    """Write an executable file."""
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Checkout:
    """A folder to call make in."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.venv = folder / ".venv"
        self.programs = folder / "programs"
        for name in ("scripts", "programs", "called"):
            (folder / name).mkdir(parents=True)
        for name in ("Makefile", *SCRIPTS):
            shutil.copy(project.ROOT / name, folder / name)
        for name in (*LOCKS, "pyproject.toml"):
            (folder / name).write_text(f"{name} of a test\n")
        self.python()
        self.program("uv")

    def python(
        self, name="python3", version="3.12", venv="true", pytest="true", fuzz="true"
    ) -> Path:
        """Put a Python on the PATH; `venv` is what its `-m venv` does after half of the work."""
        text = PYTHON.format(version=version, venv=venv, pytest=pytest, fuzz=fuzz)
        return write_script(self.programs / name, text)

    def program(self, name: str, then="", folder: Path | None = None) -> Path:
        """Put a program on the PATH that keeps its arguments, and then does what it is told."""
        return write_script((folder or self.programs) / name, RECORD.format(name=name, then=then))

    def make(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        """Call make with these variables of the environment."""
        apart = OF_MAKE + OF_BACKENDS
        inherited = {name: value for name, value in os.environ.items() if name not in apart}
        path = f"{self.programs}:{os.environ['PATH']}"
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={**inherited, "PATH": path, **variables},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def arguments_of(self, name: str) -> list[str] | None:
        """Read with what a program was last called since the last look; None: it was not."""
        call = self.folder / "called" / name
        if not call.exists():
            return None
        *arguments, _ = call.read_bytes().decode().split("\0")
        call.unlink()
        return arguments

    def lines_of(self, name: str) -> list[str]:
        """Read what the programs have noted in a file of this name."""
        return (self.folder / "called" / name).read_text().splitlines()
