"""The exporter stands alone: it needs nothing of the laboratory, and no framework."""

import ast
import subprocess
import sys

import pytest

from epochwatch_lab import post
from epochwatch_lab._runs import project

FOLDER = project.ROOT / "src" / "epochwatch_lab" / "post"
OWN = ("epochwatch.errors", "epochwatch._files", "epochwatch_lab.post")


def imported_names(source):
    """Name the modules that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def is_own(name):
    return any(name == allowed or name.startswith(f"{allowed}.") for allowed in OWN)


IMPORTS = {name for path in FOLDER.rglob("*.py") for name in imported_names(path.read_text())}


def test_nothing_of_the_laboratory_is_imported():
    ours = {name for name in IMPORTS if name.startswith((".", "epochwatch"))}
    assert [name for name in sorted(ours) if not is_own(name)] == []


@pytest.mark.parametrize(
    "line",
    ["import epochwatch_lab.runs", "from epochwatch_lab.tables import x", "from ..runs import x"],
)
def test_that_test_sees_an_import_that_is_not_allowed(line):
    (name,) = imported_names(f"def late():\n    {line}")
    assert not is_own(name)


def test_nbconvert_is_imported_when_it_is_needed_and_no_framework_ever():
    program = (
        "import sys, epochwatch_lab.post as post; assert 'nbconvert' not in sys.modules; "
        "post.PostExporter, post.export_post; assert 'nbconvert' in sys.modules; "
        "print(*sys.modules)"
    )
    child = [sys.executable, "-c", program]
    loaded = subprocess.run(child, check=True, capture_output=True, text=True).stdout.split()
    # What the tops of the two packages are made of comes with any import.
    tops = {"epochwatch", "epochwatch._lazy", "epochwatch_lab"}
    ours = {name for name in loaded if name.startswith("epochwatch")} - tops
    assert [name for name in sorted(ours) if not is_own(name)] == []
    assert not {"keras", "numpy", "tensorflow", "pydantic", "papermill"} & set(loaded)


def test_every_name_is_there():
    assert all(getattr(post, name) for name in post.__all__)
    with pytest.raises(AttributeError, match="no attribute 'export'"):
        post.export  # noqa: B018
