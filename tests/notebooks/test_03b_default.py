"""Notebook 03b as it is published: the defaults, and the post that is committed."""

import json

import pytest

from epochwatch import ExposureLog
from epochwatch_lab._runs import project
from epochwatch_lab.shuffling import TASKS
from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK, SLUG = "03b_your_shuffle_may_not_shuffle", "your-shuffle-may-not-shuffle"
POSTS = [f"_posts/2026-11-26-{SLUG}.md", f"_github/{SLUG}.md"]
EPOCHS, OF_AUDIT = 10, 4


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert exact(committed) == exact(current), f"remake it: epochwatch run {NOTEBOOK}"


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_pictures_are_those_of_the_post(post):
    names, _ = pictures_of(post, SLUG)
    assert set(names) == {"repeated_order"}


def test_fit_repeats_one_order_and_the_sampler_none(findings):
    trainings = findings["trainings"]
    assert [(one["orders"], one["epochs"]) for one in trainings.values()] == [
        (1, EPOCHS),
        (EPOCHS, EPOCHS),
    ]
    assert list(trainings) == ["fit", "sampler"]


def test_only_the_feed_that_fit_shuffles_has_a_finding(findings):
    found = {name: (one["orders"], one["findings"]) for name, one in findings["audits"].items()}
    assert found == {
        "fit(shuffle=True)": (1, ["alike"]),
        "Dataset.shuffle": (OF_AUDIT, []),
        "BalancedSampler": (OF_AUDIT, []),
    }
    assert not any(one["never_trained"] for one in findings["audits"].values())


def test_versions_and_costs_are_those_that_were_measured_once(findings):
    kept = {
        name: json.loads((project.ROOT / "sweeps" / f"{name}.json").read_text())
        for name in ("shuffle_orders", "repeated_order")
    }
    assert findings["versions"] == kept["shuffle_orders"]
    seeds = {name: 0 for name in TASKS}
    for run in kept["repeated_order"]["runs"]:
        seeds[run["task"]] += 1
    assert {name: cost["sample_size"] for name, cost in findings["cost"].items()} == seeds


def test_eight_rows_have_one_order(run_folder):
    log = ExposureLog.read(run_folder / "eight_rows")
    epochs = log.to_arrow()["index"].to_numpy().reshape(3, 8)
    assert (epochs == epochs[0]).all()
    assert sorted(epochs[0].tolist()) == list(range(8)) != epochs[0].tolist()
