"""Notebook 06 as it is published: the defaults, and the post that is committed."""

import pytest

from epochwatch import ExposureLog
from epochwatch_lab.killed_trainings import random_step
from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK, SLUG = "06_after_a_crash", "after-a-crash"
POSTS = [f"_posts/2026-11-29-{SLUG}.md", f"_github/{SLUG}.md"]
EPOCHS, STEPS, HALF, SAVED_EVERY = 4, 208, 64, 100
DUE = EPOCHS * STEPS
KILLED = random_step(DUE, 0)
SAVED = KILLED // SAVED_EVERY * SAVED_EVERY
AFTER = DUE - KILLED // STEPS * STEPS  # steps of the second process under BackupAndRestore


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert exact(committed) == exact(current), f"remake it: epochwatch run {NOTEBOOK}"


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_pictures_are_those_of_the_post(post):
    names, _ = pictures_of(post, SLUG)
    assert set(names) == {"after_kill"}


def test_it_is_killed_in_the_middle_of_an_epoch_and_between_two_saves(findings):
    plan = findings["plan"]
    assert (plan["kill_after"], plan["save_freq"]) == (KILLED, SAVED_EVERY)
    assert 0 not in (KILLED % STEPS, SAVED % STEPS)
    assert KILLED - SAVED > 1


def test_backup_and_restore_trains_the_killed_epoch_again_from_the_first_sample(findings):
    of_backup = findings["trainings"]["BackupAndRestore"]
    assert of_backup["start"] == {"epoch": KILLED // STEPS + 1, "step": 0, "trained": SAVED}
    assert of_backup["steps"] == of_backup["updates"] == SAVED + AFTER > DUE
    assert of_backup["dropout_draws"] == AFTER
    assert of_backup["history_epochs"] == list(range(KILLED // STEPS + 1, EPOCHS + 1))
    # The feed goes once through the majority, in order.
    assert findings["differences"]["BackupAndRestore"]["rows"]["majority"] == {
        "again": min(SAVED, AFTER) * HALF,
        "never": (DUE - max(SAVED, AFTER)) * HALF,
    }


def test_made_resumable_it_goes_on_and_nothing_differs(findings):
    ours, undisturbed = (findings["trainings"][way] for way in ("resumable", "undisturbed"))
    start = ours["start"]
    assert (start["epoch"], start["step"]) == (SAVED // STEPS + 1, SAVED % STEPS)
    assert start["trained"] == SAVED
    assert {**ours, "start": None, "lost_steps": 0} == {**undisturbed, "start": None}
    found = findings["differences"]["resumable"]
    assert (found["first_step"], found["weights_alike"], found["callbacks_alike"]) == (
        None,
        True,
        True,
    )


def test_the_logs_say_the_same(run_folder, findings):
    undisturbed, ours = (
        ExposureLog.read(run_folder / way / "exposures") for way in ("", "resumable")
    )
    assert undisturbed.first_divergence(ours) is None
    before, after = (
        ExposureLog.read(run_folder / "BackupAndRestore" / f"exposures_{n}") for n in (1, 2)
    )
    assert len(list(before.batches())) == KILLED
    assert before.interrupted_by == "SIGKILL"
    assert next(after.batches()).index.tolist() == next(undisturbed.batches()).index.tolist()
