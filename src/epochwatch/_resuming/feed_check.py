"""Feeds that no other process could put back exactly: refused before the first step."""

import importlib
from collections.abc import Callable, Collection
from types import GeneratorType
from typing import Any

from epochwatch._keras import load_keras
from epochwatch._resuming.dataset_draws import (
    CALLS_PYTHON,
    CHANGES_VARIABLES,
    datasets_in,
    has_outer_state,
    nodes_of,
)
from epochwatch._resuming.random_states import drawn_from, random_states, set_random_states
from epochwatch._watching import backends
from epochwatch._watching.watched import kind_or_type
from epochwatch.errors import BadInput

keras = load_keras()

# Operations of TensorFlow that draw from a state of their own; "Stateless…" ones do not.
DRAWING = ("Random", "Multinomial", "TruncatedNormal", "ParameterizedTruncatedNormal")
# Of a tf.random.Generator; "StatefulPartitionedCall" is any function that changes something.
OF_VARIABLES = (
    *("StatefulUniform", "StatefulStandardNormal", "StatefulTruncatedNormal"),
    *("StatefulRandom", "RngRead", "RngSkip"),
)

DROPPED = "before the first step a batch is taken, and dropped with those that were read ahead"
SEED = "seed it, or call keras.utils.set_random_seed(…) before it is made"


def check_feed(feed: Any, shuffle: bool, earlier: Collection) -> None:
    """Refuse a feed whose order or contents another process could not draw again.

    Args:
        feed: as `fit` was given it.
        shuffle: as `fit` was given it.
        earlier: feeds of earlier fits of which batches were taken ahead and dropped.
    """
    kind, in_thread = kind_or_type(feed), reads_ahead()
    if kind == "tf_data":
        for dataset in datasets_in(feed):
            check_dataset(dataset)
        if feed in earlier:
            refuse(
                "the tf.data.Dataset of an earlier fit with steps_per_epoch, which took batches "
                "ahead and dropped them, though its map changes a variable or calls Python",
                "make it and what it changes anew for each fit, or leave steps_per_epoch out",
            )
    elif kind == "py_dataset":
        check_workers(feed, shuffle)
        in_thread = in_thread or feed.workers > 1 or feed.use_multiprocessing
        check_items(lambda: feed[0], in_thread)
    elif kind == "torch_loader" and hasattr(feed.dataset, "__getitem__"):
        # A process of torch's own begins with the states of now.
        check_items(lambda: feed.dataset[0], in_thread and not feed.num_workers)
    elif kind == "generator" and in_thread and feed in earlier:
        refuse(
            "the generator of an earlier fit, of which that took batches ahead and dropped them",
            "make a new generator for each fit",
        )
    elif kind == "arrays" and keras.backend.backend() == "tensorflow" and shuffle:
        check_global_seed()


def reads_ahead() -> bool:
    """Whether Keras takes batches before they are trained, of any feed.

    TensorFlow does in threads of its own; JAX up to Keras 3.14, and later on an accelerator.
    """
    backend = keras.backend.backend()
    early = backends.keras_release(keras) < (3, 15)
    on_cpu = backend != "jax" or importlib.import_module("jax").default_backend() == "cpu"
    return backend == "tensorflow" or (backend == "jax" and (early or not on_cpu))


def check_validation(feed: Any) -> None:
    """Refuse a feed of the validation, whose results the History has."""
    try:
        check_feed(feed, shuffle=False, earlier=())
    except BadInput as error:
        raise BadInput(str(error).replace("feed:", "validation_data:", 1)) from None


def is_left_ahead(feed: Any, steps_per_epoch: int | None) -> bool:
    """Whether a fit that is over has taken batches of a feed ahead that cannot be had again."""
    if kind_or_type(feed) == "tf_data":
        return steps_per_epoch is not None and has_outer_state(feed)
    return isinstance(feed, GeneratorType)


def calls_python(feed: Any) -> bool:
    """Whether a feed is of tf.data and calls Python, in whatever thread."""
    return kind_or_type(feed) == "tf_data" and has_outer_state(feed, CALLS_PYTHON)


def why_python_differs(feed: Any) -> str | None:
    """Say why the Python that a feed calls may be called otherwise another time, and the remedy."""
    if not calls_python(feed):
        return None
    if any(
        "Parallel" in type(each).__name__ and node.op.startswith(CALLS_PYTHON)
        for each in datasets_in(feed)
        for node in nodes_of(each)
    ):
        return "a parallel map does so in any order; leave num_parallel_calls out"
    return None if is_built_unseen() else f"{DROPPED}; draw from the sample's index"


