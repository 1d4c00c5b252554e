"""The worst of what several workers train is measured again on tf_keras."""

import importlib.util
import json

import pytest

from epochwatch_lab._atlas.many_devices import cells_of
from epochwatch_lab._runs import project
from tests.backends.conftest import backend_only

pytestmark = pytest.mark.slow


@pytest.fixture
def script():
    """Load the script that measures."""
    path = project.ROOT / "scripts" / "measure_many_devices.py"
    spec = importlib.util.spec_from_file_location("measure_many_devices", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@backend_only("tf_keras")
def test_two_workers_without_sharding_train_again_what_is_committed(script):
    (path,) = script.FOLDER.glob("tf_keras-*.json")
    cells = json.loads(path.read_text())["cells"]
    committed = next(cell for cell in cells if cell["feed"] == "autoshard_off")
    (cell,) = [cell for cell in cells_of("tf_keras") if cell.feed == "autoshard_off"]
    measured = script.measure(cell, "tf_keras")
    assert {name: measured[name] for name in committed} == committed
