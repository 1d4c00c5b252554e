"""What changed between two releases is what differs in the same cell, but for chance and timing."""

import datetime

import pytest

from epochwatch_lab._atlas import acts
from epochwatch_lab._atlas.environments import Environment
from epochwatch_lab._atlas.files import DEFAULTS
from epochwatch_lab._atlas.outcomes import ACT_WORDS, outcome_in_words, rows_compared
from epochwatch_lab._atlas.releases import changes_between, releases_page

STEADY = {"fixed": True, "alike": False, "shuffled_by": None}
DRAWN = {"fixed": False, "alike": False, "shuffled_by": "fit"}
DATES = {"2.15.0": (2023, 11, 7), "3.14.1": (2026, 5, 7), "3.15.1": (2026, 7, 29)}
ENVIRONMENTS = [
    Environment(
        name=f"keras-{version}", backends=("jax",), requires=(), released=datetime.date(*date)
    )
    for version, date in DATES.items()
]


def cell(verdict="resumes", found=(), steps=3, feed="arrays", order=STEADY, **more):
    seen = {"verdict": verdict, "findings": list(found), "order": order}
    called = {"feed": feed, "options": {}, "steps_per_epoch": steps, "observed": seen}
    return DEFAULTS | called | {"expected": {"rule": "iterator kept"}} | more


def file(version, *cells, seconds=90):
    about = {"keras": version, "package": "keras", "backend": "jax", "seconds": seconds}
    return {"environment": about, "cells": list(cells)}


def between(before, after):
    changes = changes_between(file("3.14.1", before), file("3.15.1", after))
    return [(each.act, each.feed, each.before, each.after) for each in changes]


def test_another_verdict_or_loss_is_a_change_and_the_same_one_is_none():
    assert between(cell(), cell()) == []
    assert between(cell(), cell("skips")) == [("fit", "arrays", "resumes", "skips")]
    lost = cell("restarts", ["restarts", "loses"])
    assert between(lost, cell("restarts", ["restarts"])) == [
        ("fit", "arrays", "restarts, loses rows", "restarts")
    ]


@pytest.mark.parametrize(
    ("trained", "words"),
    [
        ([[[[2], [0], [1]], [[2], [0], [1]]]], "one order in each epoch"),
        # Of passes that an epoch ends within.
        ([[[[2], [0]], [[1], [2]], [[0], [1]]]], "one order in each epoch"),
        ([[[[2], [0], [1]], [[1], [0], [2]]]] * 2, "the same orders in each fit"),
        ([[[[2], [0]], [[1], [0]], [[2], [1]]]] * 2, "the same orders in each fit"),
    ],
)
def test_an_order_that_came_again_is_a_change_and_it_is_told_when_it_comes(trained, words):
    alike = cell("reshuffles", ["alike"], order=DRAWN | {"alike": True}, trained=trained)
    assert between(cell("reshuffles", order=DRAWN), alike) == [
        ("fit", "arrays", "reshuffles", f"reshuffles, {words}")
    ]


def test_chance_timing_and_a_cell_that_is_new_are_no_change():
    drawn = cell("reshuffles", ["loses"], order=DRAWN)
    assert between(drawn, cell("reshuffles", order=DRAWN)) == []
    queued = {"expected": {"rule": "worker queue"}}
    assert between(cell(**queued), cell("restarts", **queued)) == []
    assert between(cell(others=[{"trained": []}]), cell("restarts")) == []
    queued = {"act": "restore", "feed": "py_dataset", "options": {"workers": 2}}
    assert between(cell(**queued), cell("restarts", **queued)) == []
    assert between(cell(), cell("restarts", steps=5)) == []


def test_the_page_has_the_newest_first_with_dates_and_puts_feeds_together():
    older = [cell(steps=3), cell(steps=5), cell(feed="generator"), cell(fits=2)]
    newer = [cell("skips", steps=3), cell("skips", steps=5), cell("skips", feed="generator")]
    newer.append(cell("skips", fits=2))
    files = [file("3.15.1", *newer), file("2.15.0", *older), file("3.14.1", *older)]
    table, first, second = releases_page(files, ENVIRONMENTS).split("\n\n## ")
    assert table.splitlines()[2:] == [
        "| `keras-3.15.1` | 2026-07-29 | jax | 4 | 2 |",
        "| `keras-3.14.1` | 2026-05-07 | jax | 4 | 2 |",
        "| `keras-2.15.0` | 2023-11-07 | jax | 4 | 2 |",
    ]
    assert first.startswith("From Keras 3.14.1 to 3.15.1\n\nReleased 2026-05-07 and 2026-07-29.")
    one, other = "keras-3.15/jax/arrays/steps=3", "keras-3.15/jax/arrays/steps=3/fits=2"
    assert first.splitlines()[-2:] == [
        f"| `fit`: `arrays`, `generator` | resumes | skips | jax | [3](<../atlas#{one}>) |",
        f"| `fit` called twice: `arrays` | resumes | skips | jax | [1](<../atlas#{other}>) |",
    ]
    assert second.endswith("2023-11-07 and 2026-05-07. Nothing changed on jax.")


def test_whatever_is_done_with_a_feed_has_words_and_its_outcome_too():
    assert ACT_WORDS.keys() == {"fit", *acts.ACTS}
    seen = cell("skips")["observed"]
    for act in acts.ACTS:
        noted = {"validated": [[[0]]], "tested": [[[0]]], "predicted": [[[0]]], "drawn": [[[0]]]}
        judged = act in ("by_hand", "restore", "auto_execution")
        recorded = cell(act=act, **noted) | {"observed": seen if judged else None}
        assert outcome_in_words(recorded, "jax") in ("skips", "same rows", "draws anew")


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        ([[[0, 1]], [[0, 1]]], "same rows"),
        ([[[0, 1], [2, 3]], [[2, 3], [0, 1]]], "same rows, other order"),
        ([[[0, 1], [2, 3]], [[0, 1]], [[0, 1]]], "fewer rows"),
        ([[[0, 1]], [[2, 3]], [[4, 5]]], "other rows"),
    ],
)
def test_rows_of_calls_are_compared(calls, words):
    assert rows_compared(calls) == words
    seen = {"act": "validate", "observed": None, "raised": None, "validated": calls}
    assert outcome_in_words(seen, "jax") == words


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        ("ValueError: no batch", "raises ValueError"),
        ("did not end in 60 s", "hangs"),
        ("the process ended with exit code -6", "crashes"),
    ],
)
def test_a_failure_is_named(raised, words):
    assert outcome_in_words({"raised": raised}, "jax") == words
