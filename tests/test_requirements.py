"""The package asks for what it imports, no less and no more, and each extra for what it is for."""

import ast
import functools
import sys
from importlib import metadata

import pytest
from packaging.utils import canonicalize_name

from epochwatch._extras import EXTRAS as EXTRA_OF
from epochwatch_lab._runs import project
from tests.declared import EXTRAS, PROJECT, names_of, required_by

SOURCE = project.ROOT / "src"
INSTALLED = metadata.packages_distributions()
# Asked for, though nothing of ours imports it, and by whom.
BY_OTHERS = {"importlib-resources": "tensorflow-datasets", "ipykernel": "jupyter", "jax": "keras"}


def providers_of(module: str) -> set[str]:
    """List the distributions that hold a module; what is not installed has its module's name."""
    return {canonicalize_name(name) for name in INSTALLED.get(module, [module])}


def imports_in(statements) -> set[str]:
    """List the modules that statements import, those that they may as well."""
    found = set()
    for node in statements:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packaged(modules) -> set[str]:
    """List the packages, of others, that modules are of."""
    tops = {module.partition(".")[0] for module in modules}
    return {top for top in tops - sys.stdlib_module_names if not top.startswith("epochwatch")}


@functools.cache
def imported_anywhere(house: str) -> dict[str, list[str]]:
    """List each package that a house imports, inside of functions too, with the files that do."""
    files = {}
    for path in (SOURCE / house).rglob("*.py"):
        for package in packaged(imports_in(ast.walk(ast.parse(path.read_text())))):
            files.setdefault(package, []).append(str(path.relative_to(SOURCE)))
    return files


def imported_with(folder: str) -> set[str]:
    """List the packages that importing a folder's modules imports, by way of our others too."""
    paths = (SOURCE / folder).rglob("*.py")
    waiting = [".".join(path.relative_to(SOURCE).with_suffix("").parts) for path in paths]
    assert waiting, f"{folder} is gone"
    return imported_by(waiting)


def imported_by(modules) -> set[str]:
    """List the packages that importing modules imports, by way of our others too."""
    waiting, met = list(modules), set()
    while waiting:
        module = waiting.pop()
        if module in met:
            continue
        met.add(module)
        place = SOURCE.joinpath(*module.removesuffix(".__init__").split("."))
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if module.startswith("epochwatch") and file.exists():
            within = [module.rpartition(".")[0]] if "." in module else []
            waiting += [*imports_in(ast.parse(file.read_text()).body), *within]
    return packaged(met)


@pytest.mark.parametrize(
    ("folder", "extras"),
    [
        ("epochwatch/_cli", []),
        ("epochwatch/_samplers", []),
        ("epochwatch/_exposures", []),
        ("epochwatch/_auditing", []),
        ("epochwatch/_report", ["figures"]),
        ("epochwatch_lab/figures", ["figures"]),
        ("epochwatch_lab/_report", ["report"]),
        ("epochwatch_lab/post", ["post"]),
    ],
)
def test_a_part_is_imported_with_no_more_than_its_extra_brings(folder, extras):
    brought = names_of(required_by(*extras))
    assert not {x for x in imported_with(folder) if not providers_of(x) & brought}


@pytest.mark.parametrize(("place", "extra"), [("_cli/post.py", "post"), ("_report", "report")])
def test_what_a_command_imports_once_it_is_called_its_extra_brings(place, extra):
    start = SOURCE / "epochwatch_lab" / place
    files = start.rglob("*.py") if start.is_dir() else [start]
    modules = set().union(*(imports_in(ast.walk(ast.parse(f.read_text()))) for f in files))
    brought = names_of(required_by(extra))
    assert not {x for x in imported_by(modules) if not providers_of(x) & brought}


def test_the_test_of_the_parts_follows_our_own_modules():
    assert {"bokeh", "jinja2", "pyarrow"} <= imported_with("epochwatch_lab/_report")


@pytest.mark.parametrize("house", ["epochwatch", "epochwatch_lab"])
def test_what_a_house_imports_it_needs_or_names_the_extra_of(house):
    own = ["lab"] if house == "epochwatch_lab" else []
    for package, files in imported_anywhere(house).items():
        named = [EXTRA_OF[package]] if package in EXTRA_OF else []
        brought = names_of(required_by(*own, *named))
        assert providers_of(package) & brought, f"{package}: {files}"


@pytest.mark.parametrize("extra", [None, *sorted(set(EXTRAS) - {"dev"})])
def test_nothing_is_asked_for_that_is_not_imported(extra):
    imported = {**imported_anywhere("epochwatch"), **imported_anywhere("epochwatch_lab")}
    used = set().union(*map(providers_of, imported)) | set(BY_OTHERS)
    asked_for = names_of(EXTRAS[extra] if extra else PROJECT["dependencies"])
    assert asked_for - {PROJECT["name"]} <= used
