"""What is told of a fit beforehand, why, and whether it is what was seen."""

import dataclasses

import numpy as np
import pytest

from epochwatch._auditing.expectation import expect
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.rules import RULES
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.verdict import judge
from epochwatch.feeds._facts import FeedFacts

FEEDS = {
    "arrays": FeedFacts("arrays", 10, False, True, 0, False, 40),
    "tf_data": FeedFacts("tf_data", 10, False, True, 0, False),
    "uncounted": FeedFacts("tf_data", None, None, True, 0, False),
    "repeated": FeedFacts("tf_data", None, True, True, 0, False),
    "generator": FeedFacts("generator", None, None, False, 0, False),
    "items": FeedFacts("py_dataset", 10, False, True, 0, False),
    "items of threads": FeedFacts("py_dataset", 10, False, True, 4, False),
    "endless items": FeedFacts("py_dataset", None, True, True, 0, False),
    "endless items of threads": FeedFacts("py_dataset", None, True, True, 4, False),
}
IN_ORDER = {"shuffle": False}


def predicted(feed, backend="tensorflow", found=None, fixed_order=True, options=IN_ORDER, **asked):
    """Say what to expect of one of the feeds."""
    call = FitCall(**asked, options=options)
    return expect(FEEDS[feed], call, backend, pass_length=found, fixed_order=fixed_order)


def steps_of(expectation):
    """Return the steps that are told."""
    return list(expectation.judged.steps_run)


THREE = {"steps_per_epoch": 3, "epochs": 5}
CASES = [
    ("iterator kept", "resumes", "repeated", "tensorflow", THREE),
    ("a pass an epoch", "resumes", "tf_data", "jax", {"epochs": 2}),
    ("fit begins anew", "restarts", "tf_data", "torch", {"steps_per_epoch": 3, "fits": 2}),
    ("fit begins anew", "restarts", "tf_data", "tf_keras", {"steps_per_epoch": 3, "fits": 2}),
    ("ends inside an epoch", "runs dry", "tf_data", "tensorflow", THREE),
    ("whole executions", "overruns", "repeated", "jax", {**THREE, "steps_per_execution": 2}),
    ("generator read ahead", "skips", "generator", "tensorflow", {**THREE, "fits": 2}),
    ("generator read ahead", "skips", "generator", "tf_keras", {**THREE, "fits": 2}),
    ("one epoch", None, "repeated", "tensorflow", {"steps_per_epoch": 3}),
    ("Sequence recreated", "restarts", "items", "tf_keras", THREE),
    ("training ends with the data", "runs dry", "tf_data", "tf_keras", THREE),
    ("Keras 2 keeps its iterator", "resumes", "arrays", "tf_keras", THREE),
    ("a pass an epoch", "resumes", "arrays", "tf_keras", {"epochs": 2}),
]


@pytest.mark.parametrize(("rule", "verdict", "feed", "backend", "asked"), CASES)
def test_a_verdict_is_told_with_its_reason(rule, verdict, feed, backend, asked):
    expectation = predicted(feed, backend, **asked)
    assert (expectation.rule.name, expectation.verdict) == (rule, verdict)


def test_a_generator_that_ended_trains_the_peeked_batches_again():
    expectation = predicted("generator", found=10, **THREE)
    assert (expectation.rule.name, expectation.verdict) == ("peeked batches again", "replays")
    assert steps_of(expectation) == [3, 3, 3, 1, 2]


@pytest.mark.parametrize("feed", ["arrays", "items", "items of threads"])
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch", "tf_keras"])
def test_fit_shuffles_unless_told_otherwise_what_has_a_length(feed, backend):
    expectation = predicted(feed, backend, options={}, epochs=2)
    assert (expectation.rule.name, expectation.verdict) == ("fit shuffles", "reshuffles")
    assert steps_of(expectation) == [10, 10]
    assert predicted("endless items", backend, options={}, **THREE).rule.name != "fit shuffles"


