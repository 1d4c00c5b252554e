"""The feed under audit: made anew whenever it is needed, and iterated plainly, without `fit`."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from epochwatch import feeds
from epochwatch._auditing.request import FitCall
from epochwatch._watching import backends, host
from epochwatch._watching.delivery import delivery
from epochwatch._watching.probe import identify_samples
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import leaves, map_leaves, rows_of

LONGEST_SEARCH = 10_000  # batches


class AuditedFeed:
    """Calls `make_feed`, and refuses what it may not return.

    Args:
        make_feed: makes the feed anew.
        options: those of `fit`.
        set_seed: called before anything is drawn, so that each feed begins as a script does.
    """

    def __init__(
        self, make_feed: Callable, options: Mapping, set_seed: Callable[[], None] = lambda: None
    ):
        self.make_feed = make_feed
        self.options = options
        self.set_seed = set_seed
        self.last = None  # kept, so that no new one can have its address

    def make(self):
        """Make the feed anew: anything `fit` accepts, arrays as a tuple."""
        if not callable(self.make_feed):
            raise BadInput(
                f"make_feed: got a {type(self.make_feed).__name__}, allowed: a function that "
                "makes a new feed at each call, such as `lambda: …`"
            )
        self.set_seed()
        try:
            feed = self.make_feed()
        except BadInput:
            raise
        except Exception as error:
            raised = f"{type(error).__name__}: {in_one_line(error)}"
            raise BadInput(f"make_feed raised {raised}; fix it and audit again") from error
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


def in_one_line(error: Exception) -> str:
    """Take the line of an error's text that tells the most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    # TensorFlow begins with "in user code:", and ends with what is wrong.
    return lines[-1] if lines[0].endswith(":") else lines[0]


def training_part(feed, options: Mapping):
    """Leave out the rows that `validation_split` takes from the end of arrays."""
    share = options.get("validation_split")
    split = share and options.get("validation_data") is None
    if not split or feeds.kind_of(feed) != "arrays":
        return feed
    # Rounded as Keras does.
    rows = math.floor(rows_of(feed, "arrays") * (1.0 - share))
    return map_leaves(lambda leaf: leaf[:rows], feed)


class IdentifiedFeed:
    """A feed that is iterated plainly, and the samples of its batches identified.

    Args:
        feed: anything `fit` accepts; arrays as a tuple.
        batch_size: of arrays; None for Keras' own.
        backend: what `fit` runs on.
        on_device: whether JAX has the batches on its device before the step.
    """

    def __init__(self, feed, batch_size: int | None, backend: str, on_device: bool):
        self.feed = feed
        self.batch_size = batch_size
        kind = feeds.kind_of(feed)
        self.deliver = delivery(kind, backend, on_device)
        self.in_graph = _identified_in_graph(feed, self.deliver) if kind == "tf_data" else None

    def columns(self, at_once: int) -> Iterator[np.ndarray]:
        """Pass over the feed.

        Yields int64 (3, batch): identity, content and label of its samples. Of tf.data so many
        batches are made `at_once`.
        """
        if self.in_graph is None:
            batches = map(self.deliver, feeds.batches(self.feed, self.batch_size))
            return (np.stack(identify_samples(host, data)) for data in batches)
        grouped = self.in_graph.ragged_batch(max(at_once, 1))
        return itertools.chain.from_iterable(map(_cut_apart, grouped))


def _identified_in_graph(dataset, deliver: Callable):
    """Map the samples of a dataset to (identity, content, label), int64 (batch, 3)."""
    # In the graph: bringing every image to Python would take longer than the audit.
    from epochwatch._watching.graph_fingerprint import unconverted

    graph = backends.backend_module("tensorflow")

    @unconverted
    def identified(*data):
        data = deliver(data)
        columns = identify_samples(graph, data if len(data) > 1 else data[0])
        return graph.stack(columns, axis=1)

    return dataset.map(identified)


def _cut_apart(group) -> Iterator[np.ndarray]:
    """Cut a group of batches, (batches, batch, 3), into its batches."""
    if hasattr(group, "row_splits"):  # ragged, where batches can be of different lengths
        starts = group.row_splits.numpy()
        rows = group.values.numpy().T
        return (rows[:, start:stop] for start, stop in itertools.pairwise(starts))
    return iter(group.numpy().transpose(0, 2, 1))


def size_and_facts(feed, call: FitCall) -> tuple[int | None, feeds.FeedFacts]:
    """Describe the part of a feed that `fit` trains on, with its batch size as Keras chooses it.

    The size is None for Keras' default, and where the feed makes its own batches.
    """
    part, size = training_part(feed, call.options), call.batch_size
    if not size and call.steps_per_epoch and feeds.kind_of(part) == "arrays":
        size = math.ceil(rows_of(part, "arrays") / call.steps_per_epoch)
    return size, feeds.describe(part, size)


def first_batch(feed, batch_size: int | None) -> tuple:
    """Take the first batch of a feed, made for that alone."""
    first = next(feeds.batches(feed, batch_size), None)
    if first is None:
        raise BadInput(
            "make_feed returned a feed that holds no batch (a generator that is used up?); "
            "build the feed inside of make_feed"
        )
    for leaf in leaves(first):
        if getattr(leaf, "shape", None) == ():
            raise BadInput(
                f"make_feed returned a feed of single samples (a target is {leaf!r:.40}), allowed: "
                "batches, with one row per sample; end a tf.data.Dataset with .batch(32)"
            )
    return first


def check_texts(batch: tuple, backend: str) -> None:
    """Refuse texts where Keras has none, by a batch of NumPy arrays."""
    arrays = (leaf for leaf in leaves(batch) if isinstance(leaf, np.ndarray))
    holds_texts = any(array.dtype.kind in "OSU" for array in arrays)
    if holds_texts and backend in ("jax", "torch"):
        raise BadInput(
            f"the feed: got texts, allowed on {backend}: numbers; Keras takes texts only on "
            "TensorFlow, so turn them into numbers in the feed"
        )


def steps_asked(facts: feeds.FeedFacts, steps_per_epoch: int | None, make: Callable) -> int | None:
    """Return the steps that an epoch is to have, and refuse a `fit` that would never end.

    An end that is not known is looked for, in a feed made for that alone.
    """
    if steps_per_epoch or facts.length:
        return steps_per_epoch or facts.length
    if facts.endless is not True:
        counted = sum(1 for _ in itertools.islice(feeds.batches(make()), LONGEST_SEARCH + 1))
        if counted <= LONGEST_SEARCH:
            return counted
    raise BadInput(
        f"steps_per_epoch: got None for a {facts.kind} "
        + ("without an end" if facts.endless else f"of more than {LONGEST_SEARCH:,} batches")
        + ", allowed: 1 or more; `fit` would never end its first epoch"
    )
