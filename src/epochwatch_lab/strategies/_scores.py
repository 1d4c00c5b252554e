"""How well a model tells the rare class from the rest, and how far its scores are probabilities."""

import numpy as np

from epochwatch.errors import BadInput

NEAREST = 1e-7  # to 0 or 1 that a score is taken to be: what Keras' crossentropy clips at
BINS = 20
# What `held_out_scores` measures, in words.
SCORES = {
    "pr_auc": "PR-AUC",
    "recall": "recall",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
}


def prior_corrected(score: np.ndarray, trained: float, meant: float) -> np.ndarray:
    """Turn scores of a model trained at one share of positives into probabilities at another.

    The odds are multiplied by the odds of the shares (Elkan, "The foundations of cost-sensitive
    learning", 2001, theorem 2). Scores nearer to 0 or 1 than 1e-7 are taken to be that near.

    Args:
        score: float (n,), the model's, from 0 to 1.
        trained: share of positives that the model was trained at.
        meant: share of positives where it is used.

    Returns:
        float64 (n,).

    Raises:
        BadInput: a share is not between 0 and 1.

    Example:
        >>> prior_corrected(np.array([0.5, 0.9]), trained=0.5, meant=0.1)
        array([0.1, 0.5])
    """
    for share in (trained, meant):
        if not 0 < share < 1:
            raise BadInput(f"share of positives: got {share}, allowed: between 0 and 1")
    score = np.clip(np.asarray(score, np.float64), NEAREST, 1 - NEAREST)
    factor = meant / (1 - meant) * (1 - trained) / trained
    odds = factor * score / (1 - score)
    return odds / (1 + odds)


def recall_at_precision(actual: np.ndarray, score: np.ndarray, precision: float) -> float:
    """Find the largest recall among the thresholds that reach a precision.

    Args:
        actual: bool (n,).
        score: float (n,).
        precision: to reach, from 0 to 1.

    Returns:
        From 0, also where no threshold reaches it, to 1.

    Example:
        >>> recall_at_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]), 0.9)
        0.5
    """
    from sklearn import metrics

    reached, recall, _ = metrics.precision_recall_curve(actual, score)
    return float(recall[reached >= precision].max())


def calibration_error(actual: np.ndarray, probability: np.ndarray, bins: int = BINS) -> float:
    """Measure how far probabilities are off on average: the expected calibration error.

    The samples are cut into bins of (nearly) equally many by their probability; of each bin the
    mean probability is set against the share of positives in it.

    Args:
        actual: bool (n,).
        probability: float (n,).
        bins: how many.

    Returns:
        The mean absolute difference, weighted by the bins' samples.

    Example:
        >>> calibration_error(np.array([False, False, True, True]), np.array([0, 0.2, 0.6, 1]), 2)
        0.15
    """
    ascending = np.argsort(probability, kind="stable")
    off = [
        abs(probability[part].sum() - np.count_nonzero(actual[part]))
        for part in np.array_split(ascending, bins)
    ]
    return float(np.round(sum(off) / len(actual), 12))


def held_out_scores(
    actual: np.ndarray, score: np.ndarray, trained: float, precision: float
) -> dict[str, float]:
    """Judge a model by samples that it was not trained on.

    Args:
        actual: bool (n,), whether a sample is positive.
        score: float (n,), the model's.
        trained: share of positives that it was trained at.
        precision: at which recall is measured.

    Returns:
        `pr_auc` (the average precision) and `recall`, which no correction of the prior changes;
        `log_loss` and `calibration_error` of the probabilities corrected to the share of
        positives among these samples.
    """
    from sklearn import metrics

    probability = prior_corrected(score, trained, float(np.mean(actual)))
    return {
        "pr_auc": float(metrics.average_precision_score(actual, score)),
        "recall": recall_at_precision(actual, score, precision),
        "log_loss": float(metrics.log_loss(actual, probability)),
        "calibration_error": calibration_error(actual, probability),
    }
