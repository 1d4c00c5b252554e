"""What to expect of `fit` on a feed, and why, before anything runs.

The prediction is what Keras' own loop takes from a feed of that kind (`epoch_loop`), judged
as an observation would be. Where an audit observes something else, that is a finding.
"""

import itertools
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from epochwatch._auditing import epoch_loop
from epochwatch._auditing.epoch_loop import Loop
from epochwatch._auditing.keras_loop import Follow, Version, looks_ahead, loop_by, loop_of
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.rules import RULES, Rule, rule_of
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.verdict import Verdict, judge
from epochwatch._watching.backends import backend_module
from epochwatch.errors import BadInput
from epochwatch.feeds._facts import FeedFacts

RELEASED: Version = (3, 15)
NEWEST: Version = (3, 16)  # in development
NO_WORSE = ("runs dry", "overruns", "resumes")  # than a generator that is read ahead
SHOWN_EPOCHS = 6


class Expectation(NamedTuple):
    """What is to be expected.

    Attributes:
        verdict: of the run; None for a single epoch without a finding, or untold.
        rule: why.
        judged: the predicted run; None where it depends on timing.
        exact: whether boundaries and steps are told too, and not the verdict alone.
        may_stop: whether callbacks of the user's can end a fit before it is done.
        alike: whether epochs in a row, or fits, are to have the same order though they are
            shuffled; None where timing decides.
        places: of the batches of the first epochs, by fit and epoch; where they are told.
        assumed: of a feed that is not there, all that the answer holds for.
        provided: on which condition it is told, where it is on one.
    """

    verdict: str | None
    rule: Rule
    judged: Verdict | None
    exact: bool = True
    may_stop: bool = False
    alike: bool | None = False
    places: Mapping[tuple[int, int], list[int]] = MappingProxyType({})
    assumed: Mapping[str, Any] = MappingProxyType({})
    provided: str | None = None

    def agrees_with(self, observed: Verdict) -> bool | None:
        """Compare with what was observed; None where nothing was told."""
        if self.judged is None or self.is_stopped(observed):
            return None
        if not self.exact:
            # On a busy machine a fit may end before anything was read ahead.
            nothing_skipped = self.verdict == "skips" and observed.verdict in NO_WORSE
            return self.verdict == observed.verdict or nothing_skipped
        return _compared(self.judged) == _compared(observed)

    def is_stopped(self, observed: Verdict) -> bool:
        """Whether a callback may have ended what was observed: no loop tells when."""
        return self.may_stop and sum(observed.steps_run) < sum(self.judged.steps_run)

    def as_json(self) -> dict:
        is_known = self.judged is not None and self.exact
        steps = list(self.judged.steps_run) if is_known else None
        rule = {"rule": self.rule.name, "why": self.rule.why, "source": self.rule.source}
        return {"verdict": self.verdict, **rule, "steps": steps, "alike": self.alike}


def _compared(judged: Verdict) -> tuple:
    boundaries = tuple(boundary.verdict for boundary in judged.boundaries)
    return judged.verdict, judged.steps_run, boundaries, (judged.first_places or ())[:1]


def expect(
    facts: FeedFacts,
    call: FitCall,
    backend: str,
    keras: Version = RELEASED,
    *,
    pass_length: int | None = None,
    fixed_order: bool | None = True,
    feed_order: Sequence[int] = (),
    seeded: bool = False,
    accelerated: bool = False,
) -> Expectation:
    """Predict what `fit` does, and say why.

    Args:
        facts: what is known of the feed without a pass over it.
        call: how `fit` is called.
        backend: what it runs on, or "tf_keras".
        keras: version of Keras 3; of Keras 2 all do the same.
        pass_length: batches of a pass, where the feed does not tell and one has been made.
        fixed_order: whether passes over the feed were alike, or would be; None where nobody
            knows.
        feed_order: digests of the batches of a pass. A feed that repeats itself is read kindly,
            here as in what is observed.
        seeded: whether TensorFlow draws by a seed that was set for all of it.
        accelerated: whether JAX runs on something else than a CPU.
    """
    ahead = looks_ahead(backend, keras, accelerated)
    loop = loop_of(facts, call, backend, keras, pass_length, ahead)
    may_stop = bool(call.options.get("callbacks"))
    # What was seen of the feed comes before what could be known of it.
    if fixed_order is False:
        return out_of_order(loop, loop_by(backend, keras), "own order varies", may_stop)
    # Passes over arrays are alike: it is `fit` that draws another order, which no pass shows.
    if shuffled_by_fit(facts, call):
        follow = loop_by(backend, keras)
        rule, alike = drawn_order(facts, call, backend, keras, seeded, follow(loop))
        # What is drawn alike may be put into another order by the feed.
        is_told = fixed_order or not alike
        return out_of_order(loop, follow, rule, may_stop, alike if is_told else None)
    if fixed_order is None:
        return Expectation(None, RULES["may shuffle itself"], None)
    if depends_on_timing(facts, call, backend):
        return Expectation(None, RULES["worker queue"], None)
    # What tf.data reads ahead of a generator depends on timing, that it does so does not.
    exact = not (loop.one_shot and loop.reads_ahead and loop.call.fits > 1)
    # But where the generator repeats itself, what comes after may stand anywhere.
    if not exact and len(set(feed_order)) < len(feed_order):
        return Expectation(None, RULES["generator read ahead"], None)
    places = dict(loop_by(backend, keras)(loop))
    judged = judged_places(loop, places, feed_order)
    # What follows what was read ahead is not told.
    told = ((epoch, each) for epoch, each in places.items() if exact or epoch[0] == 1)
    return Expectation(
        judged.verdict,
        rule_of(judged, loop, backend),
        judged,
        exact,
        may_stop,
        places=dict(itertools.islice(told, SHOWN_EPOCHS)),
    )


