"""The feed under audit: made anew whenever it is needed, and iterated plainly, without `fit`."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from epochwatch import feeds
from epochwatch._auditing.request import FitCall
from epochwatch._watching import backends, host, targets
from epochwatch._watching.probe import identify_samples
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import map_leaves, rows_of

LONGEST_SEARCH = 10_000  # batches


class AuditedFeed:
    """Calls `make_feed`, and refuses what it may not return."""

    def __init__(self, make_feed: Callable, options: Mapping):
        self.make_feed = make_feed
        self.options = options
        self.last = None  # kept, so that no new one can have its address

    def make(self):
        """Make the feed anew: anything `fit` accepts, arrays as a tuple."""
        try:
            feed = self.make_feed()
        except BadInput:
            raise
        except Exception as error:
            raised = f"{type(error).__name__}: {error}".splitlines()[0]
            raise BadInput(f"make_feed raised {raised}; mend it and audit again") from error
        feeds.kind_of(feed)
        if feed is self.last:
            raise BadInput(
                "make_feed returned the same object twice, allowed: a new feed at each call; "
                "build the feed inside of make_feed"
            )
        self.last = feed
        return feed

    def make_part(self):
        """Make the feed anew, as far as `fit` is to train on it."""
        return training_part(self.make(), self.options)


def training_part(feed, options: Mapping):
    """Leave out the rows that `validation_split` takes from the end of arrays."""
    share = options.get("validation_split")
    split = share and options.get("validation_data") is None
    if not split or feeds.kind_of(feed) != "arrays":
        return feed
    # Rounded as Keras does.
    rows = math.floor(rows_of(feed, "arrays") * (1.0 - share))
    return map_leaves(lambda leaf: leaf[:rows], feed)


def identities(feed, batch_size: int | None) -> Iterator[np.ndarray]:
    """Identify the samples of a feed, batch by batch, as it delivers them by itself.

    Yields int64 (3, batch): identity, content, label.
    """
    if feeds.kind_of(feed) == "tf_data":
        # In the graph: bringing every image to Python would take longer than the audit.
        from epochwatch._watching.graph_fingerprint import unconverted

        graph = backends.backend_module("tensorflow")

        @unconverted
        def identified(*data):
            return graph.stack(identify_samples(graph, data if len(data) > 1 else data[0]))

        return feed.map(identified).as_numpy_iterator()
    return (np.stack(identify_samples(host, data)) for data in feeds.batches(feed, batch_size))


def size_and_facts(feed, call: FitCall) -> tuple[int | None, feeds.FeedFacts]:
    """Describe the part of a feed that `fit` trains on, with its batch size as Keras chooses it.

    The size is None for Keras' default, and where the feed makes its own batches.
    """
    part, size = training_part(feed, call.options), call.batch_size
    if not size and call.steps_per_epoch and feeds.kind_of(part) == "arrays":
        size = math.ceil(rows_of(part, "arrays") / call.steps_per_epoch)
    return size, feeds.describe(part, size)


def check_executions(call: FitCall, facts: feeds.FeedFacts, backend: str) -> None:
    """Refuse a `steps_per_execution` that Keras does not have."""
    if call.steps_per_execution == 1:
        return
    got = f"steps_per_execution: got {call.steps_per_execution}"
    if backend == "torch":
        raise BadInput(f"{got}, allowed on torch: 1; Keras makes single steps there")
    if backend == "tf_keras" and not (call.steps_per_epoch or facts.length):
        raise BadInput(
            f"{got} for a {facts.kind} whose length Keras 2 does not know, allowed: 1, or give "
            "steps_per_epoch"
        )


def is_indexed(feed, batch_size: int | None) -> bool:
    """Look at the first batch of a feed, made for that alone: do its samples have an index?"""
    first = next(feeds.batches(feed, batch_size), None)
    if first is None:
        raise BadInput(
            "make_feed returned a feed without a single batch (a generator that is used up?); "
            "build the feed inside of make_feed"
        )
    return targets.has_index(first)


def steps_asked(facts: feeds.FeedFacts, steps_per_epoch: int | None, make: Callable) -> int | None:
    """Return the steps that an epoch is to have, and refuse a `fit` that would never end.

    An end that is not known is looked for, in a feed made for that alone.
    """
    if steps_per_epoch or facts.length:
        return steps_per_epoch or facts.length
    if not facts.endless:
        counted = sum(1 for _ in itertools.islice(feeds.batches(make()), LONGEST_SEARCH + 1))
        if counted <= LONGEST_SEARCH:
            return counted
    raise BadInput(
        f"steps_per_epoch: got None for a {facts.kind} without an end"
        + ("" if facts.endless else f" within {LONGEST_SEARCH:,} batches")
        + ", allowed: 1 or more; `fit` would never end its first epoch"
    )
