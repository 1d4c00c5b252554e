"""pyproject.toml, requirements.lock and environment.yml say the same."""

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from epochwatch.runs import project

PROJECT = tomllib.loads((project.ROOT / "pyproject.toml").read_text())["project"]
ASKED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
LOCK = (project.ROOT / "requirements.lock").read_text()
ENVIRONMENT = yaml.safe_load((project.ROOT / "environment.yml").read_text())
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")


def locked():
    """List (name, version, marker, hashes) of the lock."""
    entries = re.split(r"\n(?=[a-z0-9])", LOCK)[1:] if LOCK.startswith("#") else []
    for entry in entries:
        requirement = Requirement(entry.split("\\")[0].strip())
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})", entry)
        (specifier,) = requirement.specifier
        yield canonicalize_name(requirement.name), Version(specifier.version), requirement, hashes


LOCKED = list(locked())


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("python", PYTHONS)
def test_each_requirement_is_locked_once_for_each_python_at_a_version_it_allows(asked, python):
    requirement = Requirement(asked)
    environment = {"python_full_version": python, "python_version": python[:4]}
    versions = [
        version
        for name, version, entry, _ in LOCKED
        if name == canonicalize_name(requirement.name)
        and (entry.marker is None or entry.marker.evaluate(environment))
    ]
    assert len(versions) == 1
    assert versions[0] in requirement.specifier


def test_every_locked_package_has_hashes():
    assert len(LOCKED) > 100
    assert [name for name, _, _, hashes in LOCKED if not hashes] == []


def test_the_lock_names_no_index_no_host_and_no_machine():
    assert not re.search(r"https?:|file:|index-url|find-links|(^|\s)/\w", LOCK, re.M)


def test_conda_users_get_the_same():
    assert ENVIRONMENT["name"] == "epochwatch"
    (pip,) = [part["pip"] for part in ENVIRONMENT["dependencies"] if isinstance(part, dict)]
    assert sorted(pip) == sorted([*ASKED, "-e ."])


def test_conda_users_get_a_python_that_the_project_allows():
    (python,) = [p for p in ENVIRONMENT["dependencies"] if str(p).startswith("python")]
    assert SpecifierSet(python.removeprefix("python")) == SpecifierSet(PROJECT["requires-python"])


def test_the_set_up_installs_the_uv_that_the_lock_has():
    script = (project.ROOT / "scripts" / "setup.sh").read_text()
    (pinned,) = re.findall(r"^uv_version=(\S+)", script, re.M)
    assert f"uv=={pinned}" in ASKED
