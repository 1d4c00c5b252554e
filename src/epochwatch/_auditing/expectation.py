"""What to expect of `fit` on a feed, and why, before anything runs.

The prediction is what Keras' own loop takes from a feed of that kind (`epoch_loop`), judged
as an observation would be. Where an audit observes something else, that is a finding.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from epochwatch._auditing import epoch_loop
from epochwatch._auditing.epoch_loop import Loop
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.rules import RULES, Rule, rule_of
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.verdict import Verdict, judge
from epochwatch._watching.backends import backend_module
from epochwatch.feeds._facts import FeedFacts

Version = tuple[int, int]
NEWEST: Version = (3, 15)
NO_WORSE = ("runs dry", "overruns", "resumes")  # than a generator that is read ahead
Follow = Callable[[Loop], epoch_loop.Fits]


class Expectation(NamedTuple):
    """What is to be expected.

    Attributes:
        verdict: of the run; None for a single epoch without a finding, or untold.
        rule: why.
        judged: the predicted run; None where it depends on timing.
        exact: whether boundaries and steps are told too, and not the verdict alone.
        may_stop: whether callbacks of the user's can end a fit before it is done.
        alike: whether epochs in a row, or fits, are to have the same order though they are
            shuffled.
    """

    verdict: str | None
    rule: Rule
    judged: Verdict | None
    exact: bool = True
    may_stop: bool = False
    alike: bool = False

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
    keras: Version = NEWEST,
    *,
    pass_length: int | None = None,
    fixed_order: bool = True,
    feed_order: Sequence[int] = (),
    seeded: bool = False,
) -> Expectation:
    """Predict what `fit` does, and say why.

    Args:
        facts: what is known of the feed without a pass over it.
        call: how `fit` is called.
        backend: what it runs on, or "tf_keras".
        keras: version of Keras 3; of Keras 2 all do the same.
        pass_length: batches of a pass, where the feed does not tell and one has been made.
        fixed_order: whether passes over the feed were alike.
        feed_order: digests of the batches of a pass. A feed that repeats itself is read kindly,
            here as in what is observed.
        seeded: whether TensorFlow draws by a seed that was set for all of it.
    """
    loop = loop_of(facts, call, backend, keras, pass_length)
    may_stop = bool(call.options.get("callbacks"))
    # What was seen of the feed comes before what could be known of it.
    if not fixed_order:
        return out_of_order(loop, loop_by(backend, keras), "own order varies", may_stop)
    # Passes over arrays are alike: it is `fit` that draws another order, which no pass shows.
    if shuffled_by_fit(facts, call):
        follow = loop_by(backend, keras)
        if seeded and facts.kind == "arrays" and begins_alike(follow(loop)):
            return out_of_order(loop, follow, "drawn by a seed", may_stop, alike=True)
        return out_of_order(loop, follow, "fit shuffles", may_stop)
    if depends_on_timing(facts, call, backend):
        return Expectation(None, RULES["worker queue"], None)
    # What tf.data reads ahead of a generator depends on timing, that it does so does not.
    exact = not (loop.one_shot and loop.reads_ahead and loop.call.fits > 1)
    # But where the generator repeats itself, what comes after may stand anywhere.
    if not exact and len(set(feed_order)) < len(feed_order):
        return Expectation(None, RULES["generator read ahead"], None)
    judged = judged_loop(loop, loop_by(backend, keras), feed_order)
    return Expectation(judged.verdict, rule_of(judged, loop, backend), judged, exact, may_stop)


def shuffled_by_fit(facts: FeedFacts, call: FitCall) -> bool:
    """Whether `fit` itself changes the order."""
    # Of arrays it moves the rows, in a single batch too; of a PyDataset the items. One of
    # either has no order.
    moved = facts.length if facts.kind == "py_dataset" else facts.rows
    return (moved or 0) > 1 and bool(call.options.get("shuffle", True))


def depends_on_timing(facts: FeedFacts, call: FitCall, backend: str) -> bool:
    """Whether a queue that workers fill decides what is trained."""
    queued = facts.kind == "py_dataset" and facts.workers and facts.length is not None
    return bool(queued) and not (backend == "tensorflow" and call.steps_per_epoch is None)


def has_workers(options: dict) -> bool:
    """Whether `fit` of Keras 2 is told to have a Sequence's items made by workers."""
    workers = options.get("workers", 1)
    return workers > 1 or (workers > 0 and bool(options.get("use_multiprocessing")))


