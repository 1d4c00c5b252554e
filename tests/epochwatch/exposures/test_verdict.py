"""The verdict, against what each way of going wrong does to a feed of known order."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._exposures.log import TrainedBatch
from epochwatch._exposures.verdict import Verdict, judge

SIZE = 4


def batch(place):
    """The batch at a place of an endless feed in which no sample repeats."""
    return np.arange(place * SIZE, (place + 1) * SIZE)


def endless(period=None):
    """Iterate an endless feed; with a period its batches repeat."""
    return (batch(place % period if period else place) for place in itertools.count())


def finite(length):
    """Iterate a feed that ends."""
    return map(batch, range(length))


def trained(*epochs):
    """Turn places into trained batches: an epoch is a list of places."""
    return [
        TrainedBatch(1, number, step, batch(place))
        for number, places in enumerate(epochs, start=1)
        for step, place in enumerate(places)
    ]


def verdict_of(epochs, order=endless, steps=3, again=True):
    """Judge trained places."""
    return judge(trained(*epochs), order, steps, can_be_iterated_again=again)


@given(
    st.integers(1, 6),
    st.lists(st.sampled_from(["resumes", "restarts", "skips", "replays"]), min_size=1, max_size=6),
)
def test_each_boundary_is_named_for_what_was_done_there(steps, done):
    epochs = [list(range(steps))]
    for step_over in done:
        last = epochs[-1][-1]
        first = {"resumes": last + 1, "restarts": 0, "skips": last + 3, "replays": last}[step_over]
        epochs.append(list(range(first, first + steps)))
    judged = verdict_of(epochs, steps=steps)
    # The last place replayed is 0 where an epoch is the single batch 0: that is a restart.
    named = [b.verdict for b in judged.boundaries]
    wanted = [
        "restarts" if what == "replays" and before[-1] == 0 else what
        for what, before in zip(done, epochs, strict=False)
    ]
    assert named == wanted
    assert [b.first_place for b in judged.boundaries] == [after[0] for after in epochs[1:]]


def test_the_runs_verdict_is_the_worst_that_occurs():
    assert verdict_of([[0, 1, 2], [3, 4, 5], [0, 1, 2], [7, 8, 9]]).verdict == "restarts"
    assert verdict_of([[0, 1, 2], [3, 4, 5], [7, 8, 9]]).verdict == "skips"
    assert verdict_of([[0, 1, 2], [1, 2, 3]]).verdict == "replays"
    assert verdict_of([[0, 1, 2], [3, 4]]).verdict == "runs dry"
    assert verdict_of([[0, 1, 2, 3], [4, 5, 6]]).verdict == "overruns"
    assert verdict_of([[0, 1, 2], [3, 4, 5]]).verdict == "resumes"
    assert verdict_of([[0, 1, 2]]).verdict is None


def test_the_contracts_example_runs_dry_and_resumes_at_every_boundary():
    """Ten batches, three steps an epoch, as Keras 3.15 trains a finite tf.data.Dataset."""
    epochs = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9], [0, 1, 2]]
    judged = verdict_of(epochs, lambda: finite(10))
    assert judged.verdict == "runs dry"
    assert [b.verdict for b in judged.boundaries] == ["resumes"] * 4
    assert judged.step_findings == (None, None, None, "runs dry", None)
    assert judged.boundaries[0].before.last.tolist() == [8, 9, 10, 11]
    assert judged.boundaries[0].after.first.tolist() == [12, 13, 14, 15]


def test_beginning_anew_before_a_pass_is_complete_is_a_restart():
    assert verdict_of([[0, 1, 2], [0, 1, 2]], lambda: finite(10)).verdict == "restarts"


@pytest.mark.parametrize(("again", "verdict"), [(True, "resumes"), (False, "replays")])
def test_after_its_end_only_a_feed_that_can_be_iterated_again_resumes(again, verdict):
    judged = verdict_of([[0, 1, 2], [0, 1, 2]], lambda: finite(3), again=again)
    assert judged.verdict == verdict


def test_a_one_shot_feed_that_ended_once_replays_ever_after():
    judged = verdict_of([[0, 1, 2], [0, 1], [0, 1]], lambda: finite(3), again=False)
    assert [b.verdict for b in judged.boundaries] == ["replays", "replays"]


def test_equal_batches_are_read_in_the_feeds_favour():
    """In a feed of period 2 every batch stands at many places: the next place is taken."""
    judged = verdict_of([[0, 1], [0, 1], [0, 1]], lambda: endless(2), steps=2)
    assert judged.verdict == "resumes"
    assert [(b.last_place, b.first_place) for b in judged.boundaries] == [(1, 2), (3, 4)]


def test_a_reading_must_hold_for_the_whole_epoch():
    """Batch 1 stands at places 1 and 3; only from place 3 does batch 7 follow."""
    order = [0, 1, 2, 1, 7, 8]
    judged = verdict_of([[0, 1, 2], [1, 7, 8]], lambda: map(batch, order))
    assert judged.verdict == "resumes"


def test_batches_out_of_order_inside_an_epoch_reshuffle():
    judged = verdict_of([[0, 2, 1], [3, 4, 5]])
    assert judged.verdict == "reshuffles"
    assert judged.boundaries == ()


def test_a_feed_that_differs_from_pass_to_pass_has_no_order_to_judge_by():
    passes = iter([[0, 1, 2, 3, 4, 5], [0, 1, 2, 5, 4, 3]])
    judged = verdict_of([[0, 1, 2], [3, 4, 5]], lambda: map(batch, next(passes)))
    assert judged.verdict == "reshuffles"


def test_what_fit_shuffles_is_not_followed_even_where_it_looks_like_order():
    """Of one step an epoch every order looks like skips and replays, of two like a pass."""
    for epochs, steps in (([[4], [7], [2]], 1), ([[0, 1], [1, 0]], 2)):
        judged = judge(
            trained(*epochs), lambda: finite(10), steps, can_be_iterated_again=True, shuffled=True
        )
        assert (judged.verdict, judged.boundaries) == ("reshuffles", ())
        assert judged.fixed_order


@pytest.mark.parametrize("skipped", [1, 100, 999])
def test_a_short_run_may_skip_far(skipped):
    judged = verdict_of([[0], [1 + skipped]], steps=1)
    assert judged.verdict == "skips"
    assert judged.passed_over(None) == skipped


def test_a_batch_that_the_feed_never_delivers_is_looked_for_only_so_far():
    """An endless feed must not be searched for ever."""
    assert verdict_of([[0, 1, 2], [10**6, 10**6 + 1, 10**6 + 2]]).verdict == "reshuffles"


def test_calls_of_fit_are_boundaries_too():
    batches = [TrainedBatch(fit, 1, step, batch(step)) for fit in (1, 2) for step in range(3)]
    judged = judge(batches, endless, 3, can_be_iterated_again=True)
    assert judged.verdict == "restarts"
    assert judged.boundaries[0].before.fit == 1


def test_nothing_trained_has_no_verdict():
    assert verdict_of([]).verdict is None


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), min_size=1, max_size=5))
def test_batches_passed_over_are_the_places_below_the_last_that_no_epoch_has(epochs):
    class Epoch:
        def __init__(self, steps):
            self.steps = steps

    judged = Verdict(
        tuple(Epoch(steps) for _, steps in epochs),
        (),
        tuple(first for first, _ in epochs),
        (),
        None,
    )
    trained = {first + step for first, steps in epochs for step in range(steps)}
    missing = [place for place in range(max(trained)) if place not in trained]
    assert judged.passed_over(None) == len(missing)


# Whether there is an order to follow.


def passes_of(*orders):
    """Make passes that come in turn, the last of them again and again."""
    waiting = list(orders)
    return lambda: map(batch, waiting.pop(0) if len(waiting) > 1 else waiting[0])


def judged_by(order, again, *epochs, steps=None):
    return judge(
        trained(*epochs),
        lambda: map(batch, order),
        steps or len(epochs[0]),
        can_be_iterated_again=True,
        make_next_pass=passes_of(*again),
    )


def test_a_feed_that_begins_alike_and_reshuffles_each_pass_has_no_fixed_order():
    order, again = range(20), [[5, 3, *range(18)]]
    judged = judged_by(order, again, list(range(20)), steps=20)
    assert (judged.verdict, judged.fixed_order, judged.passes_differ) == ("reshuffles", False, True)


@given(st.permutations(range(2)) | st.permutations(range(3)), st.integers(0, 5))
def test_two_or_three_batches_are_looked_at_until_they_are_alike_by_no_chance(other, alike):
    order = sorted(other)
    judged = judged_by(order, [order] * alike + [other], order, order)
    assert judged.passes_differ == (other != order)
    assert judged.verdict == ("resumes" if other == order else "reshuffles")


def test_what_lies_behind_the_run_need_not_be_alike():
    judged = judged_by(range(10), [[*range(6), 9, 8, 7, 6]], [0, 1, 2], [3, 4, 5])
    assert judged.verdict == "resumes"
    judged = judged_by(range(10), [[*range(5), 9, 8, 7, 6]], [0, 1, 2], [3, 4, 5])
    assert judged.verdict == "reshuffles"


def test_an_epoch_that_a_callback_stopped_has_no_finding():
    judged = judge(
        trained([0, 1, 2], [3], [4, 5, 6, 7]),
        endless,
        3,
        can_be_iterated_again=True,
        begun=[(1, 1), (1, 2), (1, 3), (1, 4)],
        stopped=[(1, 2), (1, 3)],
    )
    assert judged.step_findings == (None, None, "overruns", "runs dry")
