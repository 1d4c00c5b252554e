"""Ways to feed `fit`, a module each; its name is the value of the parameter `feed`.

Every module has `balanced(streams, batch_size)`. All deliver the same samples in the
same order: minority, majority, minority, …, each stream repeating without end; arrays
end where the majority has been gone through once.

Of any feed, `kind_of`, `describe` and `can_be_iterated_again` say what it is, and
`batches` what it delivers by itself.
"""

import importlib

from epochwatch.datasets import Streams
from epochwatch.errors import BadInput
from epochwatch.feeds.facts import FeedFacts, describe
from epochwatch.feeds.kinds import can_be_iterated_again, kind_of
from epochwatch.feeds.own_order import batches

NAMES = ("tf_data", "generator", "py_dataset", "arrays", "torch_loader", "grain_loader")

# Package that a way to feed needs and that does not come with epochwatch: also its extra.
EXTRAS = {"torch_loader": "torch", "grain_loader": "grain"}

__all__ = [
    "EXTRAS",
    "NAMES",
    "FeedFacts",
    "balanced",
    "batches",
    "can_be_iterated_again",
    "describe",
    "kind_of",
    "module",
]


def balanced(feed: str, streams: Streams, batch_size: int = 16):
    """Make the balanced feed of the given kind.

    Args:
        feed: one of `NAMES`.
        streams: the minority and the majority, as `one_vs_rest` gives them.
        batch_size: samples in a batch.

    Returns:
        A new feed, ready for `fit`.

    Raises:
        BadInput: there is no feed of that name, or its package is not installed.
    """
    return module(feed).balanced(streams, batch_size)


def module(feed: str):
    """Import the module of one way to feed `fit`.

    Args:
        feed: one of `NAMES`.

    Returns:
        The module.

    Raises:
        BadInput: there is no feed of that name, or its package is not installed.
    """
    if feed not in NAMES:
        raise BadInput(f"feed: got {feed!r}, allowed: one of {', '.join(NAMES)}")
    try:
        return importlib.import_module(f"{__name__}.{feed}")
    except ModuleNotFoundError as error:
        package = error.name.partition(".")[0]
        if EXTRAS.get(feed) != package:
            raise
        raise BadInput(
            f"feed: got {feed!r}, which needs the package {package}, not installed here; "
            f"pip install 'epochwatch[{package}]'"
        ) from None


def __getattr__(name: str):
    if name in NAMES:
        return module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