def is_built_unseen() -> bool:
    """Whether a model is built without a batch: elsewhere one is taken, and those read ahead."""
    return keras.backend.backend() == "tensorflow"


def check_drawn(feed: Any, before: dict) -> None:
    """Refuse a generator that drew at random while Keras took its first batches ahead.

    Other feeds can be asked beforehand.
    """
    if kind_or_type(feed) == "generator" and reads_ahead():
        refuse_drawn(before)


def refuse_drawn(before: dict) -> None:
    """Refuse if a global random state has been drawn from since."""
    if drawn := drawn_from(before, random_states()):
        refuse_global(drawn)


def check_dataset(dataset: Any) -> None:
    name = type(dataset).__name__
    is_seeded = any(int(getattr(dataset, seed, 0)) for seed in ("_seed", "_seed2"))
    draws_order = "RandomDataset" in name or (
        "ShuffleDataset" in name and int(getattr(dataset, "_buffer_size", 0)) != 1
    )
    if draws_order and not is_seeded:
        refuse("a tf.data.Dataset with a shuffle that has no seed", SEED)
    if dataset.options().deterministic is False:
        refuse("a tf.data.Dataset with deterministic=False", "leave that option out")
    for node in nodes_of(dataset):
        if node.op.startswith(OF_VARIABLES):
            refuse(
                "a tf.data.Dataset that draws from a tf.random.Generator",
                "draw by tf.random.stateless_… from the sample's index",
            )
        if node.op.startswith(DRAWING):
            if not (node.attr["seed"].i or node.attr["seed2"].i):
                refuse("a tf.data.Dataset whose map draws at random without a seed", SEED)
            if "Parallel" in name:
                refuse(
                    "a tf.data.Dataset whose parallel map draws at random, in any order",
                    "draw by tf.random.stateless_… from the sample's index, or leave "
                    "num_parallel_calls out",
                )
        if node.op.startswith(CHANGES_VARIABLES):
            check_variables("Parallel" in name)


def check_variables(in_parallel: bool) -> None:
    """Refuse a map that changes a variable, where how often and in what order is chance."""
    what = "a tf.data.Dataset whose {} changes a variable, as a keras layer that draws does"
    if in_parallel:
        refuse(
            what.format("parallel map") + ", in any order",
            "put the layer into the model, or leave num_parallel_calls out",
        )
    if not is_built_unseen():
        refuse(f"{what.format('map')}: {DROPPED}", "put the layer into the model")


def check_workers(feed: Any, shuffle: bool) -> None:
    has_queue = feed.workers > 1 or (feed.workers > 0 and feed.use_multiprocessing)
    if has_queue and shuffle and feed.num_batches is not None:
        refuse(
            f"a PyDataset with {feed.workers} workers and fit(shuffle=True), whose order a thread "
            "draws at a moment that nobody knows",
            "say shuffle=False and shuffle in on_epoch_end, or workers=1",
        )


def check_items(load_item: Callable, in_thread: bool) -> None:
    """Refuse items that draw from global random state, where something loads them ahead."""
    if not in_thread:
        return
    before = random_states()
    load_item()
    drawn = drawn_from(before, random_states())
    set_random_states(before)
    if drawn:
        refuse_global(drawn)


def refuse_global(drawn: list[str]) -> None:
    refuse(
        f"one that draws from the global random state of {' and '.join(drawn)}, ahead of the "
        "training",
        "draw from a generator of its own, such as np.random.default_rng(1)",
    )


def refuse_shared_draws(begun: dict, random_then: dict) -> None:
    """Refuse a generator that drew in turn with something else: what it holds is not known.

    Of other feeds a batch is what is drawn for it, and the states of then are put back.

    Args:
        begun: random states behind the generator's first batch.
        random_then: those where the training was, behind as many batches as by now.
    """
    now = random_states()
    if shared := set(drawn_from(begun, now)).intersection(drawn_from(now, random_then)):
        refuse(
            f"one that draws from the global random state of {' and '.join(sorted(shared))}, "
            "as something else does between its batches",
            "draw from a generator of its own, such as np.random.default_rng(1)",
        )


def check_global_seed() -> None:
    from epochwatch._watching.on_tensorflow import is_seeded

    if not is_seeded():
        refuse(
            "arrays that fit(shuffle=True) shuffles without a seed",
            "call keras.utils.set_random_seed(…) first, or say shuffle=False",
        )


def refuse(got: str, remedy: str) -> None:
    raise BadInput(f"feed: got {got}, allowed: one that can be put back after a kill; {remedy}")
