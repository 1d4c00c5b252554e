"""The laboratory of epochwatch: data sets, models, figures, and the runs of the notebooks.

Importing this package imports no framework: each name is loaded when it is first used.
"""

from epochwatch._lazy import lazy_names

_HOMES = {
    "load_mnist": "epochwatch_lab.datasets",
    "one_vs_rest": "epochwatch_lab.datasets",
    "small_cnn": "epochwatch_lab.models",
}
_MODULES = {
    name: f"epochwatch_lab.{name}"
    for name in (
        "answers",
        "atlas",
        "datasets",
        "distributed_trainings",
        "figures",
        "killed_trainings",
        "models",
        "runs",
        "shuffling",
        "strategies",
        "tables",
    )
}

__all__ = [*_HOMES, *_MODULES]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, _MODULES)