def check_executions(call: FitCall, facts: FeedFacts, backend: str, keras: Version) -> None:
    """Refuse a `steps_per_execution` that a release of Keras does not have."""
    if call.steps_per_execution == 1:
        return
    got = f"steps_per_execution: got {call.steps_per_execution}"
    if backend == "torch" and keras < (3, 16):
        raise BadInput(f"{got}, allowed on torch: 1; Keras runs single steps there up to 3.15")
    if backend == "tf_keras" and not (call.steps_per_epoch or facts.length):
        raise BadInput(
            f"{got} for a {facts.kind} whose length Keras 2 does not know, allowed: 1, or give "
            "steps_per_epoch"
        )


def shuffled_by_fit(facts: FeedFacts, call: FitCall) -> bool:
    """Whether `fit` itself changes the order."""
    # Of arrays it moves the rows, in a single batch too; of a PyDataset the items. One of
    # either has no order.
    moved = facts.length if facts.kind == "py_dataset" else facts.rows
    return (moved or 0) > 1 and bool(call.options.get("shuffle", True))


def drawn_order(
    facts: FeedFacts,
    call: FitCall,
    backend: str,
    keras: Version,
    seeded: bool,
    epochs: epoch_loop.Fits,
) -> tuple[str, bool | None]:
    """Name the rule by which `fit` draws orders, and say whether epochs or fits have the same.

    None where timing decides.
    """
    # Elsewhere Keras draws with NumPy, torch, or `random`, anew for each epoch.
    in_graph = facts.kind == "arrays" and backend in ("tensorflow", "tf_keras")
    if backend != "tf_keras" and keras >= (3, 16):
        if in_graph:
            return "traced once", begins_alike(epochs)
        alike = call.fits > 1 and has_equal_pair(places_by_fit(epochs))
        is_told = not (alike and depends_on_timing(facts, call, backend))
        return "drawn by the epoch", alike if is_told else None
    # Keras 2 goes over all epochs of a fit with one iterator, which draws on.
    has_one_iterator = backend == "tf_keras"
    alike = has_equal_pair(places_by_fit(epochs)) if has_one_iterator else begins_alike(epochs)
    if seeded and in_graph and alike:
        return "drawn by a seed", True
    return "fit shuffles", False


def depends_on_timing(facts: FeedFacts, call: FitCall, backend: str) -> bool:
    """Whether a queue that workers fill decides what is trained."""
    queued = facts.kind == "py_dataset" and facts.workers and facts.length is not None
    return bool(queued) and not (backend == "tensorflow" and call.steps_per_epoch is None)


def judged_places(
    loop: Loop, places_by_epoch: Mapping[tuple[int, int], list[int]], feed_order: Sequence[int]
) -> Verdict:
    """Judge what the loop takes, as if it had been observed."""

    def batch(place: int) -> np.ndarray:
        return np.array([feed_order[place]] if place < len(feed_order) else [place, place])

    trained = (
        TrainedBatch(*pair, step, batch(place))
        for pair, places in places_by_epoch.items()
        for step, place in enumerate(places)
    )
    return judge(
        trained,
        lambda: map(batch, loop.pass_over()),
        loop.call.steps_per_epoch or loop.length,
        can_be_iterated_again=not loop.one_shot,
        begun=places_by_epoch,
    )


def is_seeded(backend: str) -> bool:
    """Whether the global seed of TensorFlow was set, as `set_random_seed` does."""
    return backend in ("tensorflow", "tf_keras") and backend_module("tensorflow").is_seeded()


def begins_alike(epochs: epoch_loop.Fits) -> bool:
    """Whether epochs in a row, or fits, take the same places: each from an iterator of its own."""
    by_fit = places_by_fit(epochs)
    return has_equal_pair([places for fit in by_fit for places in fit]) or has_equal_pair(by_fit)


def places_by_fit(epochs: epoch_loop.Fits) -> list[list[list[int]]]:
    return [
        [places for _, places in group]
        for _, group in itertools.groupby(epochs, key=lambda epoch: epoch[0][0])
    ]


def has_equal_pair(in_turn: list) -> bool:
    """Whether two in a row are the same and not empty."""
    return any(before == after for before, after in itertools.pairwise(in_turn) if before)


def out_of_order(
    loop: Loop, follow: Follow, rule: str, may_stop: bool, alike: bool | None = False
) -> Expectation:
    """Predict a run whose order is not told: its steps are."""
    steps = tuple(len(places) for _, places in follow(loop))
    steps_asked = loop.call.steps_per_epoch or loop.length
    judged = Verdict((), (), None, steps, steps_asked, fixed_order=False)
    return Expectation(judged.verdict, RULES[rule], judged, may_stop=may_stop, alike=alike)
