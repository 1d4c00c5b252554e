"""Notebook 06 with few steps: each feed, each way to save, and bad parameters."""

from typing import NamedTuple

import numpy as np
import pytest

from epochwatch import ExposureLog
from tests.notebooks.conftest import run_cells

NAME = "06_after_a_crash"
SMALL = {"epochs": 3, "steps_per_epoch": 10, "seed": 5, "run_name": "small"}
DUE, HALF, MAJORITY = 30, 64, 53_258  # steps of the undisturbed training, samples of a class a step


class Case(NamedTuple):
    """A kill, and what `BackupAndRestore` makes of it.

    Attributes:
        feed: how the training is fed.
        save_freq: when it is saved.
        kill_after: steps trained by then.
        saved: steps trained when it was last saved.
        after: steps of the second process, which begins with the first sample.
    """

    feed: str
    save_freq: int | str
    kill_after: int
    saved: int
    after: int


CASES = [
    Case("tf_data", 4, 18, saved=16, after=20),
    Case("generator", "epoch", 17, saved=10, after=20),
    Case("py_dataset", 25, 24, saved=0, after=30),
]


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.feed)
def made(request, tmp_path_factory):
    """Run the notebook once for each case."""
    given = {name: getattr(request.param, name) for name in ("feed", "save_freq", "kill_after")}
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("EPOCHWATCH_ATTEMPT", raising=False)
        return request.param, run_cells(NAME, tmp_path_factory.mktemp("small"), **SMALL, **given)


def majority_of(steps):
    """The positions of the majority that a feed in order delivers within its first steps."""
    return np.arange(steps * HALF) % MAJORITY


@pytest.mark.slow
def test_backup_and_restore_starts_the_data_over(made):
    case, written = made
    of_backup = written.findings["trainings"]["BackupAndRestore"]
    assert of_backup["steps"] == of_backup["updates"] == case.saved + case.after
    assert of_backup["lost_steps"] == case.kill_after - case.saved
    begun = {"epoch": case.saved // 10 + 1, "step": 0, "trained": case.saved}
    assert of_backup["start"] == begun
    assert of_backup["dropout_draws"] == case.after
    assert of_backup["history_epochs"] == list(range(begun["epoch"], 4))


@pytest.mark.slow
def test_what_is_trained_again_and_never_is_what_a_feed_in_order_makes_of_it(made):
    case, written = made
    trained = np.concatenate([majority_of(case.saved), majority_of(case.after)])
    here = np.bincount(trained, minlength=MAJORITY)
    there = np.bincount(majority_of(DUE), minlength=MAJORITY)
    found = written.findings["differences"]["BackupAndRestore"]
    assert found["rows"]["majority"] == {
        "again": int((here > there).sum()),
        "never": int(((here == 0) & (there > 0)).sum()),
    }
    assert found["first_step"] == (case.saved or None)
    assert found["weights_alike"] == found["callbacks_alike"] == (case.saved == 0)


@pytest.mark.slow
def test_made_resumable_it_is_the_undisturbed_training(made):
    case, written = made
    ours, undisturbed = (written.findings["trainings"][w] for w in ("resumable", "undisturbed"))
    for name in ("steps", "updates", "dropout_draws"):
        assert ours[name] == undisturbed[name] == DUE
    assert ours["history_epochs"] == undisturbed["history_epochs"] == [1, 2, 3]
    nothing = {"again": 0, "never": 0}
    assert written.findings["differences"]["resumable"] == {
        "rows": {"minority": nothing, "majority": nothing},
        "first_step": None,
        "weights_alike": True,
        "largest": 0,
        "callbacks_alike": True,
    }
    # The last step may have gone before its checkpoint was on the disk.
    assert ours["start"]["trained"] <= case.saved
    logs = [ExposureLog.read(written.folder / way / "exposures") for way in ("", "resumable")]
    assert logs[0].first_divergence(logs[1]) is None


@pytest.mark.slow
def test_the_answer_is_about_this_run(made):
    case, written = made
    told = (
        "**Not with Keras' `BackupAndRestore`:" if case.saved else "**It was killed before Keras'"
    )
    assert written.answer.startswith(told)
    assert written.answer.endswith("to the bit, as if it had not been killed.")
    assert (written.folder / "figures" / "after_kill.svg").stat().st_size > 1_000


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("feed=arrays", "feed: got 'arrays', allowed: one of tf_data, generator, py_dataset"),
        ("save_freq=0", "save_freq: got '0', allowed: epoch, or a number of steps from 1 to"),
        ("save_freq=never", "save_freq: got 'never', allowed: epoch, or a number of steps"),
        ("kill_after=832", "kill_after: got 832, allowed: an integer from 1 to 831, because"),
        ("kill_after=0", "kill_after: got '0', allowed: an integer from 1 to"),
        ("steps_per_epoch=1", "steps_per_epoch: got '1', allowed: an integer from 2 to 10,000"),
        ("kill=3", "kill: unknown parameter"),
    ],
)
def test_a_bad_parameter_is_one_line(given, told, refused):
    assert told in refused(NAME, given)
