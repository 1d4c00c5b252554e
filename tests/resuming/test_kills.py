"""A training that is killed at any moment, and run again, ends as if nobody had killed it.

Each test compares with an undisturbed training, to the bit: variables, history, callbacks, random
states, the log and the files of callbacks. `test_controls` shows that the comparison can fail.
"""

import itertools

import pytest

from tests.resuming.how import PLAIN, RESUMABLE
from tests.resuming.scripts import FEEDS, WAYS
from tests.sample import BACKEND, IS_WHOLE, shared_out

ARRAYS, TF_DATA, VALIDATED = "arrays, shuffled by fit", "tf_data, shuffled", "validation, shuffled"
TWO_FITS = "two fits, arrays"

# Of the feeds here; each is refused before its first step, in a line that has these words.
REFUSED = {"py_dataset, workers shuffled": "2 workers and fit(shuffle=True)"}
if BACKEND == "tensorflow":  # whose threads take batches ahead
    REFUSED |= dict.fromkeys(("py_dataset, augmented", "generator, np.random"), "numpy.random")
# Each kill takes a process, which traces or compiles its model anew: where that is slow, ways to
# train and moments between steps are killed at some. Feeds are killed at every step.
IS_QUICK = BACKEND == "torch"
EVERY_FILE_EVENT = (3 if IS_QUICK else 15) * (1 if IS_WHOLE else 4)  # of 200


def assert_exact(runs, script, kills, how=RESUMABLE, settled=True):
    """Kill a training at some events, one after another, and compare how it ends."""
    undisturbed = runs.undisturbed(script, how)
    assert undisturbed.failure == ""
    ended = runs.killed(script, how, kills, settled)
    assert ended.verdict(undisturbed) == "exact"
    assert ended.kills == len(kills)


def kills_of_a_way(steps: list[str]) -> list[str]:
    """Return some of the steps, the last one among them, or one in the midst."""
    if IS_WHOLE:
        return steps[:: -2 if IS_QUICK else -4][::-1]
    return [steps[len(steps) // 2]]


def steps_of(runs, script, how=RESUMABLE) -> list[str]:
    undisturbed = runs.undisturbed(script, how)
    assert undisturbed.failure == ""
    assert len(undisturbed.steps) >= 3
    return undisturbed.steps


# --- quick


def test_nine_kills_in_one_training_leave_no_trace(runs):
    assert_exact(
        runs,
        TF_DATA,
        [
            "before fsync 1",
            "step 1.0.0",
            "after replace 1",
            "step 1.0.2",
            "epoch end 1.0",
            "epoch begin 1.1",
            "step 1.1.1",
            "step 1.2.0",
            "train end 1",
        ],
    )


def test_a_training_killed_in_its_validation_is_exact(runs):
    assert_exact(runs, VALIDATED, ["validation 1.1.1"])


def test_of_two_fits_the_finished_one_is_not_trained_again(runs):
    undisturbed = runs.undisturbed(TWO_FITS, RESUMABLE)
    ended = runs.killed(TWO_FITS, RESUMABLE, ["step 2.1.1"], True)
    assert ended.verdict(undisturbed) == "exact"
    assert undisturbed.events_named("step 1.")
    assert not ended.events_named("step 1.", "train begin 1")


def test_a_training_that_has_ended_is_not_trained_again(runs):
    undisturbed = runs.undisturbed(TWO_FITS, RESUMABLE)
    ended = runs.killed(TWO_FITS, RESUMABLE, ["train end 2"], True)
    assert ended.verdict(undisturbed) == "exact"
    assert 0 < len(ended.steps) < 3  # only what no checkpoint was of


def test_a_training_killed_behind_its_last_epoch_is_put_back_though_none_is_left(runs):
    moments = behind_the_end(runs, "EMA, swapped", "after replace")
    assert len(moments) >= 2  # the last checkpoint, and what says that the fit has finished
    for moment in moments:
        assert_exact(runs, "EMA, swapped", [moment], settled=False)


def behind_the_end(runs, script, *kinds) -> list[str]:
    """Return what happens once a training has ended."""
    events = runs.undisturbed(script, RESUMABLE).events[-1]
    return [each for each in events[events.index("train end 1") :] if each.startswith(kinds)]


# --- the whole: every feed, every way


@pytest.mark.slow
@pytest.mark.parametrize("script", [name for name in FEEDS if name not in REFUSED])
def test_a_feed_is_put_back_after_a_kill_at_every_step(runs, script):
    assert_exact(runs, script, shared_out(steps_of(runs, script)))


@pytest.mark.slow
@pytest.mark.parametrize("script", shared_out(list(WAYS)))
def test_a_way_to_train_goes_on_after_kills(runs, script):
    assert_exact(runs, script, kills_of_a_way(steps_of(runs, script)))


@pytest.mark.slow
@pytest.mark.parametrize("script", list(REFUSED))
def test_a_feed_that_cannot_be_put_back_is_refused_before_the_first_step(runs, script):
    assert runs.undisturbed(script, PLAIN).failure == ""
    refused = runs.undisturbed(script, RESUMABLE)
    assert refused.failure.startswith("refused: feed: got ")
    assert REFUSED[script] in refused.failure
    assert not refused.events_named("train ", "epoch ", "step ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "save_freq"),
    shared_out([*itertools.product([ARRAYS, VALIDATED, TWO_FITS], [3, "epoch", 100])]),
)
def test_whatever_is_kept_a_kill_leaves_no_trace(runs, script, save_freq):
    how = RESUMABLE._replace(save_freq=save_freq)
    assert_exact(runs, script, steps_of(runs, script, how)[::3], how)


@pytest.mark.slow
@pytest.mark.parametrize("script", shared_out([ARRAYS, TWO_FITS]))
def test_a_model_is_watched_before_or_after(runs, script):
    how = RESUMABLE._replace(first="resumable")
    assert runs.undisturbed(script, how).digest == runs.undisturbed(script, RESUMABLE).digest
    assert_exact(runs, script, steps_of(runs, script, how)[::2], how)


@pytest.mark.slow
@pytest.mark.parametrize("script", shared_out([ARRAYS, VALIDATED, TWO_FITS, "own train_step"]))
def test_a_model_need_not_be_watched(runs, script):
    how = RESUMABLE._replace(first="alone")
    assert_exact(runs, script, steps_of(runs, script, how)[::2], how)


@pytest.mark.slow
@pytest.mark.parametrize("script", shared_out([VALIDATED, TWO_FITS]))
def test_a_kill_where_epochs_begin_and_end_and_in_validation_leaves_no_trace(runs, script):
    undisturbed = runs.undisturbed(script, RESUMABLE)
    moments = undisturbed.events_named("epoch ", "train ", "validation ")
    assert len(moments) >= 8
    for moment in moments[:: 1 if IS_QUICK else 5]:
        assert_exact(runs, script, [moment], settled=False)


@pytest.mark.slow
@pytest.mark.parametrize("script", shared_out([TWO_FITS, VALIDATED]))
def test_a_kill_in_whatever_is_done_to_files_leaves_no_trace(runs, script):
    undisturbed = runs.undisturbed(script, RESUMABLE)
    moments = undisturbed.events_named("before ", "after ")[::EVERY_FILE_EVENT]
    killed = 0
    for moment in moments:
        ended = runs.killed(script, RESUMABLE, [moment])
        assert ended.verdict(undisturbed) == "exact", moment
        killed += ended.kills
    # A thread may have less to do the next time.
    assert killed > len(moments) // 2
