"""What Keras' loop takes from a feed of ten batches, as measured and as it must be."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._auditing import epoch_loop
from epochwatch._auditing.epoch_loop import Loop
from epochwatch._auditing.request import FitCall

FINITE = Loop(
    length=10,
    counted=True,
    one_shot=False,
    recreated=False,
    repeated=False,
    cycled=False,
    offset=0,
    whole=True,
    collected=False,
    reads_ahead=0,
    call=FitCall(steps_per_epoch=3, epochs=5),
)
UNCOUNTED = FINITE._replace(counted=False)
GENERATOR = UNCOUNTED._replace(one_shot=True)
ENDLESS = FINITE._replace(length=None, counted=False)


def called(loop, **changed):
    """The same loop, called in another way or on another feed."""
    of_feed = {name: changed.pop(name) for name in Loop._fields if name in changed}
    return loop._replace(**of_feed, call=dataclasses.replace(loop.call, **changed))


def keras_3(loop, **asked):
    """Follow Keras 3: places by epoch."""
    return [places for _, places in epoch_loop.keras_3(called(loop, **asked))]


def keras_3_6(loop, **asked):
    """Follow Keras 3.6: places by epoch."""
    return [places for _, places in epoch_loop.keras_3_6(called(loop, **asked))]


def keras_2(loop, **asked):
    """Follow Keras 2: places by epoch."""
    return [places for _, places in epoch_loop.keras_2(called(loop, **asked))]


def joined(epochs):
    """Put the places of some epochs behind one another."""
    return [place for places in epochs for place in places]


def span(first, last):
    """List places, the last one among them."""
    return list(range(first, last + 1))


# Measured with Keras 3.15.1, a feed of 10 batches each.


@pytest.mark.parametrize("loop", [FINITE, UNCOUNTED])
def test_a_feed_with_an_end_is_resumed_to_it_and_begun_again_in_the_next_epoch(loop):
    assert keras_3(loop) == [span(0, 2), span(3, 5), span(6, 8), [9], span(0, 2)]


def test_of_a_generator_that_has_ended_the_two_peeked_batches_come_again():
    """`peek_and_restore` chains them before the generator whenever an iterator is made."""
    assert keras_3(GENERATOR) == [span(0, 2), span(3, 5), span(6, 8), [9], [0, 1]]
    assert keras_3(GENERATOR, steps_per_epoch=None, epochs=3) == [span(0, 9), [0, 1], [0, 1]]


def test_an_execution_is_not_shortened_at_the_end_of_an_epoch():
    asked = {"steps_per_epoch": 4, "steps_per_execution": 3, "epochs": 3}
    assert keras_3(FINITE, **asked) == [span(0, 5), span(6, 9), span(0, 5)]
    # Of unknown length, the end is only seen by an execution that gets nothing.
    assert keras_3(UNCOUNTED, **asked) == [span(0, 5), span(6, 9), []]


def test_where_executions_are_collected_a_short_one_tells_of_the_end():
    """Keras 3.16 on torch; elsewhere it takes an execution without a batch, and an epoch more."""
    asked = {"steps_per_epoch": 12, "steps_per_execution": 3, "epochs": 3}
    assert keras_3(UNCOUNTED, collected=True, **asked) == [span(0, 9)] * 3
    assert keras_3(UNCOUNTED, **asked) == [span(0, 9), [], span(0, 9)]
    single = {"steps_per_epoch": 12, "epochs": 2}
    assert keras_3(UNCOUNTED, collected=True, **single) == keras_3(UNCOUNTED, **single)


def test_more_steps_than_there_are_make_every_epoch_a_pass():
    assert keras_3(FINITE, steps_per_epoch=20, epochs=3) == [span(0, 9)] * 3


@pytest.mark.parametrize(("reads_ahead", "first"), [(0, 6), (1, 7)])
def test_a_second_fit_goes_on_with_a_generator_where_the_first_has_stopped_reading(
    reads_ahead, first
):
    """JAX and torch read none ahead; TensorFlow prefetches one batch at the least."""
    loop = GENERATOR._replace(length=10_000, reads_ahead=reads_ahead)
    fits = keras_3(loop, epochs=2, fits=2)
    assert fits[:2] == [span(0, 2), span(3, 5)]
    assert fits[2][0] == first


def test_on_jax_and_torch_the_build_takes_the_first_batch_of_a_workers_queue():
    assert keras_3(ENDLESS, offset=1, epochs=2) == [span(1, 3), span(4, 6)]
    assert keras_3(ENDLESS, offset=1, epochs=1, fits=2) == [span(1, 3), span(0, 2)]


# Measured with Keras 3.6.0.


def test_keras_3_6_builds_a_model_with_a_batch_that_is_not_trained_but_not_on_tensorflow():
    built = {"offset": 1, "whole": False}
    assert keras_3_6(FINITE, **built) == [span(1, 3), span(4, 6), span(7, 9), [], span(0, 2)]
    assert keras_3_6(FINITE) == [span(0, 2), span(3, 5), span(6, 8), [9], span(0, 2)]
    # Without steps_per_epoch every epoch is a pass of its own, and nothing is gone.
    assert keras_3_6(FINITE, steps_per_epoch=None, epochs=2) == [span(0, 9)] * 2


def test_a_generator_that_has_ended_gives_keras_3_6_nothing_more():
    built = {"offset": 1, "whole": False}
    assert keras_3_6(GENERATOR, **built) == [span(1, 3), span(4, 6), span(7, 9), [], []]
    assert keras_3_6(GENERATOR, steps_per_epoch=None, epochs=2) == [span(0, 9), []]


def test_keras_3_6_shortens_an_execution_but_on_tensorflow():
    asked = {"steps_per_epoch": 4, "steps_per_execution": 3, "epochs": 2}
    assert keras_3_6(FINITE, whole=False, **asked) == [span(0, 3), span(4, 7)]
    assert keras_3_6(FINITE, whole=True, **asked) == [span(0, 5), span(6, 9)]


# Measured with tf_keras 2.21.


def test_keras_2_repeats_arrays_as_often_as_there_are_epochs():
    arrays = FINITE._replace(repeated=True)
    assert keras_2(arrays) == [span(0, 2), span(3, 5), span(6, 8), [9, 0, 1], span(2, 4)]
    twice = span(0, 9) * 2
    assert keras_2(arrays, steps_per_epoch=20, epochs=3) == [twice, span(0, 9)]


@pytest.mark.parametrize("loop", [FINITE, UNCOUNTED, GENERATOR])
def test_keras_2_ends_the_training_where_a_feed_ends(loop):
    assert keras_2(loop) == [span(0, 2), span(3, 5), span(6, 8), [9]]
    assert keras_2(loop, steps_per_epoch=20) == [span(0, 9)]


def test_keras_2_begins_a_dataset_anew_where_an_epoch_is_just_a_pass_of_it():
    """`DatasetAdapter.should_recreate_iterator` compares the steps with the cardinality."""
    assert keras_2(FINITE, steps_per_epoch=10) == [span(0, 9)] * 5
    assert keras_2(UNCOUNTED, steps_per_epoch=10) == [span(0, 9), []]


def test_keras_2_begins_a_sequence_anew_in_every_epoch():
    sequence = FINITE._replace(recreated=True)
    assert keras_2(sequence) == [span(0, 2)] * 5
    assert keras_2(sequence, steps_per_epoch=20) == [span(0, 9)]
    assert keras_2(sequence, steps_per_epoch=None, epochs=2) == [span(0, 9)] * 2


def test_workers_of_keras_2_deliver_a_sequence_again_and_again():
    """Its `OrderedEnqueuer.get` runs on after the last item."""
    sequence = FINITE._replace(recreated=True, cycled=True)
    assert keras_2(sequence, steps_per_epoch=20, epochs=2) == [span(0, 9) * 2] * 2


def test_keras_2_makes_no_pass_of_a_generator_after_the_first():
    assert keras_2(GENERATOR, steps_per_epoch=None, epochs=3) == [span(0, 9), []]


# What holds for any loop.

LOOPS = st.builds(
    Loop,
    length=st.integers(1, 12),
    counted=st.booleans(),
    one_shot=st.just(False),
    recreated=st.just(False),
    repeated=st.just(False),
    cycled=st.just(False),
    offset=st.just(0),
    whole=st.booleans(),
    reads_ahead=st.integers(0, 2),
    call=st.builds(
        FitCall,
        steps_per_epoch=st.none() | st.integers(1, 15),
        steps_per_execution=st.integers(1, 4),
        epochs=st.integers(1, 5),
        fits=st.integers(1, 3),
    ),
)


@given(LOOPS)
def test_every_fit_of_keras_3_has_all_its_epochs_in_order(loop):
    pairs = [pair for pair, _ in epoch_loop.keras_3(loop)]
    assert pairs == [
        (fit, epoch)
        for fit in range(1, loop.call.fits + 1)
        for epoch in range(1, loop.call.epochs + 1)
    ]


@given(LOOPS)
def test_an_epoch_is_a_run_of_places_and_no_longer_than_what_there_is(loop):
    executions = -(-(loop.call.steps_per_epoch or loop.length) // loop.call.steps_per_execution)
    for places in keras_3(loop):
        assert len(places) <= min(loop.length, executions * loop.call.steps_per_execution)
        assert not places or places == span(places[0], places[-1])


@given(LOOPS)
def test_within_a_fit_each_epoch_goes_on_or_begins_anew_after_a_complete_pass(loop):
    fits = {}
    for (fit, _), places in epoch_loop.keras_3(loop):
        fits.setdefault(fit, []).append(places)
    for epochs in fits.values():
        trained = joined(epochs)
        passes = [place % loop.length for place in range(len(trained))]
        assert trained == passes


@given(LOOPS, st.integers(0, 3))
def test_an_endless_feed_always_goes_on_within_one_fit(loop, offset):
    loop = called(loop, steps_per_epoch=loop.call.steps_per_epoch or 3)
    loop = loop._replace(length=None, counted=False, offset=offset)
    executions = -(-loop.call.steps_per_epoch // loop.call.steps_per_execution)
    steps = loop.call.epochs * executions * loop.call.steps_per_execution
    for fit in range(loop.call.fits):
        epochs = keras_3(loop)[fit * loop.call.epochs : (fit + 1) * loop.call.epochs]
        first = 0 if fit else offset
        assert joined(epochs) == span(first, first + steps - 1)


@given(LOOPS)
def test_a_generator_gives_each_batch_once_but_for_the_two_that_were_peeked(loop):
    loop = called(loop, fits=1)._replace(one_shot=True, counted=False)
    trained = joined(keras_3(loop))
    once = min(len(trained), loop.length)
    assert trained[:once] == span(0, once - 1)
    assert set(trained[once:]) <= {0, 1}


@given(LOOPS, st.integers(2, 4))
def test_fits_of_a_generator_never_train_a_batch_of_an_earlier_fit(loop, fits):
    loop = called(loop, fits=fits)._replace(one_shot=True, counted=False)
    by_fit = {}
    for (fit, _), places in epoch_loop.keras_3(loop):
        by_fit.setdefault(fit, set()).update(places)
    seen = set()
    for places in by_fit.values():
        assert not places & seen
        seen |= places


@given(LOOPS, st.sampled_from(["plain", "repeated", "recreated", "cycled", "one_shot"]))
def test_keras_2_never_makes_more_steps_than_asked_and_stops_at_the_first_with_fewer(loop, kind):
    is_sequence = kind in ("recreated", "cycled")
    counted = loop.counted or is_sequence or kind == "repeated"
    loop = called(loop, fits=1)._replace(recreated=is_sequence, counted=counted)
    loop = loop if kind == "plain" else loop._replace(**{kind: True})
    epochs = keras_2(loop)
    asked = loop.call.steps_per_epoch or loop.length
    assert all(len(places) == asked for places in epochs[:-1])
    assert len(epochs[-1]) <= asked
    assert len(epochs) == loop.call.epochs or len(epochs[-1]) < asked
    assert all(0 <= place < loop.length for place in joined(epochs))
