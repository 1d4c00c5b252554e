"""Notebook 03 as it is published: the defaults, and the post that is committed."""

import re

import pytest

from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK, SLUG = "03_ways_to_feed_fit", "ways-to-feed-fit"
POSTS = [f"_posts/2026-11-25-{SLUG}.md", f"_github/{SLUG}.md"]
# What depends on timing may differ from run to run: of these feeds nothing is compared.
BY_TIMING = (
    "generator(endless=",
    "of 24 ways to feed it",
    "For each of 24 feeds",
    "| once | 24 |",
    "| 2 times | 24 |",
    "use_multiprocessing=True)",
    "workers=2)",
    "workers=4)",
    "workers=2, endless=True)",
    "| `generator` | resumes",
)


def certain(text):
    """Leave out what depends on timing, line by line and clause by clause of alternative texts."""
    clauses = re.split(r"\n|(?<=trained)\. ", text)
    kept = [clause for clause in clauses if not any(name in clause for name in BY_TIMING)]
    return [exact(clause) for clause in kept]


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert certain(committed) == certain(current), "remake it: epochwatch run 03_ways_to_feed_fit"
    assert len(certain(current)) > 50


@pytest.mark.parametrize("post", POSTS)
def test_the_committed_pictures_are_those_of_the_post(post):
    names, _ = pictures_of(post, SLUG)
    assert names == ["feed_order", "every_feed", "outcomes", "versions"]


def test_in_one_fit_no_feed_leaves_a_row_out_and_in_two_most_do(findings):
    here = [row for row in findings["here"] if row["certain"]]
    assert [row["feed"] for row in here if row["fits"] == 1 and row["lost"]] == []
    again = [row for row in here if row["fits"] == 2]
    lossy = [row["feed"] for row in again if row["lost"]]
    assert {"arrays(shuffle=False)", "tf_data(repeat)", "tf_data(cache)"} <= set(lossy)


def test_on_mnist_a_second_fit_costs_what_it_repeats(findings):
    never = {
        (row["feed"], row["fits"]): row["never_trained"]["majority"] for row in findings["mnist"]
    }
    assert never["tf_data", 1] == 53258 - 5 * 625 * 8
    assert never["tf_data", 2] == 53258 - 3 * 625 * 8
    assert never["generator", 2] == 53258 - 6 * 625 * 8


def test_no_cell_of_the_atlas_is_left_out_of_its_sums(findings):
    atlas, by_environment = findings["atlas"], findings["environments"]
    for name in ("cells", "certain", "lose", "lose called again", "fail", "told", "foretold"):
        assert sum(one[name] for one in by_environment) == atlas[name]
    assert findings["disagreements"] == []
    assert atlas["told"] == atlas["foretold"]


def test_what_lost_nothing_beforehand_is_named(findings):
    named = findings["never_losing"]
    assert "arrays(shuffle=False)" in named["one fit"]
    assert "tf_data(repeat)" not in named["called again"]
