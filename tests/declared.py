"""What pyproject.toml says that the package needs."""

import itertools
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from epochwatch_lab._runs import project

PROJECT = tomllib.loads((project.ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def required_by(*extras: str) -> set[str]:
    """List what the package needs with some of its extras, and with those that they name."""
    declared = set(PROJECT["dependencies"])
    for text in itertools.chain(*(EXTRAS[extra] for extra in extras)):
        wanted = Requirement(text)
        declared |= required_by(*wanted.extras) if wanted.name == PROJECT["name"] else {text}
    return declared


def names_of(declared) -> set[str]:
    """List the distributions that requirements ask for."""
    return {canonicalize_name(Requirement(text).name) for text in declared}
