"""What is imported once for all cells of an environment; nothing may be computed by it."""

import importlib
import os

import epochwatch.atlas.observation  # noqa: F401

importlib.import_module(os.environ["EPOCHWATCH_KERAS"])
for name in ("tensorflow", "torch.utils.data", "grain"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        continue