def loop_of(
    facts: FeedFacts, call: FitCall, backend: str, keras: Version, pass_length: int | None
) -> Loop:
    """Put together what the epoch loop knows of a feed."""
    on_keras_2 = backend == "tf_keras"
    up_to_3_6 = not on_keras_2 and keras < (3, 7)
    reads_ahead = backend in ("tensorflow", "tf_keras") or (backend == "jax" and keras < (3, 14))
    # One batch is taken from the workers' queue; a queue with an end is filled up again.
    takes_one = backend in ("jax", "torch") and facts.kind == "py_dataset" and facts.workers
    takes_one = takes_one and facts.length is None
    # JAX read another one ahead, up to Keras 3.13.
    offset = (2 if backend == "jax" and keras < (3, 14) else 1) if takes_one else 0
    if up_to_3_6 and backend != "tensorflow":
        offset = batches_to_build(facts, call, reads_ahead)
    return Loop(
        length=facts.length or pass_length,
        counted=facts.length is not None and facts.kind != "grain_loader",
        one_shot=not facts.can_be_iterated_again,
        recreated=on_keras_2 and facts.kind == "py_dataset",
        repeated=on_keras_2 and facts.kind == "arrays",
        cycled=on_keras_2 and facts.kind == "py_dataset" and has_workers(call.options),
        offset=offset,
        whole=backend == "tensorflow",
        reads_ahead=epoch_loop.READ_AHEAD if reads_ahead else 0,
        call=call,
    )


def batches_to_build(facts: FeedFacts, call: FitCall, reads_ahead: bool) -> int:
    """Count the batches that Keras up to 3.6 takes to build a model, and does not train.

    It is a whole execution: of the iterator that is kept, or of a generator, then with what was
    read ahead.
    """
    if call.steps_per_epoch:
        return call.steps_per_execution
    one_shot = not facts.can_be_iterated_again
    return call.steps_per_execution + reads_ahead * epoch_loop.READ_AHEAD if one_shot else 0


def loop_by(backend: str, keras: Version) -> Follow:
    """Choose the loop that a Keras has."""
    if backend == "tf_keras":
        return epoch_loop.keras_2
    return epoch_loop.keras_3_6 if keras < (3, 7) else epoch_loop.keras_3


def judged_loop(loop: Loop, follow: Follow, feed_order: Sequence[int]) -> Verdict:
    """Judge what the loop takes, as if it had been observed."""
    places_by_epoch = dict(follow(loop))

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
    """Whether the global seed of TensorFlow was set, as `set_random_seed` does.

    On JAX and torch Keras draws the order of arrays itself, anew for each epoch.
    """
    return backend in ("tensorflow", "tf_keras") and backend_module("tensorflow").is_seeded()


def begins_alike(epochs: epoch_loop.Fits) -> bool:
    """Whether epochs in a row, or fits, take the same places: each from an iterator of its own."""
    by_fit = [
        [places for _, places in group]
        for _, group in itertools.groupby(epochs, key=lambda epoch: epoch[0][0])
    ]
    in_turn = [places for fit in by_fit for places in fit]
    pairs = [*itertools.pairwise(in_turn), *itertools.pairwise(by_fit)]
    return any(before == after for before, after in pairs if before)


def out_of_order(
    loop: Loop, follow: Follow, rule: str, may_stop: bool, alike: bool = False
) -> Expectation:
    """Predict a run whose order is not told: its steps are."""
    steps = tuple(len(places) for _, places in follow(loop))
    steps_asked = loop.call.steps_per_epoch or loop.length
    judged = Verdict((), (), None, steps, steps_asked, fixed_order=False)
    return Expectation(judged.verdict, RULES[rule], judged, may_stop=may_stop, alike=alike)
