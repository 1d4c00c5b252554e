"""Notebook 04's answer and tables: of a sweep, of a sweep of other runs, and of one run alone."""

import re

import numpy as np
import pytest

from epochwatch_lab.answers import what_the_model_never_saw as page
from epochwatch_lab.strategies import ErrorRates, Evidence, Interval

SWEEP = {"positive_digit": 1, "batch_size": 32, "updates": 3_375, "precision": 0.99}
WORSE, SAME, BETTER = (
    Interval(-0.02, -0.03, -0.01, 10),
    Interval(-0.02, -0.05, 0.01, 10),
    Interval(0.02, 0.01, 0.03, 10),
)


def measured(ratio=1_000, seen=64, majority=53_258):
    """What one run measured."""
    test = {"pr_auc": 0.9, "recall": 0.8, "log_loss": 0.1, "calibration_error": 0.01}
    errors = {"seen": [0, seen], "never_seen": [5, majority - seen]}
    whole = {"seen": [2, majority], "never_seen": [0, 0]}
    return {
        "ratio": ratio,
        "seed": 0,
        "strategies": {
            "resume": {"trained": {"majority": [majority] * 2}, "test": test, "errors": whole},
            "restart": {"trained": {"majority": [seen, majority]}, "test": test, "errors": errors},
        },
    }


def compared(*restart, other=SAME):
    """Differences from the baseline at 1 : 8, 1 : 1,000 and so on."""
    ratios = (8, 1_000, 5_000)
    return {
        ratio: {"restart": one, "other": other} for ratio, one in zip(ratios, restart, strict=False)
    }


def sentences(text):
    return re.split(r"(?<=[.?!])(?:\*\*)? (?=[A-Z])", text)


@pytest.mark.parametrize(
    ("ratio", "pr_auc", "first", "second"),
    [
        (
            1_000,
            compared(SAME, WORSE, WORSE),
            "**Yes, if it sees almost none of it: in our published sweep, a feed that restarted "
            "with each minority epoch made the model rank test images worse, at 2 of 3 imbalances.",
            "At 1 : 1,000, one of them, that model saw 64 of 53,258 majority samples.",
        ),
        (
            8,
            compared(SAME, WORSE, WORSE),
            "**Yes, if it sees almost none of it: in our published sweep",
            "At the imbalance of this run it was not, though the model whose feed restarted saw "
            "64 of 53,258 majority samples.",
        ),
        (
            300,
            compared(WORSE),
            "**Yes, if it sees almost none of it: in our published sweep",
            "The sweep has no runs at the imbalance of this one, where a feed that restarted "
            "showed 64 of 53,258 majority samples.",
        ),
        (
            1_000,
            compared(SAME, SAME, BETTER),
            "**No difference was found: in our published sweep, a model that never saw most of the "
            "majority was not measurably worse at any of 3 imbalances.",
            "At the imbalance of this run it was not",
        ),
    ],
    ids=["worse here", "worse elsewhere", "another ratio", "nowhere worse"],
)
def test_a_sweep_of_the_same_parameters_answers(ratio, pr_auc, first, second):
    answer = page.answer(measured(ratio), pr_auc, {})
    one, other = sentences(answer.text)
    assert one.startswith(first)
    assert other.startswith(second)
    assert answer.short.startswith("yes, at" if "Yes" in first else "no difference")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"updates": 60}, "`updates` is 60 here and was 3,375 there"),
        (
            {"positive_digit": 8, "precision": 0.9},
            "`positive_digit` is 8 here and was 1 there; `precision` is 0.9 here and was 0.99",
        ),
    ],
)
def test_a_sweep_of_other_parameters_does_not_answer_for_the_run(changed, said):
    others = page.unlike(SWEEP | changed | {"seed": 7, "ratio": 8}, Evidence([], SWEEP))
    assert others.keys() == changed.keys()
    answer = page.answer(measured(ratio=100), compared(WORSE, WORSE, WORSE), others)
    first, second = sentences(answer.text)
    assert first == (
        "**The model whose feed restarted saw 64 of 53,258 majority samples; this run alone cannot "
        "tell whether that hurts."
    )
    assert second.startswith("The published sweep cannot answer for it: ")
    assert said in second
    assert "Yes" not in answer.text
    assert answer.short == "one run alone cannot tell"


def test_one_run_without_a_sweep_answers_for_itself_and_says_how_to_know():
    answer = page.answer(measured(seen=16), None, {})
    first, second = sentences(answer.text)
    assert "saw 16 of 53,258 majority samples" in first
    assert "with one seed, chance could make that difference too" in second
    assert "make sweep" in answer.advice


