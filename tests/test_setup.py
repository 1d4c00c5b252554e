"""pyproject.toml, the locks and environment.yml say the same."""

import pkgutil
import re
import sys
from importlib import metadata

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import epochwatch
from epochwatch_lab._runs import project
from tests.declared import EXTRAS, PROJECT, required_by

LOCKS = {path.name: path.read_text() for path in project.ROOT.glob("requirements*.lock")}
EVERYONE = "requirements.lock"
CPU_TORCH = "requirements-torch-cpu.lock"
CONDA = yaml.safe_load((project.ROOT / "environment.yml").read_text())
OF_A_CLONE = {"lab", "dev", "cluster"}  # extras that everyone's lock has


DECLARED = sorted(required_by(*OF_A_CLONE))
# What everyone's lock does not have is in a lock of its own.
ADDED_BY = {extra: required_by(extra) - set(DECLARED) for extra in EXTRAS}
LOCK_OF = {extra: f"requirements-{extra}.lock" for extra, added in ADDED_BY.items() if added}
PYTHONS = ["3.11", "3.12", "3.13"]
PINNED = re.compile(
    r"^(?P<pin>[a-z0-9]\S*==\S+(?: ; [^\\]+)?) \\\n(?P<hashes>(?: +--hash=.*\n)+)", re.MULTILINE
)


def locked(python: str, lock: str = EVERYONE, **platform: str) -> dict[str, str]:
    """Read the version of each package that a lock has for a Python, here or on a platform."""
    of_python = {"python_version": python, "python_full_version": f"{python}.9"}
    where = {**default_environment(), **of_python, **platform}
    pins = [Requirement(found["pin"]) for found in PINNED.finditer(LOCKS[lock])]
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(where)]
    versions = {canonicalize_name(pin.name): pin.specifier for pin in pins}
    assert len(versions) == len(pins), "a package is locked twice"
    return {name: str(specifier).removeprefix("==") for name, specifier in versions.items()}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("declared", DECLARED)
def test_the_lock_has_a_version_that_satisfies(declared, python):
    wanted = Requirement(declared)
    assert wanted.specifier.contains(locked(python)[canonicalize_name(wanted.name)])


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("extra", "declared"), [(extra, d) for extra in LOCK_OF for d in sorted(required_by(extra))]
)
def test_each_extra_has_a_lock_that_satisfies_it(extra, declared, python):
    wanted = Requirement(declared)
    versions = locked(python) | locked(python, LOCK_OF[extra])
    assert wanted.specifier.contains(versions[canonicalize_name(wanted.name)])


def test_there_is_no_lock_but_of_an_extra():
    assert set(LOCKS) == {EVERYONE, *LOCK_OF.values(), CPU_TORCH}


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_no_two_locks_have_different_versions_of_a_package(python, platform):
    versions = locked(python, sys_platform=platform)
    for lock in LOCK_OF.values():
        for name, version in locked(python, lock, sys_platform=platform).items():
            assert versions.setdefault(name, version) == version, f"{name} in {lock}"


@pytest.mark.parametrize("lock", LOCK_OF.values())
def test_the_lock_of_an_extra_has_only_what_it_adds(lock):
    pins, of_everyone = ({p["pin"] for p in PINNED.finditer(LOCKS[x])} for x in (lock, EVERYONE))
    assert pins
    assert not pins & of_everyone


@pytest.mark.parametrize("python", PYTHONS)
def test_the_torch_for_the_cpu_alone_is_the_same_version(python):
    (cpu,) = locked(python, CPU_TORCH).items()
    assert cpu == ("torch", f"{locked(python, LOCK_OF['torch'])['torch']}+cpu")


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


@pytest.mark.parametrize("lock", LOCKS)
def test_each_locked_package_has_hashes(lock):
    requirements = [line for line in LOCKS[lock].splitlines() if re.match(r"[^\s#]", line)]
    assert len(requirements) == len(PINNED.findall(LOCKS[lock])) > 0
    for found in PINNED.finditer(LOCKS[lock]):
        for line in found["hashes"].splitlines():
            assert re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}(?: \\)?", line), found["pin"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place_to_get_it_from(lock):
    assert "://" not in LOCKS[lock]
    assert not re.findall(r"^ *(?:-[a-z]|--(?!hash=)).*", LOCKS[lock], re.MULTILINE)
    assert not re.findall(r"#.*/.*", LOCKS[lock])


def test_conda_users_get_the_same():
    *packages, pip = CONDA["dependencies"]
    assert CONDA["name"] == PROJECT["name"] == "epochwatch"
    assert f"python{PROJECT['requires-python']}" in packages
    [package] = pip["pip"]
    editable, wanted = package.split()
    assert editable == "-e"
    assert set(re.fullmatch(r"\.\[(.*)\]", wanted)[1].split(",")) == OF_A_CLONE
    assert all(f"--extra {x}" in (project.ROOT / "scripts/lock.sh").read_text() for x in OF_A_CLONE)


def test_the_same_pythons_are_supported_everywhere():
    bounds = SpecifierSet(PROJECT["requires-python"])
    minors = [f"3.{minor}" for minor in range(40)]
    assert [minor for minor in minors if bounds.contains(f"{minor}.0")] == PYTHONS
    classifiers = "\n".join(PROJECT["classifiers"])
    assert re.findall(r"Python :: (3\.\d+)", classifiers) == PYTHONS
    assert " | ".join(PYTHONS) in (project.ROOT / "scripts" / "setup.sh").read_text()
    assert f"--python-version {PYTHONS[0]}" in (project.ROOT / "scripts" / "lock.sh").read_text()


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
