"""Scores, against Bayes' rule, brute force and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics  # noqa: F401 - so that no example waits for it

from epochwatch.errors import BadInput
from epochwatch_lab.strategies import (
    calibration_error,
    held_out_scores,
    prior_corrected,
    recall_at_precision,
)

SHARES = st.floats(0.001, 0.999)


def posterior(x, share):
    """P(positive | x) where positives are normal about 1 and the rest about -1, by Bayes' rule."""
    positive, rest = np.exp(-((x - 1) ** 2) / 2), np.exp(-((x + 1) ** 2) / 2)
    return share * positive / (share * positive + (1 - share) * rest)


@given(SHARES, SHARES)
def test_correcting_the_prior_is_bayes_rule_at_the_other_prior(trained, meant):
    x = np.linspace(-3, 3, 13)
    corrected = prior_corrected(posterior(x, trained), trained, meant)
    assert corrected == pytest.approx(posterior(x, meant), rel=1e-6, abs=1e-6)


@given(SHARES, SHARES, st.lists(st.floats(0.01, 0.99), min_size=2, max_size=9))
def test_correcting_keeps_the_order_and_back_again_the_scores(trained, meant, listed):
    score = np.sort(np.array(listed))
    corrected = prior_corrected(score, trained, meant)
    assert (np.diff(corrected) >= 0).all()
    back = prior_corrected(corrected, meant, trained)
    # What is nearer to 0 or 1 than 1e-7 is taken to be that near, and does not come back.
    kept = (corrected >= 1e-7) & (corrected <= 1 - 1e-7)
    assert back[kept] == pytest.approx(score[kept], abs=1e-6)


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(BadInput, match="share of positives: got .* allowed: between 0 and 1"):
        prior_corrected(np.array([0.5]), share, 0.5)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=30).filter(
        lambda pairs: any(a for a, _ in pairs)
    ),
    st.sampled_from([0.5, 0.8, 1.0]),
)
def test_recall_at_a_precision_is_that_of_the_best_threshold(pairs, precision):
    actual, score = (np.array(column) for column in zip(*pairs, strict=True))
    reached = [0.0]
    for threshold in set(score.tolist()):
        taken = score >= threshold
        if actual[taken].mean() >= precision:
            reached.append(actual[taken].sum() / actual.sum())
    assert recall_at_precision(actual, score / 5, precision) == pytest.approx(max(reached))


def test_probabilities_that_are_true_are_off_by_chance_alone():
    random = np.random.default_rng(0)
    probability = random.random(40_000)
    actual = random.random(40_000) < probability
    assert calibration_error(actual, probability) < 0.01
    assert calibration_error(actual, np.minimum(1, probability + 0.1)) == pytest.approx(
        0.1, abs=0.02
    )


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=4, max_size=20))
def test_of_one_bin_the_error_is_that_of_the_mean(pairs):
    actual, probability = (np.array(column) for column in zip(*pairs, strict=True))
    expected = abs(actual.mean() - probability.mean())
    assert calibration_error(actual, probability, bins=1) == pytest.approx(expected, abs=1e-9)


def test_a_model_trained_balanced_is_calibrated_once_corrected():
    random = np.random.default_rng(1)
    actual = random.random(50_000) < 0.05
    x = random.normal(np.where(actual, 1, -1), 1)
    found = held_out_scores(actual, posterior(x, 0.5), trained=0.5, precision=0.5)
    naive = held_out_scores(actual, posterior(x, 0.5), trained=0.05, precision=0.5)
    assert found["calibration_error"] < 0.01 < naive["calibration_error"]
    assert found["log_loss"] < naive["log_loss"]
    assert found["pr_auc"] == naive["pr_auc"]
    assert 0.5 < found["recall"] < 1
