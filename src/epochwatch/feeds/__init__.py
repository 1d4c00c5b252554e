"""Ways to feed `fit`, a module each; its name is the value of the parameter `feed`.

Every module has `balanced(streams, batch_size)`. All deliver the same samples in the
same order: minority, majority, minority, …, each stream repeating without end; arrays
end after one pass of the majority. `sampled` delivers what a `BalancedSampler` chooses; that of
a module returns a function from the step that comes first to the feed.

`kind_of`, `describe` and `can_be_iterated_again` say what any feed is, and `batches` what it
delivers by itself. `BalancedTable` is the balanced order itself, as a table.
"""

import importlib
from typing import Any

from epochwatch._checks import whole_number
from epochwatch._extras import missing_extras_named
from epochwatch._samplers import BalancedSampler
from epochwatch._samplers.arguments import LARGEST_STEP
from epochwatch._samplers.streams import Streams
from epochwatch.errors import BadInput
from epochwatch.feeds._balanced_table import BalancedTable, balanced_slots
from epochwatch.feeds._facts import FeedFacts, can_be_iterated_again, describe, kind_of
from epochwatch.feeds._lookup import check_rows
from epochwatch.feeds._origins import SampledOrigin
from epochwatch.feeds._plain_iteration import batches

# Values of the parameter `feed`, and modules of this package.
NAMES = ("tf_data", "generator", "py_dataset", "arrays", "torch_loader", "grain_loader")

# Those that deliver what a sampler chooses.
SAMPLED = ("tf_data", "py_dataset", "torch_loader")

__all__ = [
    "NAMES",
    "SAMPLED",
    "BalancedTable",
    "FeedFacts",
    "balanced",
    "balanced_slots",
    "batches",
    "can_be_iterated_again",
    "describe",
    "is_installed",
    "kind_of",
    "sampled",
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
    return _feed_module(feed).balanced(streams, batch_size)


def sampled(
    feed: str, sampler: BalancedSampler, samples: Any, start: int | None = None, **options: Any
):
    """Make the feed of the given kind that delivers what a sampler chooses, without end.

    Its k-th batch is that of `sampler[start + k]`, in every pass: images, `{"label", "index"}`
    and weights where there are some. Every feed is read ahead of the training, so none moves
    the sampler. `fit` needs its `steps_per_epoch`, or it never ends. The model knows how
    many steps it has trained; a feed that begins there resumes with exactly the next sample:

        feeds.sampled("tf_data", sampler, (x, y), start=int(model.optimizer.iterations))

    A model that is saved and loaded keeps that number; with `gradient_accumulation_steps` it has
    to be multiplied by them. Where a state is kept elsewhere, it is
    `sampler.state_dict(step=int(model.optimizer.iterations))`.

    Args:
        feed: one of `SAMPLED`.
        sampler: says which samples. A shard of it makes a feed of that shard.
        samples: arrays `(x, y[, sample_weight])` whose row i is the sample of index i; or a
            function from the indices of a batch to these. It gets int64 (batch_size,): a
            tensor for "tf_data", which traces it, and an array for the others. The indices are
            put beside the targets that it returns.
        start: step of the sampler that comes first; None for `sampler.step`, which a loaded
            state has set.
        options: of the feed's class: `workers` of "py_dataset", `num_workers` of
            "torch_loader" …

    Returns:
        A new feed, ready for `fit`.

    Raises:
        BadInput: the feed does not sample, its package is not installed, or an argument cannot
            be used.

    Example:
        >>> import numpy as np
        >>> sampler = BalancedSampler([[3, 4], [0, 1, 2]], batch_size=4)
        >>> feed = sampled("py_dataset", sampler, (np.arange(5) * 10.0, np.arange(5) // 3))
        >>> feed[0]
        (array([40.,  0., 30., 20.]), {'label': array([1, 0, 1, 0]), 'index': array([4, 0, 3, 2])})
    """
    if feed not in SAMPLED:
        raise BadInput(f"feed: got {feed!r}, allowed: one of {', '.join(SAMPLED)}")
    if not isinstance(sampler, BalancedSampler):
        raise BadInput(f"sampler: got {type(sampler).__name__}, allowed: a BalancedSampler")
    start = whole_number("start", sampler.step if start is None else start, 0, LARGEST_STEP)
    check_rows(samples, sampler.highest_index)
    make_feed = _feed_module(feed).sampled(sampler, samples, **options)
    return SampledOrigin(sampler, start, make_feed).at(start)


def is_installed(feed: str) -> bool:
    """Try whether the package that a way to feed needs is installed.

    Args:
        feed: one of `NAMES`.

    Returns:
        False where `balanced` and `sampled` would ask for an extra. It imports the package to
        find out.

    Raises:
        BadInput: there is no feed of that name.

    Example:
        >>> is_installed("arrays")
        True
    """
    _check_name(feed)
    try:
        _feed_module(feed)
    except BadInput:
        return False
    return True


def _feed_module(feed: str):
    _check_name(feed)
    with missing_extras_named(f"feed: got {feed!r}"):
        return importlib.import_module(f"{__name__}.{feed}")


def _check_name(feed: str) -> None:
    if feed not in NAMES:
        raise BadInput(f"feed: got {feed!r}, allowed: one of {', '.join(NAMES)}")


def __getattr__(name: str):
    # `feeds.tf_data` is imported when it is asked for, and TensorFlow with it.
    if name in NAMES:
        return _feed_module(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
