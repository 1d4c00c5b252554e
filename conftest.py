"""What pytest passes over, as its package is not installed here; and what no test leaves behind."""

import importlib.util
import sys

import pytest

# A module whose import fails would stay behind half imported, as if its package were there.
_NEEDED = {
    "src/epochwatch/_watching/graph_fingerprint.py": "tensorflow",
    "src/epochwatch/_watching/on_jax.py": "jax",
    "src/epochwatch/_watching/on_tensorflow.py": "tensorflow",
    "src/epochwatch/_watching/on_torch.py": "torch",
    "src/epochwatch/feeds/grain_loader.py": "grain",
    "src/epochwatch/feeds/tf_data.py": "tensorflow",
    "src/epochwatch/feeds/torch_loader.py": "torch",
}
collect_ignore = [path for path, name in _NEEDED.items() if importlib.util.find_spec(name) is None]
collect_ignore += ["src/epochwatch_lab/_carried", "src/epochwatch_lab/_atlas/worker_imports.py"]


@pytest.fixture(autouse=True)
def no_seed_left_behind():
    """Take back the seed of TensorFlow that a test has set: with it `fit` repeats one order."""
    yield
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.random.set_seed(None)
