"""Notebook 03's answer and tables, for runs that found this and for runs that found that."""

import re
from types import SimpleNamespace

import pytest

from epochwatch_lab.answers import ways_to_feed_fit

ATLAS = {"cells": 7_000, "certain": 6_000, "lose": 1_234, "told": 5_000, "foretold": 5_000}
SAFE = {"one fit": ["tf_data(cache)", "arrays(shuffle=False)"], "called again": []}
WHERE = "Keras 3.15.1 on tensorflow"


def row(feed="arrays", fits=1, verdict="resumes", loses=False, agrees=True):
    """A record of what was seen in a run."""
    return {"feed": feed, "fits": fits, "verdict": verdict, "loses": loses, "agrees": agrees}


def seen(once, again, feeds=4):
    """Records of a run in which so many feeds lose data in one call, and when called again."""
    return [
        row(f"feed {number}", fits, loses=number < losing)
        for fits, losing in ((1, once), (2, again))
        for number in range(feeds)
    ]


def sentences(text):
    return re.split(r"(?<=[.?!])(?:\*\*)? (?=[A-Z])", text)


@pytest.mark.parametrize(
    ("once", "again", "said"),
    [
        (0, 3, "3 of 4 ways to feed it lost some, each when `fit` was called again."),
        (0, 0, "none of 4 ways to feed it lost any."),
        (2, 3, "2 ways to feed it lost some in one call of `fit`, and 3 when it was called again."),
        (1, 0, "1 way to feed it lost some in one call of `fit`, and 0 when it was called again."),
    ],
)
def test_the_answer_is_the_atlas_in_one_sentence_and_this_run_in_the_other(once, again, said):
    answer = ways_to_feed_fit.answer(ATLAS, SAFE, seen(once, again), WHERE)
    first, second = sentences(answer.text)
    assert first.startswith("**Of 6,000 ways to call Keras' `fit`")
    assert "1,234 never train on part of the data" in first
    assert second == f"Here, with {WHERE}, {said}"
    assert answer.short == (
        f"{once} of 4 feeds lose data in one call of fit, {again} when called again"
    )


@pytest.mark.parametrize(
    ("safe", "said", "unsaid"),
    [
        (SAFE, "2 of the feeds lose nothing in any version that we tried, such as", "only"),
        (
            {"one fit": [], "called again": []},
            "If `fit` is called again, none is so safe.",
            "such as",
        ),
        (
            {"one fit": ["a"], "called again": ["a"]},
            "If `fit` is called again, only 1 are so safe.",
            "none is",
        ),
    ],
)
def test_the_advice_names_what_is_safe(safe, said, unsaid):
    advice = ways_to_feed_fit.answer(ATLAS, safe, seen(0, 1), WHERE).advice
    assert said in advice
    assert unsaid not in advice
    assert 1 <= len(sentences(advice)) <= 3


def test_what_happened_is_counted_by_how_often_fit_was_called():
    here = [
        row("a", 1, "resumes"),
        row("b", 1, None, agrees=None),
        row("a", 3, "restarts", loses=True),
        row("b", 3, "restarts", loses=True, agrees=False),
    ]
    once, again = ways_to_feed_fit.calls_table(here).rows
    assert once == ["once", 2, 0, "resumes 1, one epoch 1", "1 of 1"]
    assert again == ["3 times", 2, 2, "restarts 2", "1 of 2"]


def report(verdict, never):
    """What an audit on MNIST returns, as far as it is written down."""
    return SimpleNamespace(
        expected=SimpleNamespace(verdict=None),
        verdict=verdict,
        lost=3,
        passed_over=1,
        streams={"majority": SimpleNamespace(never_trained=never)},
    )


def test_on_mnist_one_call_stands_beside_several():
    found = {("tf_data", 1): (None, 7), ("tf_data", 4): ("restarts", 9), ("arrays", 4): ("a", 1)}
    found[("arrays", 1)] = ("b", 2)
    records = [
        ways_to_feed_fit.mnist_record(*key, report(*values)) for key, values in found.items()
    ]
    assert records[0]["never_trained"] == {"majority": 7}
    assert records[0]["expected"] is None
    table = ways_to_feed_fit.mnist_table(records, 1_000)
    assert table.header[1:4] == ["one call", "majority never trained (of 1,000)", "4 calls"]
    assert table.rows == [
        ["`tf_data`", "one epoch", 7, "restarts", 9],
        ["`arrays`", "b", 2, "a", 1],
    ]


def test_what_is_safe_is_listed_by_kind_with_its_options():
    feeds = ["tf_data(cache)", "tf_data(shuffle)", "grain_loader"]
    safe = {"one fit": ["tf_data(cache)", "grain_loader"], "called again": ["tf_data(shuffle)"]}
    assert ways_to_feed_fit.safe_table(feeds, safe).rows == [
        ["`tf_data`", 2, "`cache`", "`shuffle`"],
        ["`grain_loader`", 1, "`as it is`", "–"],
    ]


def test_of_many_changes_the_first_are_listed():
    change = {"backend": "jax", "outcomes": {"3.6.0": "skips", "3.9.2": "resumes"}, "cells": 5}
    table = ways_to_feed_fit.changes_table([change | {"cells": 9 - n} for n in range(9)])
    assert [row[-1] for row in table.rows] == [9, 8, 7, 6, 5, 4]
    assert table.rows[0][:2] == ["jax", "3.6.0: skips → 3.9.2: resumes"]
    assert ways_to_feed_fit.changes_table([]).rows == []


@pytest.mark.parametrize(("right", "said"), [(5_000, "all of them"), (4_998, "4,998 of them")])
def test_predictions_that_failed_are_not_hidden(right, said):
    text = ways_to_feed_fit.predictions(ATLAS | {"foretold": right})
    assert text.startswith("We predicted 5,000 of the atlas' 7,000 cells")
    assert f"and {said} came out as predicted." in text
