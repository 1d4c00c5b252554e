"""The environments of the atlas: read from a file, and made by uv, each in a folder of its own."""

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pydantic
import yaml
from packaging.specifiers import SpecifierSet

from epochwatch.errors import BadInput

# Of what epochwatch needs, what observing needs.
INSTRUMENT = ("ml-dtypes", "numpy", "pyarrow", "rich")
NAME = r"^(keras|tf_keras)-\d+(\.\d+)+(\.dev\d+)?$"
# TensorFlow asks for keras, whose files would stand where those of another package are to be.
NO_KERAS = "keras; python_version < '3'"


class Environment(pydantic.BaseModel, extra="forbid", frozen=True):
    """One Keras, with the backends it is observed on."""

    name: Annotated[str, pydantic.Field(pattern=NAME)]
    backends: tuple[Literal["tensorflow", "jax", "torch"], ...]
    requires: tuple[str, ...]
    released: datetime.date
    full: bool = False
    python: str = ""
    package: str = ""

    @property
    def keras(self) -> str:
        """The module: `keras` or `tf_keras`."""
        return self.name.partition("-")[0]

    @property
    def version(self) -> str:
        """Of Keras."""
        return self.name.partition("-")[2]

    @property
    def requirements(self) -> list[str]:
        """What is installed, exactly so where it matters."""
        named = {requirement.partition("==")[0] for requirement in self.requires}
        return [
            f"{self.package or self.keras}=={self.version}",
            *self.requires,
            *(package for package in INSTRUMENT if package not in named),
        ]

    def runs_here(self) -> bool:
        """Whether this Python is one that its packages have."""
        return SpecifierSet(self.python).contains("{}.{}".format(*sys.version_info))

    def variables(self, backend: str, source: Path) -> dict[str, str]:
        """Return the variables of a process in it, on a backend."""
        own = {
            "PYTHONPATH": str(source),
            "EPOCHWATCH_KERAS": self.keras,
            "KERAS_BACKEND": backend,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",  # what is observed is the order of data
            "OMP_NUM_THREADS": "1",
        }
        return os.environ | own


def read_environments(file: Path) -> list[Environment]:
    """Read the environments, in the order of the file.

    Raises:
        BadInput: the file is no such file.
    """
    try:
        lines = yaml.safe_load(file.read_text())
        return [Environment(name=name, **line) for name, line in lines.items()]
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BadInput(f"{file.name}: {place}: got {first['input']!r}, {first['msg']}") from None
    except (OSError, yaml.YAMLError, AttributeError, TypeError) as error:
        raise BadInput(f"{file.name}: cannot be read as a list of environments: {error}") from None


def python_of(environment: Environment, folder: Path) -> Path:
    """Return the interpreter of an environment, made if it is not there or of other packages."""
    place = folder / environment.name
    ready = place / ".ready"
    wanted = json.dumps(environment.requirements)
    if not (ready.is_file() and ready.read_text() == wanted):
        # Not upgraded in place, or packages would stay that are no longer asked for.
        shutil.rmtree(place, ignore_errors=True)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, place], check=True)
        install(uv, place, environment.requirements, overridden=bool(environment.package))
        # Last: an environment whose making was killed is made anew.
        ready.write_text(wanted)
    return place / "bin" / "python"


def install(uv: Path, place: Path, requirements: list[str], overridden: bool = False) -> None:
    """Install packages, torch for the CPU alone where that is found.

    Args:
        uv: what installs.
        place: the environment.
        requirements: what is asked for.
        overridden: whether another package than `keras` brings the module of that name.
    """
    compiled = dict(os.environ)
    compiled.pop("PYTHONDONTWRITEBYTECODE", None)  # or every process would compile them again
    command = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", place]
    for place_of_wheels in os.environ.get("PIP_FIND_LINKS", "").split():
        command += ["--find-links", place_of_wheels]
    if overridden:
        overrides = place / "overrides.txt"
        overrides.write_text(NO_KERAS)
        command += ["--overrides", overrides]
    for candidate in on_cpu(requirements):
        last = subprocess.run(command + candidate, env=compiled, capture_output=True, text=True)
        if last.returncode == 0:
            return
    raise BadInput(f"{place.name}: cannot be installed: {last.stderr.strip().splitlines()[-1]}")


def on_cpu(requirements: list[str]) -> Iterator[list[str]]:
    """Ask for torch built for the CPU alone first; on Linux the package index has CUDA only."""
    yield [f"{name}+cpu" if name.startswith("torch==") else name for name in requirements]
    yield requirements