def test_seed_and_ratio_are_no_reason_to_doubt_a_sweep():
    assert page.unlike(SWEEP | {"seed": 9, "ratio": 11}, Evidence([], SWEEP)) == {}


@pytest.mark.parametrize(
    ("other", "said"),
    [(SAME, "Nothing else that we tried did"), (BETTER, "At some imbalance *other* did better")],
)
def test_the_advice_names_what_did_better_if_anything_did(other, said):
    assert said in page.answer(measured(), compared(SAME, WORSE, other=other), {}).advice


def evidence():
    """Two seeds at one imbalance."""
    return Evidence([measured() | {"seed": seed} for seed in (0, 1)], SWEEP, seconds=120)


def test_it_is_said_whose_runs_the_rest_is_about():
    told = page.provenance("never_saw", evidence(), {})
    assert "comes from the published sweep `never_saw`**" in told
    assert "4 models at 1 imbalances, with 2 seeds each" in told
    assert told.endswith("It was made with the parameters of this run.")
    other = page.provenance("never_saw", evidence(), {"updates": (60, 3_375)})
    assert other.endswith("not about this run: `updates` is 60 here and was 3,375 there.")
    assert "**What follows is this one run**" in page.provenance("none", evidence(), {})


def test_what_is_not_chance_is_counted_and_named_both_ways():
    text = page.strictness(compared(WORSE, WORSE, SAME), compared(SAME, WORSE, SAME))
    assert text == (
        "Of 6 differences in PR-AUC, 2 exclude zero. If one asks about all strategies at once, 1 "
        "still do: *restart* at 1 : 1,000."
    )
    assert page.strictness(compared(SAME), compared(SAME)).endswith("0 still do: none.")


def test_the_other_scores_count_the_imbalances_that_differ():
    both = {"pr_auc": compared(WORSE, WORSE, SAME), "log_loss": compared(SAME, BETTER, SAME)}
    table = page.apart_table(both)
    assert table.header == ["differs from resume at", "PR-AUC", "log loss"]
    assert table.rows == [["restart", "2 of 3", "1 of 3"], ["other", "0 of 3", "0 of 3"]]


def test_errors_are_listed_of_those_that_left_samples_out():
    assert page.errors_table(measured()).rows == [
        ["restart", "0 of 64 (0.0%)", "5 of 53,194 (<0.1%)"]
    ]


def test_over_seeds_a_rate_without_errors_says_of_how_many():
    never_seen = Interval(0.05, -0.01, 0.11, 2)
    rates = {1_000: {"restart": ErrorRates(Interval(0, 0, 0, 2), never_seen, BETTER)}, 8: {}}
    ((ratio, seen, never, differ),) = page.error_rates_table(evidence(), rates).rows
    assert (ratio, seen) == ("1 : 1,000", "none of 128")
    assert never == "5.00% (0.00 to 11.00)", "no rate is below nought"
    assert differ == "2.00% (1.00 to 3.00)"


def test_what_was_seen_stands_beside_what_was_predicted():
    coverage = {"restart": {"theory": 0.25, "counted": np.int64(2_500)}}
    table = page.coverage_table(coverage, {"restart": np.int64(1_200)}, 10_000)
    assert table.rows == [["restart", "25.0%", "25.0%", 7_500, "1,200 times"]]
    assert "| 7,500 |" in str(table)


def test_the_scores_of_a_run_say_at_which_precision():
    table = page.scores_table(measured(), {"resume": 0.5, "restart": 0.25}, 0.9)
    assert table.header[2] == "recall at precision 0.9"
    assert [row[-1] for row in table.rows] == ["0.5000", "0.2500"]


def test_findings_hold_every_difference_with_its_interval():
    rates = {1_000: {"restart": ErrorRates(SAME, WORSE, BETTER)}}
    found = page.found_in_sweep({"pr_auc": compared(WORSE, SAME)}, compared(SAME, SAME), rates)
    first = found["differences"]["pr_auc"][0]
    assert first == {
        "ratio": 8,
        "strategy": "restart",
        "differs": True,
        "mean": -0.02,
        "low": -0.03,
        "high": -0.01,
        "sample_size": 10,
    }
    assert found["error_rates"][0]["never_seen"] == WORSE._asdict()
    assert found["told_apart"] == {"each strategy alone": 1, "all at once": 0, "of": 4}
