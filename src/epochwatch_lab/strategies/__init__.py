"""What people do about a rare class: which sample is trained when, and how well it does.

`STRATEGIES` are the ones compared, each with its order of samples, loss and weights; `Evidence`
is what many runs of them have measured.
"""

from epochwatch_lab.strategies._comparison import ErrorRates, Evidence, Point, excluding_zero
from epochwatch_lab.strategies._coverage import predicted_coverage
from epochwatch_lab.strategies._intervals import Interval, mean_interval
from epochwatch_lab.strategies._scores import (
    SCORES,
    calibration_error,
    held_out_scores,
    prior_corrected,
    recall_at_precision,
)
from epochwatch_lab.strategies._strategies import BASELINE, STRATEGIES, Strategy
from epochwatch_lab.strategies._training import (
    MajorityErrors,
    feed_in_order,
    majority_errors,
    new_model,
    scores_of,
)

__all__ = [
    "BASELINE",
    "SCORES",
    "STRATEGIES",
    "ErrorRates",
    "Evidence",
    "Interval",
    "MajorityErrors",
    "Point",
    "Strategy",
    "calibration_error",
    "excluding_zero",
    "feed_in_order",
    "held_out_scores",
    "majority_errors",
    "mean_interval",
    "new_model",
    "predicted_coverage",
    "prior_corrected",
    "recall_at_precision",
    "scores_of",
]
