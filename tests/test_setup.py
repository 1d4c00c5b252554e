"""pyproject.toml, requirements.lock and environment.yml say the same."""

import ast
import pkgutil
import re
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import epochwatch
from epochwatch.runs import project

PYPROJECT = tomllib.loads((project.ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
LOCK = (project.ROOT / "requirements.lock").read_text()
CONDA = yaml.safe_load((project.ROOT / "environment.yml").read_text())
DECLARED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
PYTHONS = ["3.11", "3.12", "3.13"]
PINNED = re.compile(
    r"^(?P<pin>[a-z0-9]\S*==\S+(?: ; [^\\]+)?) \\\n(?P<hashes>(?: +--hash=.*\n)+)", re.MULTILINE
)
NOT_PACKAGED = {"epochwatch", *sys.stdlib_module_names}


def locked(python: str) -> dict[str, str]:
    """Read the version of each package that the lock has for a Python on this platform."""
    here = {**default_environment(), "python_version": python, "python_full_version": f"{python}.9"}
    pins = [Requirement(found["pin"]) for found in PINNED.finditer(LOCK)]
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(here)]
    versions = {canonicalize_name(pin.name): pin.specifier for pin in pins}
    assert len(versions) == len(pins), "a package is locked twice"
    return {name: str(specifier).removeprefix("==") for name, specifier in versions.items()}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("declared", DECLARED)
def test_the_lock_has_a_version_that_satisfies(declared, python):
    wanted = Requirement(declared)
    assert wanted.specifier.contains(locked(python)[canonicalize_name(wanted.name)])


def test_the_lock_needs_nothing_that_it_does_not_have():
    """By what the installed packages say themselves, where they are the locked ones."""
    versions = locked(".".join(map(str, sys.version_info[:2])))
    installed = {canonicalize_name(d.name): d for d in metadata.distributions()}
    same = [d for n, d in installed.items() if d.version == versions.get(n)]
    assert same, "nothing to compare with is installed"
    for distribution in same:
        for needed in map(Requirement, distribution.requires or []):
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                version = versions.get(canonicalize_name(needed.name))
                assert version, f"{distribution.name} needs {needed.name}"
                assert needed.specifier.contains(version, prereleases=True), needed


def test_each_locked_package_has_hashes():
    requirements = [line for line in LOCK.splitlines() if re.match(r"[^\s#]", line)]
    assert len(requirements) == len(PINNED.findall(LOCK))
    for found in PINNED.finditer(LOCK):
        for line in found["hashes"].splitlines():
            assert re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}(?: \\)?", line), found["pin"]


def test_the_lock_names_no_place_to_get_it_from():
    assert "://" not in LOCK
    assert not re.findall(r"^ *(?:-[a-z]|--(?!hash=)).*", LOCK, re.MULTILINE)
    assert not re.findall(r"#.*/.*", LOCK)


def test_conda_users_get_the_same():
    *packages, pip = CONDA["dependencies"]
    assert CONDA["name"] == PROJECT["name"] == "epochwatch"
    assert f"python{PROJECT['requires-python']}" in packages
    assert sorted(pip["pip"]) == sorted([*DECLARED, "-e ."])


def test_the_same_pythons_are_supported_everywhere():
    bounds = SpecifierSet(PROJECT["requires-python"])
    minors = [f"3.{minor}" for minor in range(40)]
    assert [minor for minor in minors if bounds.contains(f"{minor}.0")] == PYTHONS
    classifiers = "\n".join(PROJECT["classifiers"])
    assert re.findall(r"Python :: (3\.\d+)", classifiers) == PYTHONS
    assert " | ".join(PYTHONS) in (project.ROOT / "scripts" / "setup.sh").read_text()
    assert f"--python-version {PYTHONS[0]}" in (project.ROOT / "Makefile").read_text()


def test_what_the_package_imports_is_declared():
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    packages = metadata.packages_distributions()
    for path in (project.ROOT / "src").rglob("*.py"):
        for module in modules_imported(path) - NOT_PACKAGED:
            names = {canonicalize_name(name) for name in packages[module]}
            assert names & declared, f"{path} imports {module}"


def modules_imported(path) -> set[str]:
    """List the packages that a file imports, inside of functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize(
    "entry",
    [*PROJECT["scripts"].values(), *PROJECT["entry-points"]["nbconvert.exporters"].values()],
)
def test_what_is_registered_exists(entry):
    assert callable(pkgutil.resolve_name(entry))


def test_the_citation_names_this_version():
    citation = yaml.safe_load((project.ROOT / "CITATION.cff").read_text())
    assert citation["version"] == epochwatch.__version__
    assert citation["license"] == PROJECT["license"]
    assert str(citation["cff-version"]) == "1.2.0"
    assert citation["authors"] == PROJECT["authors"]