def shuffled_on(keras, feed, backend, seeded=False, **asked):
    """Say what to expect of a release of Keras that is told to shuffle."""
    expectation = expect(FEEDS[feed], FitCall(**asked), backend, keras, seeded=seeded)
    return expectation.rule.name, expectation.alike


@pytest.mark.parametrize("seeded", [False, True])
def test_from_keras_3_16_on_tensorflow_has_one_order_of_arrays_whatever_the_seed(seeded):
    in_one_fit = shuffled_on((3, 16), "arrays", "tensorflow", seeded, epochs=2)
    in_two_fits = shuffled_on((3, 16), "arrays", "tensorflow", seeded, fits=2)
    assert in_one_fit == in_two_fits == ("traced once", True)
    assert shuffled_on((3, 16), "arrays", "tensorflow", seeded) == ("traced once", False)
    before = shuffled_on((3, 15), "arrays", "tensorflow", seeded, epochs=2)
    assert before == (("drawn by a seed", True) if seeded else ("fit shuffles", False))


@pytest.mark.parametrize("seeded", [False, True])
@pytest.mark.parametrize(
    ("feed", "backend"),
    [("arrays", "jax"), ("arrays", "torch"), ("items", "tensorflow"), ("items", "torch")],
)
def test_from_keras_3_16_on_each_fit_begins_with_the_same_orders(feed, backend, seeded):
    in_one_fit = shuffled_on((3, 16), feed, backend, seeded, epochs=3)
    assert in_one_fit == ("drawn by the epoch", False)
    in_two_fits = shuffled_on((3, 16), feed, backend, seeded, epochs=3, fits=2)
    assert in_two_fits == ("drawn by the epoch", True)
    assert shuffled_on((3, 15), feed, backend, seeded, fits=2) == ("fit shuffles", False)


def test_what_a_queue_of_workers_draws_is_not_told_to_be_alike():
    assert shuffled_on((3, 16), "items of threads", "jax", fits=2)[1] is None
    assert shuffled_on((3, 16), "items of threads", "jax", epochs=2)[1] is False
    assert shuffled_on((3, 15), "arrays", "tf_keras", fits=2) == ("fit shuffles", False)


def test_the_rows_of_a_single_batch_are_shuffled_and_a_single_item_cannot_be():
    call = FitCall(epochs=2)
    for feed, rule in (("arrays", "fit shuffles"), ("items", "a pass an epoch")):
        assert expect(FEEDS[feed]._replace(length=1), call, "jax").rule.name == rule


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_queue_with_an_end_is_filled_up_again_so_its_steps_are_those_of_the_feed(backend):
    """On JAX and torch the build takes a batch from the queue, and the next order follows."""
    expectation = predicted("items of threads", backend, options={}, **THREE)
    assert steps_of(expectation) == [3, 3, 3, 1, 3]


@pytest.mark.parametrize(("backend", "place"), [("tensorflow", 0), ("jax", 1), ("torch", 1)])
def test_of_a_queue_without_an_end_the_build_takes_the_first_batch(backend, place):
    assert predicted("endless items of threads", backend, **THREE).judged.first_places[0] == place


