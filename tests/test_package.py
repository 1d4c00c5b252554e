"""Importing the package is cheap, and the parts import in one direction only."""

import ast
import subprocess
import sys

import pytest

import epochwatch
import epochwatch_lab
from epochwatch_lab._runs import project

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
# Each house in the order of the data: none imports what stands behind it.
# A public module stands where its folder does: `runs` where `_runs`.
INSTRUMENT = ["samplers", "feeds", "exposures", "watching", "resuming", "auditing"]
INSTRUMENT += ["report", "cli"]
LABORATORY = [
    "datasets",
    "models",
    "strategies",
    "shuffling",
    "killed_trainings",
    "distributed_trainings",
    "figures",
    "atlas",
    "answers",
]
LABORATORY += ["post", "runs", "report", "site", "cli"]


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
        "import epochwatch._cli",
        "from epochwatch import BalancedSampler, ExposureLog",
        "import epochwatch_lab",
        "from epochwatch_lab import one_vs_rest",
        "from epochwatch_lab.datasets import from_tfds, load_mnist; load_mnist()",
        "import epochwatch_lab.datasets.tfrecords",
    ],
)
def test_it_imports_no_framework_until_something_needs_it(statement):
    assert not imported_by(statement) & FRAMEWORKS


def test_the_test_of_the_import_would_notice_one():
    assert "matplotlib" in imported_by("import matplotlib")


@pytest.mark.parametrize("house", [epochwatch, epochwatch_lab], ids=lambda house: house.__name__)
def test_every_public_name_is_there(house):
    for name in house.__all__:
        assert getattr(house, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'wach'"):
        house.wach  # noqa: B018


def imports_of(path):
    """List the modules that a file imports, inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = sorted((project.ROOT / "src").rglob("*.py"))


def below_src(path):
    """Name a file by its path from where the packages stand."""
    return str(path.relative_to(project.ROOT / "src"))


def place_of(names):
    """Rank a module, given by its names, in the way of the data; None for what all may import."""
    house, part = names[0], [*names, ""][1].lstrip("_")
    line = {"epochwatch": INSTRUMENT, "epochwatch_lab": LABORATORY}.get(house, [])
    if part not in line:
        return None
    return (house == "epochwatch_lab", line.index(part))


@pytest.mark.parametrize("path", FILES, ids=below_src)
def test_nothing_imports_what_comes_later_in_the_line(path):
    relative = path.relative_to(project.ROOT / "src").with_suffix("")
    place = place_of(relative.parts)
    for module in imports_of(path):
        imported = place_of(module.split("."))
        if place and imported:
            assert imported <= place, f"{path} imports {module}"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=below_src)
def test_the_instrument_never_names_the_laboratory(path):
    assert "epochwatch_lab" not in path.read_text()


def test_only_the_files_that_must_import_a_framework():
    found = {
        below_src(path)
        for path in FILES
        for module in imports_of(path)
        if module.partition(".")[0] in {"tensorflow", "keras", "tf_keras", "jax", "torch", "grain"}
    }
    # Keras itself comes through the one door `_keras`, and tf_keras where a feed is a Sequence.
    of_feeds = {"tf_data", "py_dataset", "torch_loader", "grain_loader"}
    allowed = {f"epochwatch/feeds/{name}.py" for name in of_feeds}
    of_watching = {"graph_fingerprint", "on_jax", "on_tensorflow", "on_torch"}
    allowed |= {f"epochwatch/_watching/{name}.py" for name in of_watching}
    # The processes of a distributed training join each other before Keras is there.
    allowed |= {"epochwatch/_auditing/strategies.py"}
    lab = {"models.py", "schedules.py", "datasets/_mnist.py", "_atlas/toy_feeds.py"}
    lab |= {"shuffling/_tasks.py", "shuffling/_training.py", "strategies/_training.py"}
    lab |= {"killed_trainings/_training.py", "distributed_trainings/_training.py"}
    # Feeds are judged again under its seed, and two acts are about ops of its graphs.
    lab |= {f"_atlas/{name}.py" for name in ("judging", "acts/augment", "acts/auto_execution")}
    # Only TensorFlow reads and writes TFRecords at the speed of the disk.
    of_records = {"_checking", "damage", "_finding", "_layout", "_reading", "_streams", "_ways"}
    of_records |= {"_writing"}
    lab |= {f"datasets/tfrecords/{name}.py" for name in of_records}
    allowed |= {f"epochwatch_lab/{name}" for name in lab}
    assert found == allowed
