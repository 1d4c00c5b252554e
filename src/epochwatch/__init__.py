"""Know exactly which samples Keras' `model.fit()` trained on.

Importing this package imports no framework: each name is loaded when it is first used.
"""

from epochwatch._lazy import lazy_names

__version__ = "0.1.0"
"""The version of this package."""

# Where each name is loaded from.
_HOMES = {
    "BalancedSampler": "epochwatch._samplers",
    "BatchCounter": "epochwatch._watching.batch_counter",
    "ExposureLog": "epochwatch._exposures.log",
    "ExposureRecorder": "epochwatch._watching.recorder",
    "assert_sound": "epochwatch._report.audit",
    "audit": "epochwatch._report.audit",
    "explain": "epochwatch._report.audit",
    "resumable": "epochwatch._resuming.resumable",
    "unwatch": "epochwatch._watching.watch",
    "watch": "epochwatch._watching.watch",
    "with_index": "epochwatch.feeds._with_index",
}
_MODULES = {name: f"epochwatch.{name}" for name in ("errors", "exposures", "feeds")}

__all__ = ["__version__", *_HOMES, *_MODULES]

__getattr__, __dir__ = lazy_names(__name__, _HOMES, _MODULES)
