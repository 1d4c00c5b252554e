"""Notebook 04 as it is published: the defaults, the runs of its sweep, and the post."""

import json
import re

import pytest

from epochwatch import ExposureLog
from epochwatch_lab.strategies import STRATEGIES
from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK = "04_what_the_model_never_saw"
SLUG = "what-the-model-never-saw"
POSTS = [f"_posts/2026-11-27-{SLUG}.md", f"_github/{SLUG}.md"]
FIGURES = ["differences", "never_seen", "this_run", "quality"]
MAJORITY = 53_258
SEEN = {
    "resume": MAJORITY,
    "restart": 4 * 16,  # a minority epoch is 53 / 16 steps, rounded up
    "restart at a tenth": 333 * 16,
    "majority epoch": MAJORITY,
    "class weights": MAJORITY,
    "focal loss": MAJORITY,
    "plain shuffling": MAJORITY,
}
# How many are taken for the minority, and which, depends on floating point.
ERRORS = re.compile(r"[\d,]+ of (?=[\d,]+ \()|\d+ images: of the majority.*")


def test_each_strategy_saw_what_its_order_says(findings):
    counted = {name: one["counted"] for name, one in findings["coverage"].items()}
    drawn = counted.pop("with replacement")
    assert counted == SEEN
    assert drawn / MAJORITY == pytest.approx(1 - (1 - 1 / MAJORITY) ** (3_375 * 16), rel=0.01)


def test_the_logs_hold_every_exposure_of_every_strategy(run_folder):
    for name in STRATEGIES:
        log = ExposureLog.read(run_folder / f"exposures_{name.replace(' ', '_')}")
        assert log.complete
        assert len(log) == 3_375 * 32


def test_what_was_never_seen_is_counted_whole(findings):
    for name, seen in SEEN.items():
        errors = findings["measured"]["strategies"][name]["errors"]
        assert errors["seen"][1] == seen
        assert errors["never_seen"][1] == MAJORITY - seen


def test_the_models_learn_and_the_accident_shows(findings):
    measured = findings["measured"]["strategies"]
    assert measured["resume"]["test"]["pr_auc"] > 0.9  # far from what the processor decides
    wrong, _ = measured["restart"]["errors"]["never_seen"]
    assert wrong > 0
    assert len(findings["never_seen_and_most_wrong"]) == min(wrong, 16)


def test_the_answer_is_that_of_the_sweep(findings, run_folder):
    assert findings["runs"] == 40
    restart = [d for d in findings["differences"]["pr_auc"] if d["strategy"] == "restart"]
    apart = [d["ratio"] for d in restart if d["differs"]]
    answer = json.loads((run_folder / "findings.json").read_text())["answer"]
    assert answer.startswith("**Yes, if it sees almost none of it: in our published sweep")
    assert f"at {len(apart)} of 4 imbalances.**" in answer
    assert (1_000 in apart) == ("one of them, that model saw" in answer)
    assert answer.endswith(f"saw {SEEN['restart']} of {MAJORITY:,} majority samples.")


def certain(text):
    """Leave out what floating point decides in the one run; the sweep's numbers are read."""
    return ERRORS.sub("…", exact(text))


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert certain(committed) == certain(current), f"remake it: epochwatch run {NOTEBOOK}"


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_pictures_are_those_of_the_post(post):
    names, _ = pictures_of(post, SLUG)
    assert names == FIGURES
