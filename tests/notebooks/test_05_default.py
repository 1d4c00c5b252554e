"""Notebook 05 as it is published: the defaults, and the post that is committed."""

import re

import pytest

from epochwatch import ExposureLog
from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK, SLUG = "05_satellite_scale_imbalance", "satellite-scale-imbalance"
POSTS = [f"_posts/2026-11-28-{SLUG}.md", f"_github/{SLUG}.md"]
FIGURES = ["maps", "patches"]
RARE, OTHERS = 16, 48_000
EPOCHS = 25
DRAWS = EPOCHS * 2 * 8  # epochs, steps, of either class
# What files read in any order deliver depends on timing: of that row nothing is compared.
BY_TIMING = re.compile(r"^\| interleave, in any order .*$", re.MULTILINE)


@pytest.fixture(scope="module")
def rows(findings):
    """What each way of reading trained."""
    return {(row["read"], row["fits"]): row for row in findings["ways"]}


def certain(text):
    """Leave out what depends on timing or on floating point."""
    return exact(BY_TIMING.sub("", text))


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert certain(committed) == certain(current), f"remake it: epochwatch run {NOTEBOOK}"


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_pictures_are_those_of_the_post(post):
    names, _ = pictures_of(post, SLUG)
    assert sorted(names) == FIGURES


def test_the_imbalance_is_one_to_three_thousand_by_patch_and_far_more_by_pixel(findings):
    export = findings["export"]
    assert export["rare"]["patches"] == RARE
    assert export["others"]["patches"] == OTHERS
    pixels = export["rare"]["pixels"]
    assert pixels == RARE * 5, "a disc of radius 1 in each"
    assert export["others"]["pixels"] == (RARE + OTHERS) * 100 - pixels


def test_in_one_fit_every_way_trains_as_many_different_records_as_it_draws(rows):
    for (way, fits), row in rows.items():
        if fits == 1:
            assert (row["trained"], row["most_often"]) == (DRAWS, 1), way


def test_nothing_is_trained_beyond_what_the_buffers_have_reached(rows):
    assert rows["file after file", 1]["furthest"] == DRAWS
    assert rows["interleave", 1]["furthest"] == DRAWS
    assert rows["interleave, in parallel", 1] | {"read": "interleave"} == rows["interleave", 1]
    for way in ("shuffle", "interleave and shuffle"):
        assert DRAWS < rows[way, 1]["furthest"] <= DRAWS + 1_000 - 1
        assert rows[way, 1]["within_reach"] == DRAWS + 1_000 - 1


def test_where_fit_is_called_again_the_same_few_are_trained_for_ever(rows):
    again = rows["file after file", EPOCHS]
    assert (again["trained"], again["most_often"]) == (16, EPOCHS)
    assert 300 < rows["shuffle", EPOCHS]["trained"] <= 1_000 + 16 - 1


def test_the_audit_says_why(findings):
    assert findings["verdicts"] == {"1": "resumes", "2": "restarts"}
    assert findings["lost"] == {"1": 0, "2": 16}


def test_interleaved_and_shuffled_the_training_is_spread_over_the_scene(findings):
    met = findings["rows_met"]
    assert met["file after file"] < met["shuffle"] < met["interleave and shuffle"]


def test_both_models_trained_on_the_same_records_and_the_pixels_are_far_from_balanced(findings):
    assert findings["same_records_for_both_models"]
    assert findings["exposed"]["patches"] == [DRAWS, 2 * DRAWS]
    assert findings["exposed"]["pixels"] == [DRAWS * 5, 2 * DRAWS * 100]


def test_the_log_holds_what_the_segmentation_trained_on(run_folder):
    log = ExposureLog.read(run_folder / "exposures")
    assert log.complete
    assert len(log) == 2 * DRAWS


def test_damage_is_told_and_costs_less_than_ignoring_errors(findings):
    for name, told in findings["damage"].items():
        assert ", record " in told["said"], name
        assert told["read"] >= told["silently"], name
        assert told["read"] + told["skipped"] == 40, name
    assert findings["damage"]["a byte of the data turned over"]["read"] == 39
    assert findings["faults"] == []
