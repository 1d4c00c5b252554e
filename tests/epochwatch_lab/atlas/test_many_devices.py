"""What several workers trained, as it is kept: of all cells, and as the rows themselves say.

That cells do again what is committed is tested on each backend: `tests/backends`.
"""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab._atlas.many_devices import EPOCHS, cells_of, rows_of, text_of
from epochwatch_lab._atlas.many_devices_page import table_of
from epochwatch_lab._marks import between_marks
from epochwatch_lab._runs import project

FOLDER = project.ROOT / "atlas" / "many_devices"
FILES = sorted(FOLDER.glob("*.json"))
PAGE = project.ROOT / "docs" / "atlas_of_workers.md"


def backend_of(path):
    """Name the backend that a file is of, by the file's name."""
    package, _, backend = path.stem.split("-")
    return package if package == "tf_keras" else backend


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request):
    return json.loads(request.param.read_text()) | {"backend": backend_of(request.param)}


@given(st.lists(st.integers(0, 60)))
def test_rows_are_read_as_they_were_written(rows):
    assert rows_of(text_of(rows)) == rows


def test_a_backend_has_one_file():
    assert sorted(map(backend_of, FILES)) == ["jax", "tensorflow", "tf_keras", "torch"]


def test_a_file_holds_every_cell_of_its_backend(file):
    asked = [dict(cell.as_json()) for cell in cells_of(file["backend"])]
    assert [{name: cell[name] for name in asked[0]} for cell in file["cells"]] == asked


def test_what_the_audit_counted_is_what_the_rows_say(file):
    for cell in file["cells"]:
        for epoch in cell.get("epochs", []):
            by = [Counter(rows_of(rows)) for rows in epoch["rows"]]
            times = sum(by, Counter())
            trained_by = Counter(sum(row in own for own in by) for row in times)
            assert epoch["never"] == len({*range(34)} - {*times})
            assert epoch["more_than_once"] == sum(n > 1 for n in times.values())
            assert epoch["trained_by"] == [trained_by[n + 1] for n in range(len(by))]


def times_in_epochs(file, feed):
    """Count how often each epoch trained each row, of the first cell of a feed."""
    cell = next(cell for cell in file["cells"] if cell["feed"] == feed)
    assert len(cell["epochs"]) == EPOCHS
    return [
        [Counter(row for rows in epoch["rows"] for row in rows_of(rows))[row] for row in range(34)]
        for epoch in cell["epochs"]
    ]


def test_without_sharding_the_tail_is_never_trained():
    """The finding that the page begins with, as whole numbers."""
    read = json.loads(next(path for path in FILES if backend_of(path) == "tf_keras").read_text())
    assert times_in_epochs(read, "autoshard_off") == [[2] * 24 + [0] * 10] * EPOCHS
    assert times_in_epochs(read, "autoshard_data") == [[1] * 34] * EPOCHS


def test_the_shards_of_a_balanced_sampler_are_exact(file):
    if file["backend"] == "tensorflow":
        pytest.skip("replicas of one process have one feed")
    feed, passes = "balanced_sampler", 8
    if file["backend"] == "tf_keras":
        feed, passes = "balanced_sampler_tf_data", 16
    assert times_in_epochs(file, feed) == [[passes] * 34] * EPOCHS


def test_the_page_is_current():
    current = between_marks(PAGE, "workers", table_of(FOLDER))
    assert PAGE.read_text() == current, "remake it: python scripts/index_atlas.py"
