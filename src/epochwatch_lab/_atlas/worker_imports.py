"""What is imported once for all cells of an environment; nothing may be computed by it."""

import gc
import importlib
import os

import epochwatch._auditing.audit
import epochwatch._report.report  # noqa: F401
import epochwatch_lab._atlas.acts
import epochwatch_lab._atlas.observation  # noqa: F401

importlib.import_module(os.environ["EPOCHWATCH_KERAS"])
for name in ("tensorflow", "torch.utils.data", "grain", "tensorflow_datasets"):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        continue
# What is here for good is left alone by the collector, which else would touch, and so copy, all
# of it in each process that is forked.
gc.collect()
gc.freeze()
