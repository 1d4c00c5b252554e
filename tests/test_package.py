"""Importing the package is cheap, and the parts import in one direction only."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import epochwatch
from epochwatch.runs import project

SOURCE = project.ROOT / "src" / "epochwatch"
FRAMEWORKS = {
    "tensorflow",
    "tensorflow_datasets",
    "keras",
    "jax",
    "torch",
    "matplotlib",
    "pandas",
    "papermill",
}
# In the order of the data: none imports what stands behind it.
LINE = [
    "datasets",
    "samplers",
    "feeds",
    "models",
    "exposures",
    "watching",
    "strategies",
    "figures",
    "auditing",
    "atlas",
    "runs",
    "publishing",
]


def imported_by(statement):
    """Run a statement in a fresh interpreter and list the modules that it loaded."""
    script = f"import sys\n{statement}\nprint(*sorted(m.partition('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import epochwatch",
        "import epochwatch.cli",
        "from epochwatch import BalancedSampler, ExposureLog, one_vs_rest",
        "from epochwatch.datasets import from_tfds, load_mnist; load_mnist()",
        "import epochwatch.datasets.tfrecords",
    ],
)
def test_it_imports_no_framework_until_something_needs_it(statement):
    assert not imported_by(statement) & FRAMEWORKS


def test_the_test_of_the_import_would_notice_one():
    assert "keras" in imported_by("from epochwatch import BatchCounter")


def test_every_public_name_is_there():
    for name in epochwatch.__all__:
        assert getattr(epochwatch, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'wach'"):
        epochwatch.wach  # noqa: B018


def imports_of(path):
    """List the modules that a file imports, inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part_of(path):
    """Name the part of the package that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(Path(p).name))
def test_nothing_imports_what_comes_later_in_the_line(path):
    part = part_of(path)
    if part not in LINE:
        return
    for module in imports_of(path):
        names = module.split(".")
        if names[0] == "epochwatch" and len(names) > 1 and names[1] in LINE:
            assert LINE.index(names[1]) <= LINE.index(part), f"{path} imports {module}"


def test_only_the_files_that_must_import_a_framework():
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        for module in imports_of(path)
        if module.partition(".")[0] in {"tensorflow", "keras", "tf_keras", "jax", "torch", "grain"}
    }
    of_feeds = {"tf_data", "py_dataset", "tf_keras_sequence", "torch_loader", "grain_loader"}
    allowed = {f"feeds/{name}.py" for name in of_feeds}
    allowed |= {"models.py", "datasets/mnist.py", "atlas/toy_feeds.py"}
    # Only TensorFlow reads and writes TFRecords at the speed of the disk.
    of_records = {"checking", "damage", "layout", "reading", "streams", "writing"}
    allowed |= {f"datasets/tfrecords/{name}.py" for name in of_records}
    assert {name for name in found if not name.startswith("watching/")} == allowed