def test_on_torch_the_build_takes_a_whole_execution_of_a_generator_but_for_what_was_peeked_at():
    called = FitCall(steps_per_epoch=6, steps_per_execution=3, epochs=2)
    told = expect(FEEDS["generator"], called, "torch", (3, 16))
    assert (told.verdict, told.rule.name) == ("reshuffles", "execution lost")
    assert list(told.places.values()) == [[0, 1, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]
    singly = FitCall(steps_per_epoch=6, epochs=2)
    assert expect(FEEDS["generator"], singly, "torch", (3, 16)).verdict == "resumes"


def test_of_a_feed_that_may_shuffle_itself_nothing_is_told():
    told = predicted("tf_data", fixed_order=None, **THREE)
    assert told[:3] == (None, RULES["may shuffle itself"], None)
    assert not told.places
    by_fit = predicted("items", fixed_order=None, options={}, epochs=2)
    assert (by_fit.rule.name, by_fit.verdict) == ("fit shuffles", "reshuffles")
    again = expect(FEEDS["items"], FitCall(fits=2), "jax", (3, 16), fixed_order=None)
    assert (again.verdict, again.alike) == ("reshuffles", None)


@pytest.mark.parametrize(
    ("keras", "accelerated", "ahead"),
    [((3, 12), False, 1), ((3, 14), False, 1), ((3, 15), False, 0), ((3, 15), True, 1)],
)
def test_jax_looks_a_batch_ahead_but_from_keras_3_15_on_not_on_a_cpu(keras, accelerated, ahead):
    """3.14 was taken for 3.15 once: its second fit was told to resume, and skips a batch."""
    twice = FitCall(steps_per_epoch=3, fits=2)
    told = expect(FEEDS["generator"], twice, "jax", keras, accelerated=accelerated)
    assert told.verdict == ("skips" if ahead else "resumes")
    queue = FEEDS["endless items of threads"]
    told = expect(queue, FitCall(steps_per_epoch=3), "jax", keras, accelerated=accelerated)
    assert told.places[1, 1] == [1 + ahead, 2 + ahead, 3 + ahead]


def test_a_feed_with_an_order_of_its_own_in_each_pass_reshuffles():
    expectation = predicted("tf_data", fixed_order=False, **THREE)
    assert expectation.rule.name == "own order varies"
    assert (expectation.verdict, steps_of(expectation)) == ("runs dry", [3, 3, 3, 1, 3])
    assert predicted("repeated", fixed_order=False, **THREE).verdict == "reshuffles"


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_what_a_queue_of_workers_delivers_is_not_told(backend):
    expectation = predicted("items of threads", backend, **THREE)
    assert expectation[:3] == (None, RULES["worker queue"], None)
    assert expectation.agrees_with(predicted("repeated", **THREE).judged) is None
    assert expectation.as_json()["steps"] is None


def test_whole_passes_of_a_queue_are_told_on_tensorflow():
    """It begins each pass with a queue of its own."""
    assert predicted("items of threads", epochs=2).verdict == "resumes"


def test_workers_that_keras_2_is_given_run_on_after_the_last_item():
    options = {**IN_ORDER, "workers": 4}
    expectation = predicted("items", "tf_keras", options=options, steps_per_epoch=20, epochs=2)
    assert (expectation.verdict, steps_of(expectation)) == ("resumes", [20, 20])
    alone = predicted("items", "tf_keras", steps_per_epoch=20, epochs=2)
    assert (alone.verdict, steps_of(alone)) == ("runs dry", [10])


def test_epochs_begin_where_fit_is_told_to():
    expectation = predicted("tf_data", options={"initial_epoch": 2}, **THREE)
    assert (expectation.verdict, steps_of(expectation)) == ("resumes", [3, 3, 3])


def test_every_rule_has_a_case_here():
    named_here = {rule for rule, *_ in CASES} | {
        "peeked batches again",
        "fit shuffles",
        "drawn by a seed",
        "traced once",
        "drawn by the epoch",
        "execution lost",
        "own order varies",
        "may shuffle itself",
        "worker queue",
    }
    assert named_here == set(RULES)
    assert all(rule.why and rule.source for rule in RULES.values())


# Whether it agrees with what was seen.


def observed(*epochs, steps=3, length=None):
    """Judge places of an endless feed, or of one that ends."""
    trained = [
        TrainedBatch(1, number, step, np.array([place]))
        for number, places in enumerate(epochs, start=1)
        for step, place in enumerate(places)
    ]
    order = lambda: (np.array([place]) for place in range(length or 10_000))  # noqa: E731
    begun = [(1, number) for number in range(1, len(epochs) + 1)]
    return judge(trained, order, steps, can_be_iterated_again=True, begun=begun)


SEEN = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


def test_it_agrees_with_what_it_foretells():
    expectation = predicted("repeated", steps_per_epoch=3, epochs=3)
    assert expectation.agrees_with(observed(*SEEN)) is True


@pytest.mark.parametrize(
    ("difference", "epochs"),
    [
        ("a boundary", [[0, 1, 2], [0, 1, 2], [3, 4, 5]]),
        ("the steps", [[0, 1, 2], [3, 4, 5], [6, 7]]),
        ("an epoch more", [*SEEN, [9, 10, 11]]),
        ("an epoch less", SEEN[:2]),
        ("an epoch without a step", [*SEEN[:2], []]),
        ("the beginning", [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        ("the order", [[2, 1, 0], [3, 4, 5], [6, 7, 8]]),
    ],
)
def test_it_disagrees_when_something_else_is_seen(difference, epochs):
    expectation = predicted("repeated", steps_per_epoch=3, epochs=3)
    assert expectation.agrees_with(observed(*epochs)) is False


def test_which_boundary_it_is_matters_and_not_only_the_worst():
    """Both restart, and both have the same steps."""
    expectation = predicted("tf_data", steps_per_epoch=3, epochs=2, fits=2)
    same = [[0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]]
    assert expectation.agrees_with(observed(*same, length=10)) is True
    other = [[0, 1, 2], [3, 4, 5], [0, 1, 2], [0, 1, 2]]
    assert expectation.agrees_with(observed(*other, length=10)) is False


def test_of_a_generator_of_two_fits_only_the_verdict_is_told_where_tf_data_reads_ahead():
    expectation = predicted("generator", steps_per_epoch=3, fits=2)
    for first in (4, 5, 9):
        seen = observed([0, 1, 2], [first, first + 1, first + 2])
        assert expectation.agrees_with(seen) is True
    assert expectation.agrees_with(observed([0, 1, 2], [3, 4, 5])) is True  # read too late
    assert expectation.agrees_with(observed([0, 1, 2], [0, 1, 2])) is False
    exact = predicted("generator", "jax", steps_per_epoch=3, fits=2)
    assert exact.agrees_with(observed([0, 1, 2], [3, 4, 5])) is True


def test_of_a_generator_that_repeats_itself_and_is_read_ahead_nothing_is_told():
    call = FitCall(steps_per_epoch=3, fits=2)
    of_it = expect(FEEDS["generator"], call, "tensorflow", feed_order=[1, 2, 3, 1, 2, 3, 1])
    assert (of_it.verdict, of_it.judged, of_it.rule.name) == (None, None, "generator read ahead")
    assert of_it.agrees_with(observed([0, 1, 2], [0, 1, 2])) is None
    in_one_fit = FitCall(steps_per_epoch=3, epochs=2)
    assert expect(FEEDS["generator"], in_one_fit, "tensorflow", feed_order=[1, 1]).exact


def test_a_fit_that_callbacks_may_have_stopped_is_not_called_wrong():
    options = {"callbacks": [object()]}
    expectation = predicted("repeated", steps_per_epoch=3, epochs=3, options=options)
    assert expectation.agrees_with(observed(*SEEN[:2])) is None
    assert expectation.agrees_with(observed(*SEEN)) is True
    restarted = [[0, 1, 2], [0, 1, 2], [3, 4, 5]]
    assert expectation.agrees_with(observed(*restarted)) is False
    shuffled = predicted("arrays", options=options, epochs=3)
    stopped = dataclasses.replace(shuffled.judged, steps_run=(10,))
    assert shuffled.agrees_with(stopped) is None


def test_it_is_written_for_json_with_its_reason():
    expectation = predicted("tf_data", **THREE)
    assert expectation.as_json() == {
        "verdict": "runs dry",
        "rule": "ends inside an epoch",
        "why": "the feed ends before an epoch has all its steps; that epoch stops there, and "
        "the next one starts a new pass",
        "source": "keras/src/trainers/epoch_iterator.py: EpochIterator.catch_stop_iteration",
        "steps": [3, 3, 3, 1, 3],
        "alike": False,
    }
