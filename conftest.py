"""What pytest passes over: modules that need a package which is not installed here."""

import importlib.util

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
